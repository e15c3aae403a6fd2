"""The host's systemd passes over a directive that it does not know yet: a protection, a limit or a restart rule is not in force there.

Only directives newer than systemd 252 (Debian 12, the oldest that most hosts run) are reported.

Fix: raise the least systemd that you support, or use the older directive.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts.daemons import daemons
from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Severity
from steadygo.rules.rule import Rule

_SINCE = {
    "RestartSteps": 254,
    "RestartMaxDelaySec": 254,
    "RestartMode": 254,
    "PrivatePIDs": 257,
    "MemoryZSwapWriteback": 256,
    "ExtraFileDescriptors": 256,
    "SurviveFinalKillSignal": 255,
}  # systemd's NEWS
_DEBIAN_12 = 252


def check(facts: Repository) -> Iterator[Finding]:
    for daemon in daemons(facts):
        for directive in daemon.unit.directives:
            since = _SINCE.get(directive.name, 0)
            if since > _DEBIAN_12:
                yield Finding(
                    f"{daemon.unit.name}: {directive.name}= needs systemd {since}; Debian 12 has {_DEBIAN_12} and passes over it",
                    daemon.at(directive),
                    fix=f"Make sure that every host has systemd {since}, or do without {directive.name}=.",
                    service=daemon.name,
                )


RULE = Rule(
    severity=Severity.NOTE,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("unit",),
    fails={"go.mod": "module a\n", "a.service": "[Service]\nExecStart=/a\nRestart=always\n# want below\nRestartSteps=5\n"},
    passes=(
        {"go.mod": "module a\n", "a.service": "[Service]\nExecStart=/a\nRestart=always\nRestartSec=5\n"},
        {"go.mod": "module a\n", "a.service": "[Service]\nExecStart=/a\nProtectProc=invisible\nExitType=cgroup\n"},
    ),
)
