"""A fault in the service reaches the whole host: the unit uses none of systemd's protections.

Not one of the sandboxing directives (NoNewPrivileges=, ProtectSystem=, PrivateTmp=, CapabilityBoundingSet= …) is set.

Fix: begin with NoNewPrivileges=yes, ProtectSystem=strict, ProtectHome=yes, PrivateTmp=yes and StateDirectory=; `systemd-analyze
security` tells more.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts.daemons import daemons
from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Severity
from steadygo.rules.rule import Rule

_PROTECTIONS = (
    "Protect",
    "Private",
    "Restrict",
    "NoNewPrivileges",
    "CapabilityBoundingSet",
    "SystemCallFilter",
    "DynamicUser",
    "ReadOnlyPaths",
)


def check(facts: Repository) -> Iterator[Finding]:
    for daemon in daemons(facts):
        if not any(d.section == "Service" and d.name.startswith(_PROTECTIONS) for d in daemon.unit.directives):
            yield Finding(
                f"{daemon.unit.name} uses none of systemd's protections",
                daemon.at(),
                fix="Begin with NoNewPrivileges=yes, ProtectSystem=strict, ProtectHome=yes and PrivateTmp=yes.",
                service=daemon.name,
            )


RULE = Rule(
    severity=Severity.NOTE,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    needs=("unit",),
    fails={"go.mod": "module a\n", "a.service": "[Service]\n# want below\nExecStart=/a\n"},
    passes=(
        {"go.mod": "module a\n", "a.service": "[Service]\nExecStart=/a\nNoNewPrivileges=yes\n"},
        {"go.mod": "module a\n", "a.service": "[Service]\nExecStart=/a\n", "a.service.d/h.conf": "[Service]\nProtectSystem=full\n"},
    ),
)
