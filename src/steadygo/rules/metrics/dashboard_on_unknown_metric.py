"""A panel that stays empty: it asks for a metric that no program here exports, and nobody sees it before an incident.

Grafana shows *No data* for a metric that does not exist, which looks like a quiet service. Usually the metric was renamed, or its unit
changed.

What is known and when the rule stays silent is the same as for `alert-on-unknown-metric`; names that a dashboard's variable completes are
left out.

Fix: ask for a metric that is exported, or export it.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts import metrics
from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Place, Severity, because
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    if not facts.dashboards:
        return
    exported = metrics.of(facts.go)
    recorded = {r.name for a in facts.alerts for r in a.rules if r.kind == "record"}
    for dashboard in facts.dashboards:
        told: set[str] = set()
        for panel in dashboard.panels if facts.ships(dashboard.path) else ():
            for query in panel.queries:
                for name in query.metrics:
                    if name in told or not exported.is_unknown(name, recorded):
                        continue
                    told.add(name)
                    near = exported.nearest(name)
                    kept = near or next(m for m in exported.all if m.whole)
                    note = f"exported is {kept.name}" if near else f"this program's metrics, {kept.name} among them"
                    yield Finding(
                        f"Nothing exports {name}: the panel {panel.title or '(no title)'} stays empty",
                        Place(dashboard.path, query.line),
                        (because(kept.at, note),),
                        f"Ask for {near.name}." if near else "Ask for a metric that is exported, or export it.",
                    )


_GO = """package main

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
)

var took = prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: "orders", Subsystem: "http", Name: "request_duration_seconds"})

func main() {
	meter := otel.Meter("orders")
	created, _ := meter.Int64Counter("orders.created")
	waited, _ := meter.Float64Histogram("orders.wait", metric.WithUnit("s"))
	created.Add(context.Background(), 1)
	waited.Record(context.Background(), 1)
}
"""
_TREE = {"go.mod": "module example.com/orders\n\ngo 1.24\n", "main.go": _GO}


def _dashboard(expression: str, mark: str = "") -> str:
    target = f'{{"title": "Latency", "type": "graph", "targets": [\n{mark}{{"expr": "{expression}", "refId": "A"}}]}}'
    return f'{{"title": "Orders", "schemaVersion": 39, "panels": [{target}]}}\n'


_MARK = '{"expr": "1", "legendFormat": "want below", "refId": "B"},\n'

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("go", "dashboard"),
    fails=(
        {**_TREE, "grafana/orders.json": _dashboard("rate(orders_http_request_duration_ms_count[5m])", _MARK)},
        {**_TREE, "grafana/orders.json": _dashboard("rate(orders_deleted_total[5m])", _MARK)},
    ),
    passes=(
        {**_TREE, "grafana/orders.json": _dashboard("rate(orders_http_request_duration_seconds_sum[5m])")},
        {**_TREE, "grafana/orders.json": _dashboard("rate(orders_created_total[5m]) + rate(orders_wait_seconds_bucket[5m])")},
        {**_TREE, "grafana/orders.json": _dashboard("orders_${thing}_total + kube_pod_info + payments_total")},
        {
            **_TREE,
            "main.go": _GO.replace("func main() {", 'func main() {\n\tprometheus.WrapRegistererWithPrefix("orders_", nil)'),
            "grafana/orders.json": _dashboard("orders_pool_size"),
        },
    ),
)
