"""Each test binary with a PostgreSQL database of its own: real servers, the driver lib/pq, and steadygo as a process."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator

import drivers
import pytest
import servers
from go_tests import Bench, killed
from servers import PostgreSQLServer

Give = Callable[..., Bench]
pytestmark = pytest.mark.slow

SCHEMA = """
CREATE TABLE orders (id serial PRIMARY KEY, customer text UNIQUE NOT NULL);
CREATE FUNCTION many() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM orders';
INSERT INTO orders (customer) VALUES ('from the template');
"""
TEST = """
import ("database/sql"; "os"; "testing"; "time"; _ "github.com/lib/pq")
func open(t *testing.T) *sql.DB {
	db, err := sql.Open("postgres", os.Getenv("DATABASE_URL"))
	if err != nil { t.Fatal(err) }
	return db
}
func TestOnlyMine(t *testing.T) {
	db, n := open(t), 0
	if _, err := db.Exec("INSERT INTO orders (customer) VALUES ('the same everywhere')"); err != nil { t.Fatal(err) }
	time.Sleep(PAUSE * time.Millisecond)
	if err := db.QueryRow("SELECT many()").Scan(&n); err != nil { t.Fatal(err) }
	if n != 2 { t.Fatalf("%d orders instead of 2", n) }
}
"""
TABLE = """
[test.data.orders]
kind = "postgresql"
variable = "DATABASE_URL"
url-from = "SERVER"
template = "orders_template"
"""


@pytest.fixture(scope="module")
def server() -> Iterator[PostgreSQLServer]:
    with servers.postgresql() as found:
        yield found


@pytest.fixture
def template(server: PostgreSQLServer) -> Iterator[PostgreSQLServer]:
    """The server with nothing but one template."""
    for name in server.databases():
        server.ask(f'DROP DATABASE "{name}" WITH (FORCE)')
    server.ask("CREATE DATABASE orders_template")
    server.ask(SCHEMA, "orders_template")
    return server


def service(bench: Give, packages: int = 2, table: str = TABLE, pause: int = 300) -> Bench:
    """A service whose packages all write the same row."""
    tests = {f"p{n}/p_test.go": TEST.replace("PAUSE", str(pause)) for n in range(packages)}
    return bench({**drivers.module("github.com/lib/pq"), "steadygo.toml": table, **tests})


def test_packages_in_parallel_do_not_see_each_other_nor_the_run_before(bench: Give, template: PostgreSQLServer) -> None:
    here, before = service(bench), template.dump("orders_template")
    for _ in range(2):
        found = here.test("./...", "--", "-p=2", SERVER=template.url("elsewhere"), **drivers.ENVIRONMENT)
        assert found["passed"] == 2
    assert template.databases() == ["orders_template"]
    assert template.dump("orders_template") == before


def test_a_killed_run_leaves_nothing(bench: Give, template: PostgreSQLServer) -> None:
    here = service(bench, packages=2, pause=1500)
    with_databases = 0
    started = time.monotonic()
    here.test("./...", "--", "-p=4", SERVER=template.url(), **drivers.ENVIRONMENT)
    whole = time.monotonic() - started
    for number in range(10):
        seconds = random.Random(number).uniform(0.1, whole)
        process = here.start("test", "./...", "--", "-p=4", SERVER=template.url(), **drivers.ENVIRONMENT)
        if number % 2:  # while there is something to leave
            while not any(name.endswith(("_p0", "_p1")) for name in template.databases()) and process.poll() is None:
                time.sleep(0.02)
            seconds %= 0.5
        time.sleep(seconds)
        with_databases += len(template.databases()) > 1
        killed(process)
        assert template.databases() == ["orders_template"], (seconds, template.ask("SELECT * FROM pg_stat_activity"))
    assert with_databases >= 3


def test_a_run_killed_while_the_server_makes_its_database_leaves_nothing(bench: Give, template: PostgreSQLServer) -> None:
    here = service(bench, packages=1)
    with template.slow():
        process = here.start("test", "./...", SERVER=template.url(), **drivers.ENVIRONMENT)
        servers.wait_until(template.making)
        killed(process)
    assert template.databases() == ["orders_template"]
