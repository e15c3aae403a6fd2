"""Grafana dashboards."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from steadygo.facts.observing import Panel, Query
from steadygo.read.grafana import read

DASHBOARD = rb"""{
  "title": "Orders",
  "annotations": {"list": [{"name": "deploys", "expr": "changes(build_info[5m])"}, {"builtIn": 1, "name": "x"}]},
  "panels": [
    {
      "title": "Rate",
      "targets": [
        {"expr": "sum(rate(orders_total{job=\"$job\"}[5m]))"},
        {"expr": ""},
        {"rawSql": "SELECT 1"}
      ]
    },
    {"type": "row", "title": "Inner", "panels": [
      {"title": "Depth", "targets": [{"expr": "queue_depth"}]}
    ]},
    {"title": "Logs", "datasource": {"type": "loki"}, "targets": [{"expr": "rate({app=\"x\"}[5m])"}]},
    {"title": "Mixed", "datasource": {"type": "datasource", "uid": "-- Mixed --"}, "targets": [
      {"datasource": {"type": "prometheus"}, "expr": "a"},
      {"datasource": {"type": "tempo"}, "expr": "b"}
    ]},
    {"title": "Text"}
  ],
  "templating": {"list": [
    {"name": "job", "type": "query", "query": "label_values(up{a=\"b\", c=\"d\"}, job)"},
    {"name": "pod", "type": "query", "query": {"query": "query_result(topk(1, kube_pod_info))", "refId": "A"}},
    {"name": "any", "type": "query", "query": "label_values(namespace)"},
    {"name": "step", "type": "interval", "query": "1m,5m"}
  ]},
  "schemaVersion": 39
}
"""


def test_reads_panels_variables_and_annotations() -> None:
    dashboard = read("d.json", DASHBOARD)
    assert dashboard.title == "Orders"
    assert dashboard.gaps == ()
    assert dashboard.panels == (
        Panel("Rate", 6, (Query('sum(rate(orders_total{job="$job"}[5m]))', 8, ("orders_total",)),)),
        Panel("Depth", 14, (Query("queue_depth", 14, ("queue_depth",)),)),
        Panel("Mixed", 17, (Query("a", 18, ("a",)),)),
        Panel("variable job", 24, (Query('up{a="b", c="d"}', 24, ("up",)),)),
        Panel("variable pod", 25, (Query("topk(1, kube_pod_info)", 25, ("kube_pod_info",)),)),
        Panel("annotation deploys", 3, (Query("changes(build_info[5m])", 3, ("build_info",)),)),
    )


def test_reads_old_rows_and_wrapped_dashboards() -> None:
    dashboard = read("d.json", b'{"dashboard": {"title": "Old", "rows": [{"panels": [{"title": "A", "targets": [{"expr": "a"}]}]}]}}')
    assert (dashboard.title, [panel.title for panel in dashboard.panels]) == ("Old", ["A"])


def test_reads_library_panels_of_an_export() -> None:
    dashboard = read("d.json", b'{"panels": [], "__elements": {"u": {"model": {"title": "L", "targets": [{"expr": "l"}]}}}}')
    assert [panel.title for panel in dashboard.panels] == ["L"]


def test_another_json_file_has_no_panels() -> None:
    assert read("d.json", b'{"panels": 3}').panels == ()
    assert read("d.json", b'{"schemaVersion": 1, "title": "x"}').title == ""


@given(st.binary(), st.data())
def test_never_raises(part: bytes, data: st.DataObject) -> None:
    read("d.json", part)
    position = data.draw(st.integers(0, len(DASHBOARD)))
    read("d.json", DASHBOARD[:position] + part[:6] + DASHBOARD[position + len(part[:6]) :])
