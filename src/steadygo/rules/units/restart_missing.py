"""A program that ends, for whatever reason, stays down until somebody notices.

Without Restart= systemd leaves a stopped service stopped: a panic, an out-of-memory kill or a failed start at boot turns into
an outage that lasts until a person starts it by hand. Units of Type=oneshot and units started by a timer, a socket or D-Bus are
left out: they are started again.

Fix: set Restart=on-failure (or always) and a RestartSec= in [Service].
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts.daemons import daemons
from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Severity
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    activated = {u.name.rpartition(".")[0] for u in facts.units if u.name.endswith((".timer", ".socket", ".path"))}
    for daemon in daemons(facts):
        if daemon.value("Service", "Restart", "no") != "no" or daemon.value("Service", "Type") == "dbus":
            continue
        if daemon.unit.name.rpartition(".")[0] in activated:
            continue
        stated = daemon.unit.find("Service", "Restart")
        what = "says Restart=no" if stated else "does not say Restart="
        yield Finding(
            f"{daemon.unit.name} {what}: after a crash it stays down",
            daemon.at(stated),
            fix="Write Restart=on-failure and RestartSec=5 in [Service].",
            service=daemon.name,
        )


RULE = Rule(
    severity=Severity.DEGRADED,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    needs=("unit",),
    fails=(
        {"go.mod": "module a\n", "orders.service": "[Service]\n# want below\nExecStart=/usr/bin/orders\n"},
        {"go.mod": "module a\n", "orders.service": "[Service]\nExecStart=/usr/bin/orders\n# want below\nRestart=no\n"},
    ),
    passes=(
        {"go.mod": "module a\n", "orders.service": "[Service]\nExecStart=/usr/bin/orders\nRestart=always\n"},
        {"go.mod": "module a\n", "migrate.service": "[Service]\nType=oneshot\nExecStart=/usr/bin/migrate\n"},
        {
            "go.mod": "module a\n",
            "orders.service": "[Service]\nExecStart=/usr/bin/orders\n",
            "orders.service.d/restart.conf": "[Service]\nRestart=on-failure\n",
        },
        {
            "go.mod": "module a\n",
            "backup.service": "[Service]\nExecStart=/usr/bin/backup\n",
            "backup.timer": "[Timer]\nOnCalendar=daily\n",
        },
    ),
)
