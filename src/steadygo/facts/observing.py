"""Prometheus rules and scrape configuration, Grafana dashboards."""

from __future__ import annotations

import msgspec

from steadygo.facts.place import Amount, Gap, Text


class Query(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A PromQL expression and the metric names it selects."""

    text: str
    line: int
    metrics: tuple[str, ...] = ()


class AlertRule(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """kind: alert record. `hold` is `for:` in seconds."""

    kind: str
    name: str
    line: int
    query: Query
    hold: Amount | None = None
    labels: tuple[tuple[str, str], ...] = ()
    group: str = ""
    keep_firing: Amount | None = None  # `keep_firing_for:` in seconds


class AlertRules(msgspec.Struct, frozen=True, array_like=True, tag="alerts", gc=False):
    """A Prometheus rule file, or a PrometheusRule object."""

    path: str
    rules: tuple[AlertRule, ...] = ()
    gaps: tuple[Gap, ...] = ()


class ScrapeJob(msgspec.Struct, frozen=True, array_like=True, gc=False):
    name: str
    line: int
    path: str = "/metrics"
    targets: tuple[Text, ...] = ()  # host:port
    discovered: bool = False  # kubernetes_sd_configs and the like
    scheme: str = "http"


class ScrapeConfig(msgspec.Struct, frozen=True, array_like=True, tag="scrape", gc=False):
    """prometheus.yml."""

    path: str
    jobs: tuple[ScrapeJob, ...] = ()
    gaps: tuple[Gap, ...] = ()


class Panel(msgspec.Struct, frozen=True, array_like=True, gc=False):
    title: str
    line: int
    queries: tuple[Query, ...] = ()


class Dashboard(msgspec.Struct, frozen=True, array_like=True, tag="dashboard", gc=False):
    path: str
    title: str = ""
    panels: tuple[Panel, ...] = ()
    gaps: tuple[Gap, ...] = ()
