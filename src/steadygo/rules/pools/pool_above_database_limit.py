"""The database refuses connections as soon as all replicas fill their pools: together they may open more than it accepts.

Each replica opens up to SetMaxOpenConns connections. When replicas × pool exceeds the server's max_connections, a busy hour (or a
rollout, in which old and new replicas live side by side) ends in "too many clients", for this service and for all others on the
same server.

Compared are the pool's number in the code, the replicas of the workload, and the database that the same compose file or the same
environment's manifests run, when the service names it as host of a URL or depends on it. PostgreSQL keeps three connections for superusers.

Fix: lower SetMaxOpenConns so that (replicas + surge) × pool stays below max_connections, or put a connection pooler in between.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts.databases import Pool, pools
from steadygo.facts.databaseservers import DatabaseServer, database_servers
from steadygo.facts.repository import Repository, Running
from steadygo.facts.runtimes import Runtime, runtimes
from steadygo.findings import Because, Confidence, Finding, Place, Severity
from steadygo.rules.rule import Rule

_POOLERS = re.compile(r"pgbouncer|pgcat|odyssey|pgpool|proxysql|rds-proxy|supavisor|cloud-sql-proxy")
_HOST = re.compile(r"HOST|ADDR|SERVER|ENDPOINT")


def check(facts: Repository) -> Iterator[Finding]:
    bounded = [p for p in pools(facts) if p.limit]
    if not bounded:
        return
    servers = list(database_servers(facts))
    seen: set[tuple[Place, Place]] = set()
    for pool in bounded:
        for runtime in runtimes(facts, pool.service):
            running = runtime.running
            if running is None:
                continue
            replicas, line = _replicas(facts, running)
            server = _server(servers, running, runtime)
            if server is None or not replicas:
                continue
            accepts = server.limit - (3 if server.kind == "postgres" else 0)
            wanted = replicas * int(pool.limit or 0)
            bound = pool.bounds["SetMaxOpenConns"]
            at = bound[0].at(bound[1])
            if wanted <= accepts or (at, server.at) in seen:
                continue
            seen.add((at, server.at))
            yield _finding(pool, at, runtime, (replicas, line), server, wanted)


def _finding(pool: Pool, at: Place, runtime: Runtime, replicas: tuple[int, Place], server: DatabaseServer, wanted: int) -> Finding:
    count, line = replicas
    said = f"max_connections is {server.limit}" + ("" if server.stated else ", the default")
    return Finding(
        f"{count} replica{'s' if count > 1 else ''} × {pool.limit:.0f} connections = {wanted}, "
        f"but {server.workload.name} accepts {server.limit}",
        at,
        (
            Because(line.path, line.line, f"{runtime.label} has {count} replica{'s' if count > 1 else ''}"),
            Because(server.at.path, server.at.line, said),
        ),
        f"Allow at most {max(1, (server.limit - 3) // (count + 1))} here, or raise max_connections.",
        pool.service.name,
        confidence=None if server.stated else Confidence.LIKELY,
    )


def _replicas(facts: Repository, running: Running) -> tuple[int, Place]:
    """The most replicas that run, and where that is said."""
    workload = running.workload
    count, at = 1, running.at()
    if workload.replicas is not None:
        count, at = int(workload.replicas.value), Place(workload.replicas.path or workload.path, workload.replicas.line)
    for other in facts.others:
        if other.kind != "HorizontalPodAutoscaler" or other.environment != workload.environment:
            continue
        settings = {path: (text, line) for path, text, line in other.settings}
        most = settings.get("spec.maxReplicas")
        if settings.get("spec.scaleTargetRef.name", ("", 0))[0] == workload.name and most and most[0].isdigit() and int(most[0]) > count:
            count, at = int(most[0]), Place(other.path, most[1])
    return count, at


def _server(servers: list[DatabaseServer], running: Running, runtime: Runtime) -> DatabaseServer | None:
    """The database of the same environment that the service reaches directly; None when that is not sure."""
    workload = running.workload
    near = [
        s
        for s in servers
        if (s.workload.path == workload.path if workload.kind == "compose" else s.workload.kind != "compose")
        and s.workload.environment == workload.environment
        and s.workload.namespace in ("", workload.namespace)
    ]
    given = [(g.name, g.value or "") for g in runtime.variables.values()]
    values = [value for _, value in given]
    if any(_POOLERS.search(value) for value in values):
        return None
    for server in near:
        name = re.escape(server.workload.name)
        host = re.compile(rf"(?:@|//|tcp\(|\bhost=){name}(?:[.:/)\s]|$)")
        bare = re.compile(rf"{name}(?:\.[\w.-]+)?(?::\d+)?\Z")
        named = any(host.search(value) or (_HOST.search(key) and bare.match(value)) for key, value in given)
        if named or (server.workload.name in workload.depends_on and not any("@" in value for value in values)):
            return server
    return None


_MOD = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}
_MAIN = """package main

import ("database/sql"; "net/http"; "os"; _ "github.com/lib/pq")

func main() {
    db, _ := sql.Open("postgres", os.Getenv("DATABASE_URL"))
    db.SetMaxOpenConns(50) // want
    http.ListenAndServe(":8080", nil)
}
"""
_FILES = {**_MOD, "cmd/orders/main.go": _MAIN, "Dockerfile": 'FROM golang\nRUN go build -o /orders ./cmd/orders\nCMD ["/orders"]\n'}
_COMPOSE = """services:
  orders:
    build: .
    deploy:
      replicas: 4
    environment:
      DATABASE_URL: postgres://orders@postgres:5432/orders
  postgres:
    image: postgres:17
    command: ["postgres", "-c", "max_connections=100"]
"""

RULE = Rule(
    severity=Severity.OUTAGE,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    needs=("database", "workload"),
    fails=(
        {**_FILES, "compose.yaml": _COMPOSE},
        {
            **_FILES,
            "compose.yaml": _COMPOSE.replace('    command: ["postgres", "-c", "max_connections=100"]\n', ""),
        },
        {**_FILES, "compose.yaml": _COMPOSE.replace("max_connections=100", "max_connections=1000").replace("replicas: 4", "replicas: 24")},
    ),
    passes=(
        {**_FILES, "compose.yaml": _COMPOSE.replace("=100", "=300")},
        {**_FILES, "compose.yaml": _COMPOSE.replace("replicas: 4", "replicas: 1")},
        {**_FILES, "compose.yaml": _COMPOSE.replace("@postgres:5432", "@pgbouncer:6432")},
        {**_FILES, "compose.yaml": _COMPOSE.replace("@postgres:5432", "@db.example.com:5432")},
        {**_FILES, "compose.yaml": _COMPOSE, "cmd/orders/main.go": _MAIN.replace("(50)", "(20)")},
    ),
)
