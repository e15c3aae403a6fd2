"""The restart breaker is not in force: systemd ignores StartLimitIntervalSec= and StartLimitBurst= outside [Unit].

Since systemd 230 both belong to [Unit]; in [Service] only the old names StartLimitInterval= and StartLimitBurst= are still
understood. StartLimitIntervalSec= in [Service] is an unknown key: systemd logs a line at load and goes on with its defaults (5
starts in 10 s), which with the usual RestartSec= never trip or trip too early.

Fix: move the lines to [Unit].
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts.daemons import daemons
from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Severity
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    for daemon in daemons(facts):
        for directive in daemon.unit.find_all("Service", "StartLimitIntervalSec"):
            yield Finding(
                f"{daemon.unit.name} sets StartLimitIntervalSec= in [Service], where systemd ignores it",
                daemon.at(directive),
                fix=f"Move StartLimitIntervalSec={directive.value} to [Unit].",
                service=daemon.name,
            )


RULE = Rule(
    severity=Severity.DEGRADED,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    needs=("unit",),
    fails={
        "go.mod": "module a\n",
        "orders.service": "[Service]\nExecStart=/usr/bin/orders\n# want below\nStartLimitIntervalSec=60\nStartLimitBurst=5\n",
    },
    passes=(
        {"go.mod": "module a\n", "orders.service": "[Unit]\nStartLimitIntervalSec=60\n[Service]\nExecStart=/usr/bin/orders\n"},
        {"go.mod": "module a\n", "orders.service": "[Service]\nExecStart=/usr/bin/orders\nStartLimitInterval=60\nStartLimitBurst=5\n"},
    ),
)
