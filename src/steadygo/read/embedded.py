"""Prometheus files and dashboards that stand inside a ConfigMap."""

from __future__ import annotations

from steadygo.facts.observing import AlertRules, Dashboard, ScrapeConfig
from steadygo.read import grafana, prometheus
from steadygo.read.recognise import recognise
from steadygo.read.yaml_nodes import Node, load

_READERS = {"prometheus-rules": prometheus.read, "prometheus-config": prometheus.read, "dashboard": grafana.read}
_MARKS = (b"scrape_configs:", b"expr:", b'"expr"')
_HEAD = 8192
_MOST_LINES = 200_000  # put in front of embedded files, in one file


def may_hold(data: bytes) -> bool:
    """A cheap look: whether it is worth to search `data`."""
    return b"ConfigMap" in data and any(mark in data for mark in _MARKS)


def read(path: str, data: bytes) -> tuple[AlertRules | ScrapeConfig | Dashboard, ...]:
    """What the files of all ConfigMaps state, at their lines in the outer file. Only block scalars (`|`) keep their lines."""
    found: list[AlertRules | ScrapeConfig | Dashboard] = []
    left = _MOST_LINES
    for document in load(data).documents:
        for item in (document, *(document.get("items") or Node("sequence", 1, 1)).elements()):
            entries = item.get("data") if item.text_at("kind") == "ConfigMap" else None
            for key, node in entries.named_items() if entries is not None else ():
                text = (node.text or "").encode() if node.style == "|" else b""
                kind = recognise(key, text[:_HEAD]) or recognise(f"{key}.yaml", text[:_HEAD])
                left -= node.text_line if kind in _READERS else 0
                if text and kind in _READERS and left > 0:
                    found.append(_READERS[kind](path, b"\n" * (node.text_line - 1) + text))
    return tuple(found)
