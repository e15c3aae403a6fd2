"""What can go wrong between steadygo and a PostgreSQL: one sentence each. Real servers; no Go."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import pytest
import servers
from servers import PostgreSQLServer

from steadygo.errors import UserError
from steadygo.testing.data import names
from steadygo.testing.data.lender import Lender
from steadygo.testing.data.origins import Origin, origin
from steadygo.testing.data.table import Data
from steadygo.testing.engine import NotLent
from steadygo.tools import postgresql as tool

pytestmark = pytest.mark.slow
_MARK = "CONNECTION LIMIT 1937007969"


@pytest.fixture(scope="module")
def running() -> Iterator[PostgreSQLServer]:
    with servers.postgresql(["max_connections = 12"]) as found:
        found.ask("CREATE ROLE app LOGIN CREATEDB PASSWORD 'hidden-word'")
        found.ask("CREATE ROLE poor LOGIN PASSWORD 'hidden-word'")
        yield found


@pytest.fixture
def server(running: PostgreSQLServer) -> PostgreSQLServer:
    """With one template that belongs to `app`."""
    for name in running.databases():
        running.ask(f'DROP DATABASE "{name}" WITH (FORCE)')
    running.ask("CREATE DATABASE orders_template OWNER app")
    running.ask("CREATE TABLE t (a int); INSERT INTO t VALUES (1)", "orders_template")
    return running


def asked(url: str, at: Path = Path(), **keys: str) -> Origin:
    """An origin of PostgreSQL at the address."""
    return origin(
        "orders",
        Data("postgresql", "DATABASE_URL", **{"template": "" if "snapshot" in keys else "orders_template"} | keys),
        at,
        {"DATABASE_URL": url},
    )


def refused(asked: Origin) -> str:
    """The sentence of an origin that cannot be opened."""
    with pytest.raises(UserError) as caught:
        asked.open(names.new_key())
    asked.close()
    assert "\n" not in str(caught.value) and "hidden-word" not in str(caught.value)
    return str(caught.value)


def test_says_what_keeps_a_run_from_starting(server: PostgreSQLServer, tmp_path: Path) -> None:
    assert "does not answer: connection refused" in refused(asked("postgres://app:hidden-word@127.0.0.1:1/x")).lower()
    assert "refuses this user" in refused(asked(server.url("x", "app", "hidden-word-2")))
    poor = refused(asked(server.url("x", "poor", "hidden-word")))
    assert "The role poor may not create databases" in poor and 'ALTER ROLE "poor" CREATEDB' in poor
    assert "Did you mean orders_template?" in refused(asked(server.url(), template="order_template"))
    assert "seed.sql cannot be read: No such file" in refused(asked(server.url(), tmp_path, snapshot="seed.sql"))
    server.ask("ALTER DATABASE orders_template OWNER TO steadygo")
    with pytest.raises(UserError, match="does not allow it: permission denied to copy database"):
        make(asked(server.url("x", "app", "hidden-word")))


def make(origin: Origin) -> dict[str, str]:
    """Open it, and make one copy."""
    key = names.new_key()
    try:
        origin.open(key)
        return dict(origin.make(names.leased(key, 1, "x")))
    finally:
        origin.close()


def test_says_who_keeps_the_template_busy(server: PostgreSQLServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tool, "_PATIENCE_SECONDS", 0.0)
    words = ["psql", "-X", "-d", f"{server.url('orders_template')}&application_name=migrations", "-c", "SELECT pg_sleep(60)"]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
        try:
            while "migrations" not in server.ask("SELECT string_agg(application_name, ' ') FROM pg_stat_activity"):
                pass
            with pytest.raises(
                UserError, match=r"only while nobody is connected to it: migrations \(steadygo from 127\.0\.0\.1, process \d+\)"
            ):
                make(asked(server.url()))
        finally:
            server.ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'migrations'")
    assert make(asked(server.url()))["name"].startswith("steadygo_")


def test_drops_what_has_our_mark_and_no_lease_and_nothing_else(server: PostgreSQLServer) -> None:
    left, foreign, ours = (f"steadygo_{digit * 12}_1_x" for digit in "abc")
    server.ask(f"CREATE DATABASE {foreign}")
    server.ask(f"CREATE DATABASE shop {_MARK}")
    with_lease, key = asked(server.url()), "c" * 12
    with_lease.open(key)
    with_lease.make(ours)
    server.ask(f"CREATE DATABASE {left} {_MARK}")
    other = asked(server.url())
    assert {f.name: f.state for f in other.find()} == {left: "left", ours: "in use"}
    other.open(names.new_key())
    assert server.databases() == ["orders_template", "shop", foreign, ours]
    assert other.clean() == []
    with_lease.close()
    assert server.databases() == ["orders_template", "shop", foreign]
    other.close()


def test_many_at_once_wait_for_a_connection(server: PostgreSQLServer) -> None:
    lender = Lender("orders", Data("postgresql", "DATABASE_URL"), Path(), asked(server.url()))
    seen, most = set(), threading.BoundedSemaphore(50)

    def one(number: int) -> None:
        with most, lender(f"example.com/p{number}", {}) as variables:
            seen.add(variables["DATABASE_URL"])

    with lender, ThreadPoolExecutor(50) as pool:
        list(pool.map(one, range(50)))
    assert len(seen) == 50
    assert server.databases() == ["orders_template"]


def test_drops_a_database_in_which_connections_were_left_open(server: PostgreSQLServer) -> None:
    lender = Lender("orders", Data("postgresql", "DATABASE_URL"), Path(), asked(server.url()))
    with lender, lender("example.com/p", {}) as variables:
        left = subprocess.Popen(["psql", "-X", "-d", variables["DATABASE_URL"], "-c", "SELECT pg_sleep(60)"], stderr=subprocess.DEVNULL)
        while "pg_sleep" not in server.ask("SELECT string_agg(query, ' ') FROM pg_stat_activity WHERE datname LIKE 'steadygo%'"):
            pass
    assert server.databases() == ["orders_template"]
    assert left.wait(10) != 0


@pytest.mark.parametrize("program", ["steadygo {key}", "svc.test"], ids=["by steadygo", "by a test"])
def test_reclaims_what_the_server_is_still_making_for_a_killed_client(server: PostgreSQLServer, program: str) -> None:
    key = names.new_key()
    url = f"{server.url()}&application_name={quote(program.format(key=key))}"
    words = ["psql", "-X", "-d", url, "-c", f"CREATE DATABASE steadygo_{key}_1_x"]
    with server.slow(), subprocess.Popen(words, stderr=subprocess.DEVNULL) as client:
        servers.wait_until(server.making)
        client.kill()
        asked(server.url()).reclaim(key)
    assert server.databases() == ["orders_template"]


def test_a_server_that_dies_costs_the_packages_that_need_it_and_comes_back(
    server: PostgreSQLServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tool, "_PATIENCE_SECONDS", 0.0)
    lender = Lender("orders", Data("postgresql", "DATABASE_URL"), Path(), asked(server.url()))
    with lender:
        with lender("example.com/p", {}):
            server.stop()
        with pytest.raises(NotLent, match=r"\[test\.data\.orders\]: PostgreSQL at .* does not answer"), lender("example.com/q", {}):
            pass
        server.start()
        with lender("example.com/r", {}):
            assert {f.state for f in asked(server.url()).find() if f.name.endswith("_r")} == {"in use"}
    assert server.databases() == ["orders_template"]


def test_copies_what_alter_database_set(server: PostgreSQLServer) -> None:
    server.ask("ALTER DATABASE orders_template SET search_path = shop, \"Public\"; ALTER DATABASE orders_template SET app.flavour = 'a b'")
    lender = Lender("orders", Data("postgresql", "DATABASE_URL"), Path(), asked(server.url()))
    with lender, lender("example.com/p", {}) as variables:
        name = variables["DATABASE_URL"].partition("?")[0].rpartition("/")[2]
        assert server.ask("SHOW search_path", name) == 'shop, "Public"'
        assert server.ask("SHOW app.flavour", name) == "a b"


SNAPSHOT = """
CREATE TABLE orders (id int PRIMARY KEY, customer text);
COPY orders (id, customer) FROM stdin;
1	\\\\connect
2	b
\\.
"""


def test_a_snapshot_is_loaded_once_for_its_content(server: PostgreSQLServer, tmp_path: Path) -> None:
    (tmp_path / "seed.sql").write_text(SNAPSHOT)

    def one(number: int) -> str:
        return make(asked(server.url("x", "app", "hidden-word"), tmp_path, snapshot="seed.sql"))["name"]

    with ThreadPoolExecutor(3) as pool:
        assert len(set(pool.map(one, range(3)))) == 3
    first = set(server.databases())
    assert len(first) == 2 and "orders_template" in first
    one(4)
    assert set(server.databases()) == first
    (tmp_path / "seed.sql").write_text(SNAPSHOT + "-- more\n")
    one(5)
    assert len(server.databases()) == 3
    assert [f.state for f in asked(server.url()).clean()] == ["template", "template"]
    assert server.databases() == ["orders_template"]


def test_a_snapshot_cleaned_away_in_mid_run_is_loaded_again(server: PostgreSQLServer, tmp_path: Path) -> None:
    (tmp_path / "seed.sql").write_text(SNAPSHOT)
    lender = Lender("orders", Data("postgresql", "U"), tmp_path, asked(server.url(), tmp_path, snapshot="seed.sql"))
    with lender:
        asked(server.url()).clean()
        with lender("p", {}) as variables:
            assert server.ask("SELECT count(*) FROM orders", variables["U"].partition("?")[0].rpartition("/")[2]) == "2"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("SELECT 1;\nSELEC 2;\n", 'seed.sql, line 2: syntax error at or near "SELEC"'),
        ("SELECT 1;\n\\connect shop\nDROP TABLE x;\n", r"seed.sql, line 2: \connect shop would leave the test's own database"),
        ("COPY nowhere FROM stdin;\n1\n\\.\n", 'seed.sql, line 1: relation "nowhere" does not exist'),
    ],
)
def test_a_bad_snapshot_is_told_with_its_line_and_leaves_nothing(
    server: PostgreSQLServer, tmp_path: Path, text: str, sentence: str
) -> None:
    (tmp_path / "seed.sql").write_text(text)
    assert sentence in refused(asked(server.url(), tmp_path, snapshot="seed.sql"))
    assert server.databases() == ["orders_template"]


def test_a_dump_in_custom_format_is_restored(server: PostgreSQLServer, tmp_path: Path) -> None:
    subprocess.run(["pg_dump", "-Fc", "-d", server.url("orders_template"), "-f", tmp_path / "seed.dump"], check=True)
    lender = Lender("orders", Data("postgresql", "U"), tmp_path, asked(server.url(), tmp_path, snapshot="seed.dump"))
    with lender, lender("p", {}) as variables:
        assert server.ask("SELECT a FROM t", variables["U"].partition("?")[0].rpartition("/")[2]) == "1"
