"""Database servers that the repository's own compose files and manifests run, and how many connections they accept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from steadygo.facts.repository import Repository
from steadygo.facts.workloads import Container, Workload
from steadygo.findings import Place

_STATED = re.compile(r"^(?:--)?max[_-]connections(?:=(\d+))?$")
_KINDS = (
    (
        "postgres",
        re.compile(r"(?:^|/)(?:postgres|postgresql|postgis|timescaledb(?:-ha)?|pgvector|supabase/postgres)(?=[:@]|$)"),
        100,
    ),
    ("mysql", re.compile(r"(?:^|/)(?:mysql|mysql-server|percona)(?=[:@]|$)"), 151),
    ("mariadb", re.compile(r"(?:^|/)mariadb(?=[:@]|$)"), 151),
)
_VARIABLES = ("POSTGRESQL_MAX_CONNECTIONS", "POSTGRES_MAX_CONNECTIONS", "MYSQL_MAX_CONNECTIONS", "MARIADB_MAX_CONNECTIONS")


@dataclass(frozen=True)
class DatabaseServer:
    """`limit` is max_connections; `stated` is false when it is the product's default."""

    kind: str  # postgres mysql mariadb
    workload: Workload
    container: Container
    limit: int
    stated: bool
    at: Place


def database_servers(facts: Repository) -> Iterator[DatabaseServer]:
    """Every container whose image is one of PostgreSQL, MySQL, MariaDB."""
    for workload in facts.workloads:
        for container in workload.containers:
            image = container.image.value if container.image is not None else ""
            for kind, name, default in _KINDS:
                if name.search(image):
                    yield _server(kind, workload, container, default)
                    break


def _server(kind: str, workload: Workload, container: Container, default: int) -> DatabaseServer:
    path = container.path or workload.path
    for variable in container.variables:
        if variable.name in _VARIABLES and variable.value and variable.value.isdigit():
            return DatabaseServer(kind, workload, container, int(variable.value), True, Place(variable.path or path, variable.line))
    words = [*(container.command or ()), *(container.args or ())]
    words = [part for word in words for part in word.split()]
    for index, word in enumerate(words):
        found = _STATED.match(word.removeprefix("-c").strip() if word.startswith("-c") and len(word) > 2 else word)
        if found is None:
            continue
        number = found.group(1) or (words[index + 1] if index + 1 < len(words) else "")
        if number.isdigit():
            at = Place(path, container.command_line or container.line)
            return DatabaseServer(kind, workload, container, int(number), True, at)
    return DatabaseServer(
        kind, workload, container, default, False, Place(path, container.image.line if container.image else container.line)
    )
