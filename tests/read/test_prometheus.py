"""Prometheus rules and scrape configurations."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadygo.facts.observing import AlertRule, AlertRules, Query, ScrapeConfig, ScrapeJob
from steadygo.facts.place import Amount, Text
from steadygo.read.prometheus import duration, read

RULES = b"""groups:
  - name: orders
    rules:
      - alert: OrdersDown
        expr: up{job="orders"} == 0
        for: 1m30s
        keep_firing_for: 5m
        labels:
          severity: page
      - record: job:orders:rate5m
        expr: |
          # comment
          sum(rate(orders_total[5m]))
  - name: empty
"""

OBJECTS = b"""apiVersion: apps/v1
kind: Deployment
metadata: {name: orders}
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
spec:
  groups:
    - name: a
      rules:
        - {alert: A, expr: a > 1}
---
apiVersion: v1
kind: List
items:
  - kind: PrometheusRule
    spec: {groups: [{name: b, rules: [{alert: B, expr: b > 1}]}]}
  - kind: Service
    spec: {groups: [{name: c, rules: [{alert: C, expr: c > 1}]}]}
"""

SCRAPE = b"""global:
  scrape_interval: 15s
scrape_configs:
  - job_name: orders
    metrics_path: /internal/metrics
    scheme: https
    static_configs:
      - targets: ["orders:8080", orders:9090]
  - job_name: pods
    kubernetes_sd_configs:
      - role: pod
  - metrics_path: /x
"""


def rules(data: bytes) -> AlertRules:
    stated = read("rules.yml", data)
    assert isinstance(stated, AlertRules)
    return stated


def test_reads_a_rule_file() -> None:
    stated = rules(RULES)
    assert stated.gaps == ()
    assert stated.rules == (
        AlertRule(
            "alert",
            "OrdersDown",
            4,
            Query('up{job="orders"} == 0', 5, ("up",)),
            Amount(90, "1m30s", 6, 14),
            (("severity", "page"),),
            "orders",
            Amount(300, "5m", 7, 26),
        ),
        AlertRule(
            "record", "job:orders:rate5m", 10, Query("# comment\nsum(rate(orders_total[5m]))", 12, ("orders_total",)), group="orders"
        ),
    )


def test_reads_rule_objects_among_others() -> None:
    assert [(rule.name, rule.line, rule.group) for rule in rules(OBJECTS).rules] == [("A", 11, "a"), ("B", 17, "b")]


def test_says_which_rules_are_broken() -> None:
    stated = rules(b"groups:\n- rules:\n  - alert: A\n  - expr: up\n  - alert: B\n    expr: up\n    for: soon\n")
    assert [gap.line for gap in stated.gaps] == [3, 4, 7]
    assert [rule.name for rule in stated.rules] == ["B"]


def test_reads_scrape_jobs() -> None:
    stated = read("prometheus.yml", SCRAPE)
    assert isinstance(stated, ScrapeConfig)
    assert stated.jobs == (
        ScrapeJob("orders", 4, "/internal/metrics", (Text("orders:8080", 8, 19), Text("orders:9090", 8, 34)), False, "https"),
        ScrapeJob("pods", 9, discovered=True),
    )
    assert [gap.line for gap in stated.gaps] == [12]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("5m", 300), ("1h30m", 5400), ("100ms", 0.1), ("1y", 31_536_000), ("0", 0), ("5", None), ("", None), ("1m1h", None)],
)
def test_reads_durations(text: str, seconds: float | None) -> None:
    assert duration(text) == seconds


@given(st.binary(), st.sampled_from([RULES, OBJECTS, SCRAPE]), st.data())
def test_never_raises(part: bytes, text: bytes, data: st.DataObject) -> None:
    read("x.yml", part)
    position = data.draw(st.integers(0, len(text)))
    read("x.yml", text[:position] + part[:6] + text[position + len(part[:6]) :])
