"""Each test binary with a MariaDB database of its own: a real server, the driver go-sql-driver/mysql, and steadygo as a process."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import drivers
import pytest
import servers
from go_tests import Bench, killed
from servers import MariaDBServer

Give = Callable[..., Bench]
pytestmark = pytest.mark.slow
SCHEMA = """
CREATE TABLE customers (name varchar(40) PRIMARY KEY);
CREATE TABLE orders (id int AUTO_INCREMENT PRIMARY KEY, customer varchar(40) NOT NULL UNIQUE,
  FOREIGN KEY (customer) REFERENCES customers (name));
CREATE VIEW many AS SELECT count(*) AS n FROM orders;
INSERT INTO customers VALUES ('from the template'), ('the same everywhere');
INSERT INTO orders (customer) VALUES ('from the template');
"""
TEST = """
import ("database/sql"; "os"; "testing"; "time"; _ "github.com/go-sql-driver/mysql")
func TestOnlyMine(t *testing.T) {
	db, err := sql.Open("mysql", os.Getenv("MYSQL_DSN"))
	if err != nil { t.Fatal(err) }
	if _, err := db.Exec("INSERT INTO orders (customer) VALUES ('the same everywhere')"); err != nil { t.Fatal(err) }
	if _, err := db.Exec("INSERT INTO orders (customer) VALUES ('nobody')"); err == nil { t.Fatal("the foreign key is not there") }
	time.Sleep(PAUSE * time.Millisecond)
	n := 0
	if err := db.QueryRow("SELECT n FROM many").Scan(&n); err != nil { t.Fatal(err) }
	if n != 2 { t.Fatalf("%d orders instead of 2", n) }
}
"""
TABLE = """
[test.data.orders]
kind = "mysql"
variable = "MYSQL_DSN"
template = "orders_template"
"""


@pytest.fixture(scope="module")
def server() -> Iterator[MariaDBServer]:
    with servers.mariadb() as found:
        yield found


@pytest.fixture
def template(server: MariaDBServer) -> MariaDBServer:
    """The server with nothing but one template."""
    for name in server.databases():
        server.ask(f"DROP DATABASE `{name}`")
    server.ask("CREATE DATABASE orders_template CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci")
    server.ask("GRANT SELECT, SHOW VIEW, TRIGGER, EVENT, LOCK TABLES ON orders_template.* TO app@'%'")
    server.ask(SCHEMA, "orders_template")
    return server


def service(bench: Give, packages: int = 2, table: str = TABLE, pause: int = 300) -> Bench:
    """A service whose packages all write the same row."""
    tests = {f"p{n}/p_test.go": TEST.replace("PAUSE", str(pause)) for n in range(packages)}
    return bench({**drivers.module("github.com/go-sql-driver/mysql"), "steadygo.toml": table, **tests})


def test_packages_in_parallel_do_not_see_each_other_nor_the_run_before(bench: Give, template: MariaDBServer, tmp_path: Path) -> None:
    here, before = service(bench), template.dump("orders_template")
    for _ in range(2):
        found = here.test("./...", "--", "-p=2", MYSQL_DSN=template.dsn("elsewhere"), **drivers.ENVIRONMENT)
        assert found["passed"] == 2
    assert template.databases() == ["orders_template"]
    assert template.dump("orders_template") == before
    kept = [p.read_bytes() for p in (tmp_path / "state").rglob("*") if p.is_file()]
    assert any(b"MYSQL_DSN" in k for k in kept) and not any(b"a:b@c" in k for k in kept)


def test_a_killed_run_leaves_nothing(bench: Give, template: MariaDBServer) -> None:
    here, with_databases = service(bench, packages=2, pause=1500), 0
    started = time.monotonic()
    here.test("./...", "--", "-p=4", MYSQL_DSN=template.dsn(), **drivers.ENVIRONMENT)
    whole = time.monotonic() - started
    for number in range(8):
        seconds = random.Random(number).uniform(0.1, whole)
        process = here.start("test", "./...", "--", "-p=4", MYSQL_DSN=template.dsn(), **drivers.ENVIRONMENT)
        if number % 2:  # while there is something to leave
            while not any(name.endswith(("_p0", "_p1")) for name in template.databases()) and process.poll() is None:
                time.sleep(0.02)
            seconds %= 0.5
        time.sleep(seconds)
        with_databases += len(template.databases()) > 1
        killed(process)
        assert template.databases() == ["orders_template"], seconds
    assert with_databases >= 2


def test_a_run_killed_while_the_server_makes_its_database_leaves_nothing(bench: Give, template: MariaDBServer) -> None:
    here = service(bench, packages=1)
    with template.slow():
        process = here.start("test", "./...", MYSQL_DSN=template.dsn(), **drivers.ENVIRONMENT)
        servers.wait_until(template.making)
        killed(process)
    assert template.databases() == ["orders_template"]
