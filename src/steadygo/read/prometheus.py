"""Prometheus: rule files, PrometheusRule objects, the scrape configuration."""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts.observing import AlertRule, AlertRules, Query, ScrapeConfig, ScrapeJob
from steadygo.facts.place import Amount, Gap, Text
from steadygo.read.promql import metrics
from steadygo.read.yaml_nodes import Documents, Node, load

_DURATION = re.compile(r"(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?")
_SECONDS = (31_536_000.0, 604_800.0, 86_400.0, 3600.0, 60.0, 1.0, 0.001)
_RULE_KINDS = frozenset({"PrometheusRule", "VMRule"})


def read(path: str, data: bytes) -> AlertRules | ScrapeConfig:
    """Rules, or the scrape jobs when the file is a prometheus.yml. Other objects in a Kubernetes file are passed over."""
    documents = load(data)
    if any(document.get("scrape_configs") is not None and document.get("kind") is None for document in documents.documents):
        return _scrapes(path, documents)
    rules: list[AlertRule] = []
    gaps = list(documents.gaps)
    for document in documents.documents:
        for groups in _groups(document):
            for group in groups.elements():
                for rule in (group.get("rules") or group).elements():
                    stated = _rule(rule, group.text_at("name"), gaps)
                    if stated is not None:
                        rules.append(stated)
    return AlertRules(path, tuple(rules), tuple(gaps))


def duration(text: str) -> float | None:
    """A Prometheus duration ("1h30m", "0") in seconds; None when Prometheus refuses it."""
    if text == "0":
        return 0.0
    match = _DURATION.fullmatch(text) if text and len(text) < 100 else None
    if match is None:
        return None
    return sum(int(number) * seconds for number, seconds in zip(match.groups(), _SECONDS, strict=True) if number)


def _groups(document: Node) -> Iterator[Node]:
    if document.get("kind") is None:
        groups = document.get("groups")
        if groups is not None:
            yield groups
        return
    for item in (document, *(document.get("items") or document).elements()):
        groups = item.get("spec", "groups")
        if item.text_at("kind") in _RULE_KINDS and groups is not None:
            yield groups


def _rule(node: Node, group: str, gaps: list[Gap]) -> AlertRule | None:
    kind = "alert" if node.get("alert") is not None else "record"
    key = node.key(kind)
    expression = node.get("expr")
    if key is None or expression is None or expression.text is None:
        gaps.append(Gap(node.line, "a rule without " + ("alert: or record:" if key is None else "expr:")))
        return None
    query = Query(expression.text.strip(), expression.text_line, metrics(expression.text))
    labels = tuple((name, value.text or "") for name, value in (node.get("labels") or Node("mapping", 1, 1)).named_items())
    hold = _amount(node.get("for"), gaps)
    return AlertRule(kind, node.text_at(kind), key.line, query, hold, labels, group, _amount(node.get("keep_firing_for"), gaps))


def _amount(node: Node | None, gaps: list[Gap]) -> Amount | None:
    if node is None or node.text is None:
        return None
    value = duration(node.text)
    if value is None:
        gaps.append(Gap(node.line, f"not a duration: {node.text[:60]}"))
        return None
    return Amount(value, node.text, node.line, node.column)


def _scrapes(path: str, documents: Documents) -> ScrapeConfig:
    jobs: list[ScrapeJob] = []
    gaps = list(documents.gaps)
    for document in documents.documents:
        for node in (document.get("scrape_configs") or document).elements():
            key = node.key("job_name")
            if key is None:
                gaps.append(Gap(node.line, "a scrape configuration without job_name:"))
                continue
            targets = [
                Text(target.text, target.line, target.column)
                for static in (node.get("static_configs") or node).elements()
                for target in (static.get("targets") or static).elements()
                if target.text is not None
            ]
            jobs.append(
                ScrapeJob(
                    node.text_at("job_name"),
                    key.line,
                    node.text_at("metrics_path") or "/metrics",
                    tuple(targets),
                    any(name.endswith("_sd_configs") for name, _ in node.named_items()),
                    node.text_at("scheme") or "http",
                )
            )
    return ScrapeConfig(path, tuple(jobs), tuple(gaps))
