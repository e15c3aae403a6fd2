"""A counter that does not say so: without `_total` people take it for a level and alert on its value instead of its rate.

Prometheus and OpenMetrics name counters `…_total`; an OpenMetrics scrape of a counter without the suffix gets it added, so the same metric
has two names depending on who asks. OpenTelemetry's exporter adds the suffix itself and is left out.

Fix: rename the counter to `…_total`, and export both names for as long as alerts and dashboards use the old one.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts import metrics
from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Severity
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    told: set[str] = set()
    for metric in metrics.of(facts.go).all:
        if metric.kind != "counter" or not metric.name or metric.opentelemetry or metric.name in told:
            continue
        if not metric.name.endswith("_total") and metric.whole and facts.ships(metric.at.path):
            told.add(metric.name)
            yield Finding(f"The counter {metric.name} does not end in _total", metric.at, fix=f"Rename it to {metric.name}_total.")


_IMPORT = 'package main\n\nimport "github.com/prometheus/client_golang/prometheus"\n\n'
_MAIN = "\nfunc main() {}\n"
_MODULE = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}

RULE = Rule(
    severity=Severity.NOTE,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    needs=("import:github.com/prometheus/client_golang",),
    fails={**_MODULE, "main.go": _IMPORT + 'var a = prometheus.NewCounter(prometheus.CounterOpts{Name: "orders_made"}) // want' + _MAIN},
    passes=(
        {**_MODULE, "main.go": _IMPORT + 'var a = prometheus.NewCounter(prometheus.CounterOpts{Name: "orders_made_total"})' + _MAIN},
        {**_MODULE, "main.go": _IMPORT + 'var a = prometheus.NewGauge(prometheus.GaugeOpts{Name: "orders_open"})' + _MAIN},
        {**_MODULE, "main.go": _IMPORT + "var a = prometheus.NewCounter(prometheus.CounterOpts{Name: name()})" + _MAIN},
    ),
)
