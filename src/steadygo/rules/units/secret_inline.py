"""Everybody who can log in to the host reads the secret: it stands in the unit file.

Environment= of a unit is shown by `systemctl show` and `systemctl cat` to every user, and the file is in version control.

Fix: use LoadCredential= or an EnvironmentFile= with mode 0600 that is not in the repository, and change the secret.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts.daemons import daemons
from steadygo.facts.repository import Repository
from steadygo.facts.secrets import is_secret
from steadygo.facts.units import environment
from steadygo.findings import Confidence, Finding, Severity
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    for daemon in daemons(facts):
        for directive in daemon.unit.find_all("Service", "Environment"):
            for name, value in environment(directive.value):
                if value and not value.startswith(("%", "$", "/")) and is_secret(name, value):
                    yield Finding(
                        f"{daemon.unit.name} holds the secret {name} in clear text",
                        daemon.at(directive),
                        fix="Use LoadCredential=, or an EnvironmentFile= of mode 0600 outside of the repository, and change the secret.",
                        service=daemon.name,
                    )


RULE = Rule(
    severity=Severity.DEGRADED,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("unit",),
    fails={
        "go.mod": "module a\n",
        "a.service": "[Service]\nExecStart=/a\n# want below\nEnvironment=DATABASE_URL=postgres://orders:w8tr9sPk@db1:5432/orders\n",
    },
    passes=(
        {"go.mod": "module a\n", "a.service": "[Service]\nExecStart=/a\nEnvironment=DATABASE_URL=postgres://db1:5432/orders\n"},
        {"go.mod": "module a\n", "a.service": "[Service]\nExecStart=/a\nEnvironment=TOKEN_FILE=%d/token PASSWORD_FILE=/run/p\n"},
        {"go.mod": "module a\n", "a.service": "[Service]\nExecStart=/a\nLoadCredential=token:/etc/a/token\n"},
    ),
)
