"""How many connections a database accepts, as manifests say it."""

from __future__ import annotations

import pytest

from steadygo.facts.databaseservers import database_servers
from steadygo.facts.gocode import GoCode
from steadygo.facts.place import Text
from steadygo.facts.repository import Repository
from steadygo.facts.settings import Settings
from steadygo.facts.workloads import Container, Workload


def servers(image: str, command: tuple[str, ...] | None = None) -> list[tuple[str, int, bool]]:
    container = Container("db", 3, image=Text(image, 4), command=command, command_line=5)
    repository = Repository(
        "r", Settings(), GoCode([], []), workloads=(Workload("compose", "db", 2, "compose.yaml", containers=(container,)),)
    )
    return [(s.kind, s.limit, s.stated) for s in database_servers(repository)]


@pytest.mark.parametrize(
    ("image", "command", "expected"),
    [
        ("postgres:17", None, ("postgres", 100, False)),
        ("docker.io/bitnami/postgresql@sha256:abc", None, ("postgres", 100, False)),
        ("postgres:17", ("postgres", "-c", "max_connections=300"), ("postgres", 300, True)),
        ("postgres:17", ("postgres", "-cmax_connections=300"), ("postgres", 300, True)),
        ("mysql:8", ("--max_connections=500",), ("mysql", 500, True)),
        ("mariadb:11", ("--max-connections", "77"), ("mariadb", 77, True)),
    ],
)
def test_reads_the_limit(image: str, command: tuple[str, ...] | None, expected: tuple[str, int, bool]) -> None:
    assert servers(image, command) == [expected]


@pytest.mark.parametrize("image", ["postgres-exporter:1", "prom/mysqld-exporter", "orders"])
def test_takes_other_images_for_what_they_are(image: str) -> None:
    assert servers(image) == []
