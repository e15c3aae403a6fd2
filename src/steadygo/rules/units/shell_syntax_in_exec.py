"""The program gets `>>`, `|` or `&&` as arguments: systemd starts it without a shell.

Redirections, pipes, lists and command substitution in Exec lines are passed on as words. The program fails on them or, worse,
ignores them, and the log file that everybody looks for is never written.

Fix: use StandardOutput=append:PATH, several Exec lines or a script that ends in `exec`; or say `/bin/sh -c '…'` on purpose.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts.daemons import daemons
from steadygo.facts.repository import Repository
from steadygo.facts.units import exec_commands
from steadygo.findings import Confidence, Finding, Severity
from steadygo.rules.rule import Rule

_SYNTAX = {"|", "||", "&&", "&", ">", ">>", "<", "2>&1", "2>", "1>", "&>", "2>/dev/null", ">/dev/null"}
_SHELLS = {"sh", "bash", "dash", "ash", "busybox", "env"}
_LINES = ("ExecStartPre", "ExecStart", "ExecStartPost", "ExecReload", "ExecStop", "ExecStopPost")


def check(facts: Repository) -> Iterator[Finding]:
    for daemon in daemons(facts):
        for name in _LINES:
            for directive in daemon.unit.find_all("Service", name):
                for _, words in exec_commands(directive.value):
                    found = next((w for w in words[1:] if w in _SYNTAX or w.startswith(("$(", "`", ">>/", ">/"))), None)
                    if found is None or words[0].rpartition("/")[2] in _SHELLS:
                        continue
                    yield Finding(
                        f"{daemon.unit.name} passes `{found}` to {words[0]} as an argument: {name}= has no shell",
                        daemon.at(directive),
                        fix="Use StandardOutput=append:… for a log file, or start a script that ends in `exec`.",
                        service=daemon.name,
                    )


RULE = Rule(
    severity=Severity.DEGRADED,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    needs=("unit",),
    fails=(
        {"go.mod": "module a\n", "orders.service": "[Service]\n# want below\nExecStart=/usr/bin/orders >> /var/log/orders.log 2>&1\n"},
        {
            "go.mod": "module a\n",
            "a.service": "[Service]\n# want below\nExecStartPre=/bin/mkdir -p /run/a && chown a /run/a\nExecStart=/a\n",
        },
    ),
    passes=(
        {"go.mod": "module a\n", "orders.service": "[Service]\nExecStart=/bin/sh -c 'exec /usr/bin/orders >> /var/log/orders.log'\n"},
        {"go.mod": "module a\n", "orders.service": "[Service]\nExecStart=/usr/bin/orders --filter 'a > b'\n"},
        {"go.mod": "module a\n", "orders.service": "[Service]\nExecStart=/usr/bin/orders\nExecReload=/bin/kill -HUP $MAINPID\n"},
    ),
)
