"""After a failover the service keeps talking to the old database, or to connections that a proxy cut long ago.

A pool without SetConnMaxLifetime and SetConnMaxIdleTime keeps connections for ever. They do not follow a DNS change to the new
primary, are never spread over added replicas, and die silently behind firewalls and proxies with an idle limit, which shows as
errors on the first requests after a quiet hour.

Reported once for each pool that has a limit set; a pool without any is sql-pool-unbounded's. Embedded databases are left out.

Fix: db.SetConnMaxLifetime(30 * time.Minute), shorter than any idle limit between here and the database.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts.databases import pools, serving
from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Place, Severity, because
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    seen: set[Place] = set()
    for pool in pools(facts):
        limit = pool.bounds.get("SetMaxOpenConns")
        if limit is None or pool.limit == 1 or not serving(facts, pool.service):
            continue
        at = limit[0].at(limit[1])
        if "SetConnMaxLifetime" in pool.bounds or "SetConnMaxIdleTime" in pool.bounds or at in seen:
            continue
        seen.add(at)
        yield Finding(
            "connections of this pool are kept for ever: they do not follow a failover and die unnoticed behind proxies",
            at,
            (because(pool.file.at(pool.opened), "the pool is opened here"),),
            "Call SetConnMaxLifetime with some minutes.",
        )


_MOD = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}
_MAIN = """package main

import ("database/sql"; "net/http"; "time"; _ "github.com/lib/pq")

func main() {
    db, _ := sql.Open("postgres", "postgres://db/orders")
    db.SetMaxOpenConns(20) // want
    http.ListenAndServe(":8080", nil)
    _ = time.Now()
}
"""

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("database",),
    fails={**_MOD, "main.go": _MAIN},
    passes=(
        {**_MOD, "main.go": _MAIN.replace("// want", "\n    db.SetConnMaxLifetime(time.Hour)")},
        {**_MOD, "main.go": _MAIN.replace("// want", "\n    db.SetConnMaxIdleTime(time.Minute)")},
        {**_MOD, "main.go": _MAIN.replace('"postgres"', '"sqlite"')},
        {**_MOD, "main.go": _MAIN.replace("    http.ListenAndServe", "    println")},
        {**_MOD, "main.go": _MAIN.replace("db.SetMaxOpenConns(20)", "println(db)")},
    ),
)
