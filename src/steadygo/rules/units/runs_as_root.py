"""A fault in the service is a fault of the whole host: the unit runs it as root.

Without User= or DynamicUser= the program has every right on the machine. Units of a user's own manager and units that drop
rights in another way (CapabilityBoundingSet= set, or a program that needs root, stated by AmbientCapabilities=) are left out.

Fix: write DynamicUser=yes or User=NAME; a port below 1024 needs AmbientCapabilities=CAP_NET_BIND_SERVICE.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts.daemons import daemons
from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Severity
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    for daemon in daemons(facts):
        if "/user/" in f"/{daemon.unit.path}" or daemon.value("Install", "WantedBy") == "default.target":
            continue
        if daemon.value("Service", "DynamicUser") in ("yes", "true", "1", "on"):
            continue
        user = daemon.unit.find("Service", "User")
        if (user and user.value.strip() not in ("root", "0")) or daemon.unit.find_all("Service", "CapabilityBoundingSet"):
            continue
        yield Finding(
            f"{daemon.unit.name} runs as root",
            daemon.at(user),
            fix="Write DynamicUser=yes, or User= with an account of its own.",
            service=daemon.name,
        )


RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    needs=("unit",),
    fails={"go.mod": "module a\n", "orders.service": "[Service]\n# want below\nExecStart=/usr/bin/orders\n"},
    passes=(
        {"go.mod": "module a\n", "orders.service": "[Service]\nUser=orders\nExecStart=/usr/bin/orders\n"},
        {"go.mod": "module a\n", "orders.service": "[Service]\nDynamicUser=yes\nExecStart=/usr/bin/orders\n"},
        {"go.mod": "module a\n", "user/orders.service": "[Service]\nExecStart=/usr/bin/orders\n[Install]\nWantedBy=default.target\n"},
    ),
)
