"""[test.data.NAME]: what it may say, and addresses in the forms that drivers take."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from steadygo.errors import BadSettings, UserError
from steadygo.testing.data import address, names
from steadygo.testing.data.origins import lenders
from steadygo.testing.settings import Settings, load

GOOD = 'kind = "postgresql"\nvariable = "DATABASE_URL"\ntemplate = "orders_template"\n'


def settings(tmp_path: Path, text: str) -> Settings:
    """The settings of a file with this text."""
    (tmp_path / "steadygo.toml").write_text(text)
    return load(tmp_path)


def test_takes_a_table(tmp_path: Path) -> None:
    data = settings(tmp_path, f"[test.data.orders]\n{GOOD}").data["orders"]
    assert (data.kind, data.source, dict(data.asked)) == ("postgresql", "DATABASE_URL", {"DATABASE_URL": "{url}"})
    lenders({"orders": data}, tmp_path, {"DATABASE_URL": "postgres://h/x"})  # reaches nothing yet


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (GOOD.replace("template", "templat"), "unknown field `templat` - at `$.data[...]`. Did you mean template?"),
        (GOOD + 'urlfrom = "X"', "Did you mean url-from?"),
        (GOOD.replace("postgresql", "postgres"), "There are postgresql, mysql, sqlite, directory"),
        (GOOD + 'snapshot = "x.sql"', "template and snapshot exclude each other"),
        (GOOD.replace("variable", "#"), "no variable is named"),
        (GOOD.replace("DATABASE_URL", "DATABASE-URL"), "'DATABASE-URL' is no name of a variable"),
        (GOOD + 'url = "postgres://h/x"\nurl-from = "X"', "url and url-from exclude each other"),
        (GOOD + 'variables = { HOST = "{hots}" }', "HOST asks for {hots}, which postgresql does not have. Did you mean {host}?"),
        ('kind = "sqlite"\ntemplate = "a.db"\nvariable = "DB"\nurl = "x"', "sqlite has no server"),
        ('kind = "directory"\nsnapshot = "a.sql"\nvariable = "DB"', "a directory has no snapshot"),
        ('kind = "sqlite"\ntemplate = "a.db"\nvariables = { A = "{host}" }', "A asks for {host}, which sqlite does not have"),
        ('kind = "mysql"\ntemplate = "a"\nvariables = { A = "{url}" }', "nothing says where the server is"),
        (f"{GOOD}[test.data.more]\n{GOOD}", "[test.data.orders] and [test.data.more] both set DATABASE_URL"),
        ("kind = 5", "Expected `str`"),
    ],
)
def test_bad_tables_are_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(BadSettings) as caught:
        settings(tmp_path, f"[test.data.orders]\n{text}\n")
    assert sentence in str(caught.value) and "\n" not in str(caught.value)


def test_a_server_that_nobody_names_is_one_sentence(tmp_path: Path) -> None:
    found = settings(tmp_path, f"[test.data.orders]\n{GOOD}")
    with pytest.raises(UserError, match=r"\[test\.data\.orders\]: DATABASE_URL is not set"):
        lenders(found.data, found.at, {})


@pytest.mark.parametrize(
    ("text", "named", "host", "port", "user", "password"),
    [
        ("postgres://u:p%40%2F@h:6/old?sslmode=disable", "postgres://u:p%40%2F@h:6/new?sslmode=disable", "h", "6", "u", "p@/"),
        ("postgresql://h", "postgresql://h/new", "h", "5432", "", ""),
        ("pgx5://u@[::1]:7/old?pool_max_conns=3", "pgx5://u@[::1]:7/new?pool_max_conns=3", "::1", "7", "u", ""),
        ("postgres://a:1,b:2/old", "postgres://a:1,b:2/new", "a,b", "1,2", "", ""),
        ("postgres:///old?host=/run/pg&dbname=x", "postgres:///new?host=/run/pg", "/run/pg", "5432", "", ""),
        ("host=h dbname=old password='a b\\'c' port=7", "host=h password='a b\\'c' port=7 dbname=new", "h", "7", "", "a b'c"),
        ("host=h database=old user = u", "host=h user = u dbname=new", "h", "5432", "u", ""),
        ("dbname=old", "dbname=new", "", "5432", "", ""),
    ],
)
def test_addresses_of_postgresql_keep_their_form(text: str, named: str, host: str, port: str, user: str, password: str) -> None:
    found = address.postgresql(text, "X")
    assert (found.naming("new"), found.host, found.port, found.user, found.password) == (named, host, port, user, password)
    assert not password or password not in found.shown + repr(found)


@pytest.mark.parametrize(
    ("text", "named", "place", "user", "password"),
    [
        ("u:a:b@c@tcp(h:1)/old?parseTime=true", "u:a:b@c@tcp(h:1)/new?parseTime=true", "h:1", "u", "a:b@c"),
        ("u:p/q@tcp(h:1)/", "u:p/q@tcp(h:1)/new", "h:1", "u", "p/q"),
        ("u@unix(/run/my.sock)/old", "u@unix(/run/my.sock)/new", "/run/my.sock", "u", ""),
        ("u@tcp([::1]:3)/old", "u@tcp([::1]:3)/new", "::1:3", "u", ""),
        ("/old", "/new", "127.0.0.1:3306", "", ""),
        ("mysql://u:p%40@h:5/old?x=a%2Fb", "mysql://u:p%40@h:5/new?x=a%2Fb", "h:5", "u", "p@"),
        ("mysql://u:p@tcp(h:5)/old?x=/y", "mysql://u:p@tcp(h:5)/new?x=/y", "h:5", "u", "p"),
        ("mariadb://u@h", "mariadb://u@h/new", "h:3306", "u", ""),
    ],
)
def test_addresses_of_mysql_keep_their_form(text: str, named: str, place: str, user: str, password: str) -> None:
    found = address.mysql(text, "X")
    assert (found.naming("new"), found.socket or f"{found.host}:{found.port}", found.user, found.password) == (named, place, user, password)
    assert len(password) < 2 or password not in found.shown + repr(found)


@pytest.mark.parametrize("text", ["mysql://u:hidden@h/x", "hidden", "hidden nonsense = '"])
def test_what_is_no_address_is_told_without_its_text(text: str) -> None:
    with pytest.raises(UserError) as caught:
        address.postgresql(text, "DATABASE_URL")
    assert "DATABASE_URL is " in str(caught.value) and "hidden" not in str(caught.value)


@pytest.mark.parametrize("text", ["postgres://u:hidden@h/x", "hidden"])
def test_what_is_no_address_of_mysql_is_told_without_its_text(text: str) -> None:
    with pytest.raises(UserError) as caught:
        address.mysql(text, "MYSQL_DSN")
    assert "MYSQL_DSN is " in str(caught.value) and "hidden" not in str(caught.value)


@pytest.mark.parametrize("shard", ["example.com/a/Wörter-und-mehr-als-hundert-Zeichen" * 3, "x ^(TestA|TestB)$", "", "-"])
def test_names_fit_every_server_and_tell_whose_they_are(shard: str) -> None:
    key = names.new_key()
    name = names.leased(key, 10**16, shard)
    assert len(name.encode()) <= 63 and names.key_of(name) == key


@pytest.mark.parametrize(("make", "said"), [("directory", "cannot be read: Is a directory"), ("link", "is a link to nothing")])
def test_a_file_of_settings_that_is_none_is_not_passed_over(tmp_path: Path, make: str, said: str) -> None:
    file = tmp_path / "steadygo.toml"
    file.mkdir() if make == "directory" else file.symlink_to("nowhere")
    (tmp_path / "below").mkdir()
    with pytest.raises(BadSettings, match=said):
        load(tmp_path / "below")


def test_a_directory_above_into_which_nobody_may_look_holds_no_settings(tmp_path: Path) -> None:
    below = tmp_path / "closed" / "below"
    below.mkdir(parents=True)
    program = f"""import os, pathlib
os.chdir({str(below)!r}); os.chmod({str(below.parent)!r}, 0)
if os.getuid() == 0: os.setuid(65534)
from steadygo.testing.settings import load
print(load(pathlib.Path({str(below)!r})).data)"""
    try:
        code = "import steadygo.testing.settings\n" + program
        ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    finally:
        below.parent.chmod(0o700)
    assert (ran.returncode, ran.stdout) == (0, "{}\n"), ran.stderr
