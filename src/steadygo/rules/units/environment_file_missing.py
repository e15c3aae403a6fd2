"""The service does not start on a new host: its EnvironmentFile= is a must, and nothing here brings it.

A missing EnvironmentFile= without a leading `-` makes the start fail with "Failed to load environment files". The file is
neither in the repository nor written by an install line, a package or a template here.

Fix: bring the file with the unit, or write EnvironmentFile=-/path when the service can do without it.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from steadygo.facts.daemons import daemons
from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Severity
from steadygo.rules.rule import Rule

_TEMPLATES = (".example", ".sample", ".dist", ".template", ".in", ".default")


def check(facts: Repository) -> Iterator[Finding]:
    names = {posixpath.basename(p) for p in facts.paths}
    written = " ".join(c.text for _, _, c in facts.commands())
    for daemon in daemons(facts):
        for directive in daemon.unit.find_all("Service", "EnvironmentFile"):
            path = directive.value.strip()
            stem = posixpath.basename(path)
            if path.startswith(("-", "/run/")) or "%" in path or "$" in path or path in written:
                continue
            if any(
                n == stem or n.removesuffix(s) == stem
                for n in names
                for s in (".example", ".sample", ".dist", ".template", ".in", ".default")
            ):
                continue
            yield Finding(
                f"{daemon.unit.name} cannot start without {path}, and nothing here brings that file",
                daemon.at(directive),
                fix=f"Bring the file with the unit, or write EnvironmentFile=-{path}.",
                service=daemon.name,
            )


RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("unit",),
    fails={"go.mod": "module a\n", "a.service": "[Service]\nExecStart=/a\n# want below\nEnvironmentFile=/etc/default/a-settings\n"},
    passes=(
        {"go.mod": "module a\n", "a.service": "[Service]\nExecStart=/a\nEnvironmentFile=-/etc/default/a\n"},
        {"go.mod": "module a\n", "a.service": "[Service]\nExecStart=/a\nEnvironmentFile=/etc/a/a.env\n", "deploy/a.env": "A=1\n"},
        {
            "go.mod": "module a\n",
            "a.service": "[Service]\nExecStart=/a\nEnvironmentFile=/etc/a/b.env\n",
            "Makefile": "install:\n\tinstall -m 600 x.env /etc/a/b.env\n",
        },
    ),
)
