"""An alert that never fires: it asks for a metric that no program here exports.

PromQL answers a question about a metric that does not exist with nothing, not with an error, so the alert looks healthy and stays silent
for ever. Usually the metric was renamed, or lost its unit or `_total`.

Only metrics count whose first word is one that this repository's own metrics have (`orders_…` where the code exports `orders_…`): others
belong to other systems. Known are all names registered with the Prometheus client, OpenTelemetry or VictoriaMetrics, their `_bucket`,
`_count`, `_sum` and `_total`, and recording rules. Errs on the side of silence when a name is put together at run time, when a registry
adds a prefix, or when the prefix is handed to a library that may export below it.

Fix: ask for a metric that is exported, or export it.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts import metrics
from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Place, Severity, because
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    if not facts.alerts:
        return
    exported = metrics.of(facts.go)
    recorded = {r.name for a in facts.alerts for r in a.rules if r.kind == "record"}
    for alerts in facts.alerts:
        if not facts.ships(alerts.path):
            continue
        for rule in alerts.rules:
            for name in rule.query.metrics:
                if not exported.is_unknown(name, recorded):
                    continue
                near = exported.nearest(name)
                kept = near or next(m for m in exported.all if m.whole)
                note = f"exported is {kept.name}" if near else f"this program's metrics, {kept.name} among them"
                effect = f"the alert {rule.name} never fires" if rule.kind == "alert" else f"the rule {rule.name} records nothing"
                yield Finding(
                    f"Nothing exports {name}: {effect}",
                    Place(alerts.path, rule.query.line),
                    (because(kept.at, note),),
                    f"Ask for {near.name}." if near else "Ask for a metric that is exported, or export it.",
                    severity=None if rule.kind == "alert" else Severity.HAZARD,
                )


_GO = """package main

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

const namespace = "orders"

var failures = promauto.NewCounterVec(prometheus.CounterOpts{
	Namespace: namespace,
	Name:      "http_failures_total",
}, []string{"code"})

var took = prometheus.NewHistogram(prometheus.HistogramOpts{Name: prometheus.BuildFQName(namespace, "", "request_duration_seconds")})

func main() {
	http.Handle("/metrics", promhttp.Handler())
}
"""
_TREE = {"go.mod": "module example.com/orders\n\ngo 1.24\n", "main.go": _GO}


def _alert(expression: str, mark: str = "") -> str:
    return f"groups:\n  - name: orders\n    rules:\n      - alert: Failures\n{mark}        expr: {expression}\n        for: 5m\n"


RULE = Rule(
    severity=Severity.DEGRADED,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("go", "alerts"),
    fails=(
        {**_TREE, "alerts.yml": _alert("rate(orders_http_errors_total[5m]) > 1", "        # want below\n")},
        {**_TREE, "alerts.yml": _alert("rate(orders_request_duration_ms_count[5m]) > 1", "        # want below\n")},
    ),
    passes=(
        {**_TREE, "alerts.yml": _alert("rate(orders_http_failures_total[5m]) > 1")},
        {**_TREE, "alerts.yml": _alert("histogram_quantile(0.9, rate(orders_request_duration_seconds_bucket[5m])) > 1")},
        {**_TREE, "alerts.yml": _alert("payments_errors_total > 1 or go_goroutines > 10 or up == 0")},
        {
            **_TREE,
            "main.go": _GO.replace(
                "func main() {",
                "func add(name string) {\n\tpromauto.NewGauge(prometheus.GaugeOpts{Name: name})\n}\n\nfunc main() {\n\tadd(read())",
            ),
            "alerts.yml": _alert("orders_queue_length > 1"),
        },
        {
            **_TREE,
            "alerts.yml": _alert("orders_failures_rate > 1")
            + "      - record: orders_failures_rate\n        expr: rate(orders_http_failures_total[5m])\n",
        },
    ),
)
