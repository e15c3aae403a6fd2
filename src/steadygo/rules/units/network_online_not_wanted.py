"""After a reboot the service starts before the network: After=network-online.target orders, but does not ask for it.

network-online.target is only reached when something wants it. With After= alone the ordering has nothing to wait for on hosts
where no other unit wants it.

Fix: write Wants=network-online.target beside After=.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts.daemons import daemons
from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Severity
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    for daemon in daemons(facts):
        unit = daemon.unit
        asked = {w for n in ("Wants", "Requires", "BindsTo", "Requisite") for d in unit.find_all("Unit", n) for w in d.value.split()}
        for after in unit.find_all("Unit", "After"):
            if "network-online.target" in after.value.split() and "network-online.target" not in asked:
                yield Finding(
                    f"{unit.name} is ordered after network-online.target, but nothing asks for that target",
                    daemon.at(after),
                    fix="Write Wants=network-online.target in [Unit].",
                    service=daemon.name,
                )


RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    needs=("unit",),
    fails={
        "go.mod": "module a\n",
        "orders.service": "[Unit]\n# want below\nAfter=network-online.target\n[Service]\nExecStart=/usr/bin/orders\n",
    },
    passes=(
        {
            "go.mod": "module a\n",
            "orders.service": "[Unit]\nAfter=network-online.target\nWants=network-online.target\n[Service]\nExecStart=/usr/bin/orders\n",
        },
        {"go.mod": "module a\n", "orders.service": "[Unit]\nAfter=network.target\n[Service]\nExecStart=/usr/bin/orders\n"},
    ),
)
