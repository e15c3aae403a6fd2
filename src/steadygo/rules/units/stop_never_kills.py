"""A hung service can never be stopped: a deploy or a reboot waits for it for ever.

TimeoutStopSec=infinity (or 0 with old meaning, TimeoutSec=infinity) and SendSIGKILL=no take away the last step of a stop.

Fix: give the drain a limit (TimeoutStopSec=90) and leave SIGKILL on.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts.daemons import daemons
from steadygo.facts.repository import Repository
from steadygo.facts.units import seconds
from steadygo.findings import Confidence, Finding, Severity
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    for daemon in daemons(facts):
        unit = daemon.unit
        limit = unit.find("Service", "TimeoutStopSec") or unit.find("Service", "TimeoutSec")
        kill = unit.find("Service", "SendSIGKILL")
        if limit is not None and seconds(limit.value) in (0.0, float("inf")):
            at, said = limit, f"{limit.name}={limit.value.strip()}"
        elif kill is not None and kill.value.strip() in ("no", "false", "0", "off"):
            at, said = kill, f"SendSIGKILL={kill.value.strip()}"
        else:
            continue
        yield Finding(
            f"{unit.name} says {said}: when it hangs, nothing stops it",
            daemon.at(at),
            fix="Write TimeoutStopSec= with the longest drain you allow, and leave SIGKILL on.",
            service=daemon.name,
        )


RULE = Rule(
    severity=Severity.DEGRADED,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    needs=("unit",),
    fails=(
        {"go.mod": "module a\n", "orders.service": "[Service]\nExecStart=/usr/bin/orders\n# want below\nTimeoutStopSec=infinity\n"},
        {"go.mod": "module a\n", "orders.service": "[Service]\nExecStart=/usr/bin/orders\n# want below\nSendSIGKILL=no\n"},
    ),
    passes=(
        {"go.mod": "module a\n", "orders.service": "[Service]\nExecStart=/usr/bin/orders\nTimeoutStopSec=2min\n"},
        {"go.mod": "module a\n", "orders.service": "[Service]\nExecStart=/usr/bin/orders\nTimeoutStartSec=infinity\n"},
    ),
)
