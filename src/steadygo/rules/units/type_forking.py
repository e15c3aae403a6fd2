"""systemd takes the service for dead or never ready: Type=forking waits for a parent that exits, and a Go program does not fork.

A Go process cannot daemonise itself (fork without exec breaks its threads). With Type=forking systemd waits for the first
process to exit, runs into TimeoutStartSec= and kills it.

Fix: write Type=notify and send READY=1, or Type=exec.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts.daemons import daemons
from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Severity
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    for daemon in daemons(facts):
        kind = daemon.unit.find("Service", "Type")
        if kind is None or kind.value.strip() != "forking" or daemon.service is None or daemon.service.main is None:
            continue
        yield Finding(
            f"{daemon.unit.name} says Type=forking, but {daemon.service.name} is a Go program, which does not fork: the start times out",
            daemon.at(kind),
            fix="Write Type=notify (and send READY=1) or Type=exec.",
            service=daemon.name,
        )


RULE = Rule(
    severity=Severity.OUTAGE,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("unit",),
    fails={
        "go.mod": "module example.com/orders\n",
        "cmd/orders/main.go": "package main\n\nfunc main() {}\n",
        "orders.service": "[Service]\n# want below\nType=forking\nExecStart=/usr/bin/orders\n",
    },
    passes=(
        {
            "go.mod": "module example.com/orders\n",
            "cmd/orders/main.go": "package main\n\nfunc main() {}\n",
            "orders.service": "[Service]\nType=notify\nExecStart=/usr/bin/orders\n",
        },
        {"go.mod": "module a\n", "nginx.service": "[Service]\nType=forking\nExecStart=/usr/sbin/nginx\n"},
    ),
)
