"""Old processes live on after a restart, hold the port or the lock, and the new ones cannot start.

KillMode=process signals only the main process, KillMode=none nothing at all. Whatever the service has started stays behind in
its cgroup; systemd itself warns against both.

Fix: remove KillMode= (control-group is the default), or write KillMode=mixed.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts.daemons import daemons
from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Severity
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    for daemon in daemons(facts):
        mode = daemon.unit.find("Service", "KillMode")
        if mode is None or mode.value.strip() not in ("process", "none"):
            continue
        yield Finding(
            f"{daemon.unit.name} says KillMode={mode.value.strip()}: what it has started survives a stop",
            daemon.at(mode),
            fix="Remove the line, or write KillMode=mixed.",
            service=daemon.name,
        )


RULE = Rule(
    severity=Severity.DEGRADED,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("unit",),
    fails={"go.mod": "module a\n", "orders.service": "[Service]\nExecStart=/usr/bin/orders\n# want below\nKillMode=process\n"},
    passes=(
        {"go.mod": "module a\n", "orders.service": "[Service]\nExecStart=/usr/bin/orders\nKillMode=mixed\n"},
        {"go.mod": "module a\n", "orders.service": "[Service]\nExecStart=/usr/bin/orders\n"},
    ),
)
