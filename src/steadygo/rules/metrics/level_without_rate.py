"""A leak is seen too late, and a busy hour looks like one: the alert compares the number of goroutines or bytes with a fixed level only.

Goroutines and memory follow the traffic. A fixed level is either so high that a leak reaches it only shortly before the process dies, or so
low that every peak fires. What tells a leak is growth: the level that does not come back (`deriv`, `predict_linear`, a comparison with
`offset`), or the distance to the process' own limit (a division).

Fix: alert on growth (`deriv(go_goroutines[1h]) > 0` for hours, `predict_linear(…)`) or on the share of the limit, and keep the level as a
last guard.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Place, Severity
from steadygo.rules.rule import Rule

_LEVELS = re.compile(
    r"(?:go_goroutines|go_threads|process_resident_memory_bytes|process_open_fds|process_virtual_memory_bytes"
    r"|go_memstats_(?:heap_\w+|alloc_bytes|sys_bytes|stack_inuse_bytes))\Z"
)
_GROWTH = re.compile(
    r"\b(?:deriv|delta|rate|predict_linear|increase|quantile_over_time|min_over_time|holt_winters|stddev\w*)\s*\(|\boffset\b|/"
)
_COMPARED = re.compile(r">=?\s*[\d.(]")


def check(facts: Repository) -> Iterator[Finding]:
    growing = {m for a in facts.alerts for r in a.rules if _GROWTH.search(r.query.text) for m in r.query.metrics if _LEVELS.match(m)}
    for alerts in facts.alerts:
        for rule in alerts.rules if facts.ships(alerts.path) else ():
            levels = [m for m in rule.query.metrics if _LEVELS.match(m)]
            if rule.kind != "alert" or not levels or set(levels) & growing:
                continue
            if _COMPARED.search(rule.query.text) and not _GROWTH.search(rule.query.text):
                yield Finding(
                    f"The alert {rule.name} watches the level of {levels[0]} only: a leak shows late, a busy hour looks like one",
                    Place(alerts.path, rule.query.line),
                    fix=f"Add an alert on growth, such as deriv({levels[0]}[1h]) > 0 for some hours.",
                )


def _alert(expression: str, mark: str = "", more: str = "") -> dict[str, str]:
    return {
        "go.mod": "module example.com/orders\n\ngo 1.24\n",
        "alerts.yml": f"groups:\n  - name: a\n    rules:\n      - alert: A\n{mark}        expr: {expression}\n        for: 10m\n{more}",
    }


RULE = Rule(
    severity=Severity.NOTE,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    needs=("alerts",),
    fails=(
        _alert('go_goroutines{job="orders"} > 2000', "        # want below\n"),
        _alert("process_resident_memory_bytes > 4e9", "        # want below\n"),
    ),
    passes=(
        _alert("deriv(go_goroutines[1h]) > 0"),
        _alert("process_resident_memory_bytes / process_memory_limit_bytes > 0.9"),
        _alert("orders_queue_length > 1000"),
        _alert("go_goroutines > 2000", more="      - alert: B\n        expr: deriv(go_goroutines[1h]) > 1\n        for: 2h\n"),
    ),
)
