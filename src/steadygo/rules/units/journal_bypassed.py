"""The logs that everybody looks for in the journal are in a file that nobody rotates, until the disk is full.

StandardOutput= and StandardError= with file:, append: or truncate: write past the journal: no unit, no priority, no rate limit,
no rotation (a service that holds the file open goes on writing into the renamed one).

Fix: leave StandardOutput= at its default (the journal), or log to the journal with structured fields.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts.daemons import daemons
from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Severity
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    for daemon in daemons(facts):
        for name in ("StandardOutput", "StandardError"):
            directive = daemon.unit.find("Service", name)
            if directive is not None and directive.value.strip().startswith(("file:", "append:", "truncate:")):
                yield Finding(
                    f"{daemon.unit.name} writes past the journal ({name}=), to a file that nothing rotates",
                    daemon.at(directive),
                    fix="Remove the line: the journal keeps, rotates and finds the logs.",
                    service=daemon.name,
                )


RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("unit",),
    fails={"go.mod": "module a\n", "a.service": "[Service]\nExecStart=/a\n# want below\nStandardOutput=append:/var/log/a.log\n"},
    passes=(
        {"go.mod": "module a\n", "a.service": "[Service]\nExecStart=/a\nStandardOutput=journal\n"},
        {"go.mod": "module a\n", "a.service": "[Service]\nExecStart=/a\nStandardOutput=null\n"},
    ),
)
