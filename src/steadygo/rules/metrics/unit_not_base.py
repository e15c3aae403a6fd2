"""A metric in another unit than its neighbours: dashboards and alerts that join them are wrong by a factor of a thousand.

Prometheus' base units are seconds, bytes and ratios from 0 to 1. A metric in milliseconds, minutes, kilobytes or percent cannot be compared
with those of the runtime, the database driver or the proxy, and Prometheus' default buckets (5 ms to 10 s, in seconds) do not fit it.

Fix: record seconds (`time.Since(start).Seconds()`), bytes or ratios, and name the unit last (`…_seconds`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts import metrics
from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Severity
from steadygo.rules.rule import Rule

_UNIT = re.compile(
    r"_(?P<unit>ms|millis|msec|milliseconds?|us|micros|microseconds?|ns|nanos|nanoseconds?|minutes?|hours?|days?|kb|kib|kilobytes?|mb|mib"
    r"|megabytes?|gb|gib|gigabytes?|percent|percentage|pct)(?:_total|_count|_sum)?\Z"
)
_BASE = {"m": "seconds", "u": "seconds", "n": "seconds", "h": "seconds", "d": "seconds", "k": "bytes", "g": "bytes", "p": "ratio"}


def check(facts: Repository) -> Iterator[Finding]:
    told: set[str] = set()
    for metric in metrics.of(facts.go).all:
        found = _UNIT.search(metric.name)
        if not found or not metric.whole or metric.opentelemetry or metric.name in told or not facts.ships(metric.at.path):
            continue
        told.add(metric.name)
        unit = found["unit"]
        base = "bytes" if unit in ("mb", "mib") or unit.startswith("mega") else _BASE[unit[0]]
        yield Finding(
            f"The metric {metric.name} is not in base units ({unit} instead of {base})", metric.at, fix=f"Record {base} and name it so."
        )


_IMPORT = 'package main\n\nimport "github.com/prometheus/client_golang/prometheus"\n\n'
_MAIN = "\nfunc main() {}\n"
_MODULE = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}


def _gauge(name: str, end: str = "") -> dict[str, str]:
    return {**_MODULE, "main.go": f'{_IMPORT}var a = prometheus.NewGauge(prometheus.GaugeOpts{{Name: "{name}"}}){end}{_MAIN}'}


RULE = Rule(
    severity=Severity.NOTE,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    needs=("import:github.com/prometheus/client_golang",),
    fails=(
        _gauge("orders_wait_ms", " // want"),
        _gauge("orders_sent_kilobytes_total", " // want"),
        _gauge("orders_full_percent", " // want"),
    ),
    passes=(
        _gauge("orders_wait_seconds"),
        _gauge("orders_alarms"),
        _gauge("orders_sent_bytes_total"),
        _gauge("orders_last_3_days_count_x"),
    ),
)
