"""When the pool runs dry nobody sees it: requests only get slower, and no metric says that they wait for a connection.

sql.DBStats holds the connections in use, how often a request had to wait and for how long. A service that exports metrics but not
these shows a full pool as an unexplained rise of latency.

Reported for services that export Prometheus or OpenTelemetry metrics and read no DBStats anywhere.

Fix: register collectors.NewDBStatsCollector(db, "orders"), or read db.Stats() into your own metrics.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts.databases import pools, serving
from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Place, Severity
from steadygo.rules.rule import Rule

_METRICS = ("github.com/prometheus/client_golang", "go.opentelemetry.io/otel", "github.com/VictoriaMetrics/metrics")
_MEASURED = (".Stats", ".NewDBStatsCollector", ".RegisterDBStatsMetrics", ".ReportDBStatsMetrics", ".RecordStats")
_WRAPPERS = ("otelsql", "sqlstats", "sqlmw", "otelgorm", "sqldblogger", "gorm.io/plugin", "ocsql", "ngrok/sqlmw", "dbstats")


def check(facts: Repository) -> Iterator[Finding]:
    seen: set[Place] = set()
    for pool in pools(facts):
        at = pool.file.at(pool.opened)
        if at in seen or not serving(facts, pool.service):
            continue
        seen.add(at)
        files = [f for d in pool.service.packages for f in facts.go.packages[d].files]
        imports = {i.path for f in files for i in f.imports}
        if not any(path.startswith(_METRICS) for path in imports) or any(word in path for path in imports for word in _WRAPPERS):
            continue
        if any(pool.service.has(f.directory) and _of_pool(c.name) for f, c in facts.go.calls(*_MEASURED)):
            continue
        if any(pool.service.has(f.directory) for f, _ in facts.go.calls(f"{_METRICS[0]}/prometheus/collectors.NewDBStatsCollector")):
            continue
        yield Finding(
            f"nothing measures how full {pool.name} is, though the service exports metrics",
            at,
            fix=f'Register collectors.NewDBStatsCollector({pool.name if pool.name != "the pool" else "db"}, "{pool.service.name}").',
        )


def _of_pool(name: str) -> bool:
    """Whether a method called Stats may be a pool's."""
    owner, _, method = name.rpartition(".")
    return method != "Stats" or owner in ("", "database/sql.DB", "github.com/jmoiron/sqlx.DB")


_MOD = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}
_IMPORT = '"github.com/prometheus/client_golang/prometheus/promhttp"; '
_MAIN = """package main

import ("database/sql"; "net/http"; "github.com/prometheus/client_golang/prometheus/promhttp"; _ "github.com/lib/pq")

func main() {
    db, _ := sql.Open("postgres", "postgres://db/orders") // want
    db.SetMaxOpenConns(20)
    http.ListenAndServe(":8080", promhttp.Handler())
}
"""

RULE = Rule(
    severity=Severity.NOTE,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("database",),
    fails={**_MOD, "main.go": _MAIN},
    passes=(
        {**_MOD, "main.go": _MAIN.replace("20)", "20); export(db.Stats())").replace("// want", "")},
        {
            **_MOD,
            "main.go": _MAIN.replace("promhttp.Handler()", "nil").replace(
                '"github.com/prometheus/client_golang/prometheus/promhttp"; ', ""
            ),
        },
        {**_MOD, "main.go": _MAIN.replace("20)", '20); collectors.NewDBStatsCollector(db, "orders")')},
        {**_MOD, "main.go": _MAIN.replace('"postgres",', '"sqlite",')},
    ),
)
