"""The watchdog kills a hung service and leaves it dead: Restart= does not cover the watchdog.

A watchdog timeout counts as a failure of its own kind. Restart=on-failure, on-abnormal, on-watchdog and always start the
service again; with no Restart=, on-success or on-abort the watchdog turns a hang into an outage.

Fix: write Restart=on-failure or Restart=on-watchdog.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts.daemons import daemons
from steadygo.facts.repository import Repository
from steadygo.facts.units import seconds
from steadygo.findings import Confidence, Finding, Severity, because
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    for daemon in daemons(facts):
        watchdog = daemon.unit.find("Service", "WatchdogSec")
        restart = daemon.unit.find("Service", "Restart")
        said = daemon.value("Service", "Restart", "no")
        if watchdog is None or not seconds(watchdog.value) or said in ("always", "on-failure", "on-abnormal", "on-watchdog"):
            continue
        proof = (because(daemon.at(restart), f"Restart={said} does not cover a watchdog timeout"),) if restart else ()
        yield Finding(
            f"{daemon.unit.name} is killed by its watchdog and not started again (Restart={said})",
            daemon.at(watchdog),
            proof,
            "Write Restart=on-failure.",
            daemon.name,
        )


RULE = Rule(
    severity=Severity.OUTAGE,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    needs=("unit",),
    fails={
        "go.mod": "module a\n",
        "orders.service": "[Service]\nType=notify\nExecStart=/usr/bin/orders\nRestart=on-success\n# want below\nWatchdogSec=20\n",
    },
    passes=(
        {"go.mod": "module a\n", "orders.service": "[Service]\nType=notify\nExecStart=/a\nRestart=on-failure\nWatchdogSec=20\n"},
        {"go.mod": "module a\n", "orders.service": "[Service]\nType=notify\nExecStart=/a\nRestart=always\nWatchdogSec=20\n"},
        {"go.mod": "module a\n", "orders.service": "[Service]\nExecStart=/a\nRestart=no\n"},
    ),
)
