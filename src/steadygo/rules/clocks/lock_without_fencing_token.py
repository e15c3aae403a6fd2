"""A holder that was asleep still writes: the lock gives it no token that the store could refuse.

A lease runs out while its holder is in a long pause (a collection, a frozen VM, a slow disk). The next holder starts, the first wakes
up, does not know and writes too. Only a number that grows with each new holder, sent along with every write and checked there,
keeps the two apart.

Looked at are functions that take a lease or lock with an INSERT, UPDATE or SETNX of their own. A token, epoch, version, term,
generation or revision in the statement or in the function counts.

Fix: count up a token with each new holder, return it from the acquisition and refuse writes with an older one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts.leases import lease_code
from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Severity
from steadygo.rules.rule import Rule

_TOKEN = re.compile(r"token|fenc|epoch|version|term\b|generation|revision|\bseq|sequence|counter|nonce|RETURNING", re.I)
_TAKES = re.compile(r"acquire|lock|lease|elect|obtain|claim|renew|campaign", re.I)
_WRITES = re.compile(r"\b(?:INSERT\s+INTO|UPDATE)\s+[\w.\"`]*(?:lease|lock|leader)\w*|ON CONFLICT", re.I)


def check(facts: Repository) -> Iterator[Finding]:
    for code in lease_code(facts):
        if not facts.ships(code.file.path) or not _TAKES.search(code.function.name):
            continue
        taking = [c for c in code.stores if _WRITES.search(" ".join(c.args)) or c.name.endswith(".SetNX")]
        texts = [*code.function.results, *(t for c in code.calls for t in (c.name, *c.args))]
        if taking and not any(_TOKEN.search(t) for t in texts):
            yield Finding(
                f"{code.function.name} takes a lease without a fencing token: a holder that wakes up late writes beside the new one",
                code.file.at(taking[0]),
                fix="Count up a token with each new holder, return it, and refuse writes that carry an older one.",
            )


_MOD = {"go.mod": "module example.com/orders\n\ngo 1.25\n"}
_HEAD = 'package main\n\nimport (\n\t"context"\n\t"database/sql"\n)\n\nfunc main() { _ = AcquireLease(context.Background(), nil) }\n\n'
_ACQUIRE = "func AcquireLease(ctx context.Context, db *sql.DB) error {\n"

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    fails={
        **_MOD,
        "main.go": _HEAD
        + _ACQUIRE
        + '\t_, err := db.ExecContext(ctx, "UPDATE leases SET holder = $1 WHERE ends < now()", "me") // want\n\treturn err\n}\n',
    },
    passes=(
        {
            **_MOD,
            "main.go": _HEAD
            + _ACQUIRE
            + '\t_, err := db.ExecContext(ctx, "UPDATE leases SET holder = $1, token = token + 1", "me")\n\treturn err\n}\n',
        },
        {
            **_MOD,
            "main.go": _HEAD.replace("Acquire", "Show")
            + _ACQUIRE.replace("Acquire", "Show")
            + '\treturn db.QueryRowContext(ctx, "SELECT holder FROM leases").Err()\n}\n',
        },
        {
            **_MOD,
            "main.go": _HEAD.replace("AcquireLease", "AddOrder")
            + _ACQUIRE.replace("AcquireLease", "AddOrder")
            + '\t_, err := db.ExecContext(ctx, "INSERT INTO orders (id) VALUES (1)")\n\treturn err\n}\n',
        },
    ),
)
