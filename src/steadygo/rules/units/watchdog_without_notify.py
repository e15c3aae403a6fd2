"""The watchdog kills a healthy service: WatchdogSec= is set, but systemd accepts no message from it.

WATCHDOG=1 only counts when the unit takes notifications: Type=notify, notify-reload, or NotifyAccess= other than none.
Otherwise every message is thrown away and the service is killed after WatchdogSec=, for ever.

Fix: write Type=notify (and send READY=1 and WATCHDOG=1 from the program), or remove WatchdogSec=.
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
        watchdog = daemon.unit.find("Service", "WatchdogSec")
        if watchdog is None or not seconds(watchdog.value):
            continue
        kind = daemon.value("Service", "Type", "simple")
        if kind in ("notify", "notify-reload") or daemon.value("Service", "NotifyAccess", "none") != "none":
            continue
        yield Finding(
            f"{daemon.unit.name} is killed {seconds(watchdog.value):g} s after its start: "
            f"WatchdogSec= is set, but Type={kind} takes no WATCHDOG=1",
            daemon.at(watchdog),
            fix="Write Type=notify and send READY=1 and WATCHDOG=1, or remove WatchdogSec=.",
            service=daemon.name,
        )


RULE = Rule(
    severity=Severity.OUTAGE,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    needs=("unit",),
    fails={"go.mod": "module a\n", "orders.service": "[Service]\nExecStart=/usr/bin/orders\n# want below\nWatchdogSec=20\n"},
    passes=(
        {"go.mod": "module a\n", "orders.service": "[Service]\nType=notify\nExecStart=/usr/bin/orders\nWatchdogSec=20\n"},
        {"go.mod": "module a\n", "orders.service": "[Service]\nNotifyAccess=main\nExecStart=/usr/bin/orders\nWatchdogSec=20\n"},
        {"go.mod": "module a\n", "orders.service": "[Service]\nExecStart=/usr/bin/orders\nWatchdogSec=0\n"},
    ),
)
