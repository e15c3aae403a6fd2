"""A metric whose name breaks Prometheus' conventions: queries, recording rules and people that expect `snake_case` miss it.

Names are lower case words joined by one underscore. A colon is for recording rules; names that begin with an underscore are reserved.

Fix: rename the metric, and export both names for as long as alerts and dashboards use the old one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts import metrics
from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Severity
from steadygo.rules.rule import Rule

_GOOD = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*\Z")


def check(facts: Repository) -> Iterator[Finding]:
    for metric in metrics.of(facts.go).all:
        if not metric.whole or metric.opentelemetry or _GOOD.match(metric.name) or not facts.ships(metric.at.path):
            continue
        better = re.sub(r"_+", "_", re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", metric.name).lower())).strip("_")
        yield Finding(f"The metric {metric.name} is not in snake case", metric.at, fix=f"Rename it to {better}.")


_IMPORT = 'package main\n\nimport "github.com/prometheus/client_golang/prometheus"\n\n'
_MAIN = "\nfunc main() {}\n"
_MODULE = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}

RULE = Rule(
    severity=Severity.NOTE,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    needs=("import:github.com/prometheus/client_golang",),
    fails=(
        {**_MODULE, "main.go": _IMPORT + 'var a = prometheus.NewGauge(prometheus.GaugeOpts{Name: "ordersPending"}) // want' + _MAIN},
        {
            **_MODULE,
            "main.go": _IMPORT + 'var a = prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "orders:", Name: "x"}) // want' + _MAIN,
        },
    ),
    passes=(
        {**_MODULE, "main.go": _IMPORT + 'var a = prometheus.NewGauge(prometheus.GaugeOpts{Name: "orders_pending"})' + _MAIN},
        {**_MODULE, "main.go": _IMPORT + "var a = prometheus.NewGauge(prometheus.GaugeOpts{Name: name()})" + _MAIN},
        {**_MODULE, "main_test.go": _IMPORT + 'var a = prometheus.NewGauge(prometheus.GaugeOpts{Name: "ordersPending"})\n'},
    ),
)
