"""What can go wrong between steadygo and a MariaDB: one sentence each. A real server; no Go."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import servers
from servers import MariaDBServer

from steadygo.errors import UserError
from steadygo.testing.data import names
from steadygo.testing.data.lender import Lender
from steadygo.testing.data.origins import Origin, origin
from steadygo.testing.data.table import Data
from steadygo.tools import mysql as tool

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def running() -> Iterator[MariaDBServer]:
    with servers.mariadb() as found:
        found.ask("SET GLOBAL max_connections = 12; CREATE USER poor@'%' IDENTIFIED BY 'hidden-word'; GRANT SELECT ON *.* TO poor@'%'")
        yield found


@pytest.fixture
def server(running: MariaDBServer) -> MariaDBServer:
    """With one template, whose trigger and view have another definer than the user that copies them."""
    for name in running.databases():
        running.ask(f"DROP DATABASE `{name}`")
    running.ask("CREATE DATABASE orders_template; GRANT SELECT, SHOW VIEW, TRIGGER, EVENT, EXECUTE ON orders_template.* TO app@'%'")
    running.ask("CREATE TABLE t (a int, b blob, c int AS (a + 1)); INSERT INTO t (a, b) VALUES (1, x'00ff27')", "orders_template")
    running.ask(
        "CREATE VIEW v AS SELECT a FROM t; CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.a = NEW.a * 2", "orders_template"
    )
    return running


def asked(dsn: str, at: Path = Path(), **keys: str) -> Origin:
    """An origin of MariaDB at the address."""
    given = {"template": "" if "snapshot" in keys else "orders_template"} | keys
    return origin("orders", Data("mysql", "MYSQL_DSN", **given), at, {"MYSQL_DSN": dsn})


def refused(asked: Origin) -> str:
    """The sentence of an origin that cannot be opened."""
    with pytest.raises(UserError) as caught:
        asked.open(names.new_key())
    asked.close()
    assert "\n" not in str(caught.value) and "hidden-word" not in str(caught.value) and "a:b@c" not in str(caught.value)
    return str(caught.value)


def test_says_what_keeps_a_run_from_starting(server: MariaDBServer, tmp_path: Path) -> None:
    assert "does not answer" in refused(asked("app:a:b@c@tcp(127.0.0.1:1)/"))
    assert "refuses this user" in refused(asked(server.dsn("", "app", "hidden-word")))
    assert "does not allow it" in refused(asked(server.dsn("", "poor", "hidden-word")))
    assert "Did you mean orders_template?" in refused(asked(server.dsn(), template="order_template"))
    assert "seed.sql cannot be read: No such file" in refused(asked(server.dsn(), tmp_path, snapshot="seed.sql"))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("SELECT 1;\nSELEC 2;\n", "seed.sql, line 2: You have an error in your SQL syntax"),
        ("SELECT 1;\nUSE `shop`;\n", "seed.sql, line 2: USE `shop` would leave the test's own database"),
        ("CREATE DATABASE /*!32312 IF NOT EXISTS*/ `shop`;\n", "would leave the test's own database"),
    ],
)
def test_a_bad_snapshot_is_told_with_its_line_and_leaves_nothing(server: MariaDBServer, tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "seed.sql").write_text(text)
    assert sentence in refused(asked(server.dsn(), tmp_path, snapshot="seed.sql"))
    assert server.databases() == ["orders_template"]


def test_copies_all_of_a_template_and_puts_no_password_into_arguments(server: MariaDBServer) -> None:
    stop, seen = threading.Event(), list[bytes]()

    def watch() -> None:
        while not stop.is_set():
            for process in os.listdir("/proc"):
                try:
                    words = Path(f"/proc/{process}/cmdline").read_bytes() if process.isdecimal() else b""
                except OSError:
                    continue
                if b"--defaults-file=" in words:
                    seen.append(words)

    lender = Lender("orders", Data("mysql", "MYSQL_DSN"), Path(), asked(server.dsn()))
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        with lender, lender("example.com/p", {}) as variables:
            name = variables["MYSQL_DSN"].partition("?")[0].rpartition("/")[2]
            assert variables["MYSQL_DSN"] == server.dsn(name)
            server.ask("INSERT INTO t (a) VALUES (4)", name)
            assert server.ask("SELECT a, hex(b), c FROM t; SELECT count(*) FROM v", name) == "1\t00FF27\t2\n8\tNULL\t9\n2"
    finally:
        stop.set()
        watcher.join()
    assert seen and not any(b"a:b@c" in words for words in seen)
    assert server.databases() == ["orders_template"]


def test_many_at_once_wait_for_a_connection(server: MariaDBServer, tmp_path: Path) -> None:
    (tmp_path / "seed.sql").write_text("CREATE TABLE t (a int);\n")
    lender = Lender("orders", Data("mysql", "MYSQL_DSN"), tmp_path, asked(server.dsn(), tmp_path, snapshot="seed.sql"))
    seen = set()

    def one(number: int) -> None:
        with lender(f"example.com/p{number}", {}) as variables:
            seen.add(variables["MYSQL_DSN"])

    with lender, ThreadPoolExecutor(6) as pool:
        list(pool.map(one, range(20)))
    assert len(seen) == 20
    assert server.databases() == ["orders_template"]


@pytest.mark.parametrize("comments", [True, False])
def test_drops_what_has_our_mark_and_no_lease_and_nothing_else(
    server: MariaDBServer, monkeypatch: pytest.MonkeyPatch, comments: bool
) -> None:
    """Without comments it is what steadygo does on MySQL."""
    monkeypatch.setattr(tool, "_has_comments", lambda connection: comments)
    left, foreign, ours = (f"steadygo_{digit * 12}_1_x" for digit in "abc")
    with_lease = asked(server.dsn())
    with_lease.open("c" * 12)
    with_lease.make(ours)
    made = tool.Server("127.0.0.1", server.port, "", "app", "a:b@c", "", "here")
    with tool.connected(made) as connection:
        tool.create(connection, left, None, "test")
    server.ask(f"CREATE DATABASE {foreign}; CREATE TABLE {foreign}.t (a int)")
    other = asked(server.dsn())
    assert {f.name: f.state for f in other.find()} == {left: "left", ours: "in use"}
    other.open(names.new_key())
    assert server.databases() == ["orders_template", foreign, ours]
    with_lease.close()
    assert server.databases() == ["orders_template", foreign]
    other.close()


def test_reclaims_what_the_server_is_still_making_for_a_killed_client(server: MariaDBServer) -> None:
    key = names.new_key()
    words = ["mariadb", "--no-defaults", "-u", "app", "-pa:b@c", "-h127.0.0.1", f"-P{server.port}"]
    with server.slow(), subprocess.Popen([*words, "-e", f"CREATE DATABASE steadygo_{key}_1_x"]) as client:
        servers.wait_until(server.making)
        client.kill()
        asked(server.dsn()).reclaim(key)
    assert server.databases() == ["orders_template"]


def test_reclaims_only_when_the_connection_that_makes_databases_has_ended(server: MariaDBServer) -> None:
    with_lease, key = asked(server.dsn()), names.new_key()
    with_lease.open(key)
    with_lease.make(names.leased(key, 1, "x"))
    asked(server.dsn()).reclaim(key)
    assert server.ask(f"SELECT IS_USED_LOCK('steadygo_{key}')") == "NULL"
    assert server.databases() == ["orders_template"]
    with_lease.close()


def test_ends_connections_that_tests_left_open(server: MariaDBServer) -> None:
    lender = Lender("orders", Data("mysql", "MYSQL_DSN"), Path(), asked(server.dsn()))
    with lender, lender("example.com/p", {}) as variables:
        name = variables["MYSQL_DSN"].partition("?")[0].rpartition("/")[2]
        words = ["mariadb", "--no-defaults", "-u", "app", "-h", "127.0.0.1", f"--port={server.port}", name]
        statement = "START TRANSACTION; SELECT * FROM t; SELECT SLEEP(60)"
        left = subprocess.Popen([*words, "-e", statement], env={**os.environ, "MYSQL_PWD": "a:b@c"}, stdout=-3, stderr=-3)
        while "SLEEP" not in server.ask("SELECT group_concat(INFO) FROM information_schema.PROCESSLIST WHERE USER = 'app'"):
            pass
    assert server.databases() == ["orders_template"]
    assert left.wait(10) != 0
