"""The restart breaker can never trip: a service that fails at every start is restarted for ever.

systemd gives up after StartLimitBurst= starts within StartLimitIntervalSec=. When RestartSec= times the burst is longer than
the interval, that many starts do not fit into it. Only units that state a limit are looked at: without one, restarting for ever
is a decision.

Fix: make the interval longer than RestartSec= times StartLimitBurst=, or leave the limit out.
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
        unit = daemon.unit
        interval = unit.find("Unit", "StartLimitIntervalSec") or unit.find("Service", "StartLimitInterval")
        burst = unit.find("Unit", "StartLimitBurst") or unit.find("Service", "StartLimitBurst")
        pause = unit.find("Service", "RestartSec")
        stated = burst or interval
        if stated is None or daemon.value("Service", "Restart", "no") == "no":
            continue
        within = seconds(interval.value) if interval else 10.0
        times = int(burst.value) if burst and burst.value.isdigit() else 5
        wait = seconds(pause.value) if pause else 0.1
        if not within or wait is None or not times or wait * times <= within:
            continue
        proof = (because(daemon.at(pause), f"each restart waits {wait:g} s"),) if pause else ()
        yield Finding(
            f"{unit.name}: {times} starts take at least {wait * times:g} s, the limit counts {within:g} s: it never trips",
            daemon.at(stated),
            proof,
            f"Write StartLimitIntervalSec={wait * times * 2:g} or more in [Unit].",
            daemon.name,
        )


RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    needs=("unit",),
    fails={
        "go.mod": "module a\n",
        "orders.service": "[Unit]\n# want below\nStartLimitBurst=5\nStartLimitIntervalSec=30\n"
        "[Service]\nExecStart=/usr/bin/orders\nRestart=always\nRestartSec=10\n",
    },
    passes=(
        {
            "go.mod": "module a\n",
            "orders.service": "[Unit]\nStartLimitBurst=5\nStartLimitIntervalSec=60\n[Service]\nExecStart=/a\nRestart=always\n"
            "RestartSec=10\n",
        },
        {"go.mod": "module a\n", "orders.service": "[Service]\nExecStart=/usr/bin/orders\nRestart=always\nRestartSec=10\n"},
        {
            "go.mod": "module a\n",
            "orders.service": "[Unit]\nStartLimitIntervalSec=0\n[Service]\nExecStart=/a\nRestart=always\nRestartSec=9\n",
        },
    ),
)
