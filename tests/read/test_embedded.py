"""Files inside ConfigMaps."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from steadygo.facts.observing import AlertRules, Dashboard, ScrapeConfig
from steadygo.facts.workloads import Manifests
from steadygo.read.dispatch import read_artefacts
from steadygo.read.embedded import may_hold, read

CONFIG = b"""apiVersion: v1
kind: Service
metadata: {name: prometheus}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: prometheus}
data:
  prometheus.yml: |
    scrape_configs:
      - job_name: orders
  alerts: |-
    groups:
      - name: a
        rules:
          - alert: A
            expr: up == 0
  orders.json: |
    {"annotations": {}, "title": "Orders", "panels": [
      {"title": "P", "targets": [{"expr": "up"}]}]}
  folded.yml: >
    groups: [{name: b, rules: [{alert: B, expr: up}]}]
  note: not a file
"""


def test_reads_files_at_their_lines_in_the_outer_file() -> None:
    scrape, alerts, dashboard = read("k8s.yaml", CONFIG)
    assert isinstance(scrape, ScrapeConfig) and isinstance(alerts, AlertRules) and isinstance(dashboard, Dashboard)
    assert [(job.name, job.line) for job in scrape.jobs] == [("orders", 11)]
    assert [(rule.name, rule.line, rule.query.line) for rule in alerts.rules] == [("A", 16, 17)]
    assert [(panel.title, panel.line) for panel in dashboard.panels] == [("P", 20)]
    assert {artefact.path for artefact in (scrape, alerts, dashboard)} == {"k8s.yaml"}


def test_a_kubernetes_file_gives_its_objects_and_its_files() -> None:
    artefacts = read_artefacts("k8s.yaml", CONFIG, "kubernetes")
    assert [type(artefact) for artefact in artefacts] == [Manifests, ScrapeConfig, AlertRules, Dashboard]


def test_rules_and_other_objects_in_one_file_are_both_read() -> None:
    both = b"kind: PrometheusRule\nspec: {groups: [{rules: [{alert: A, expr: up}]}]}\n---\n"
    both += b"apiVersion: v1\nkind: Service\nmetadata: {name: a}\n"
    for kind in ("kubernetes", "prometheus-rules"):
        artefacts = read_artefacts("k8s.yaml", both, kind)
        assert {type(artefact) for artefact in artefacts} == {Manifests, AlertRules}
    assert not may_hold(both)


def test_a_mention_of_rules_is_no_rule() -> None:
    text = b"apiVersion: v1\nkind: Role\nmetadata: {name: a}\nspec: {kind: PrometheusRule}\n"
    assert [type(artefact) for artefact in read_artefacts("k8s.yaml", text, "kubernetes")] == [Manifests]


@given(st.integers(0, len(CONFIG)), st.binary(max_size=5))
def test_never_raises_on_mutated_input(position: int, part: bytes) -> None:
    read("k8s.yaml", CONFIG[:position] + part + CONFIG[position + len(part) :])
