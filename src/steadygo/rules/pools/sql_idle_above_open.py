"""The pool keeps fewer idle connections than its settings say: more idle than open connections cannot be.

database/sql silently lowers SetMaxIdleConns to SetMaxOpenConns. Who reads the larger number tunes the wrong setting; most often the two
were swapped, and the pool is smaller than somebody believes.

Only numbers that are known in the same function on the same pool are compared.

Fix: set the idle connections to at most the open ones, or raise the open ones if that was meant.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Severity, because
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    for file, idle in facts.go.calls(".SetMaxIdleConns"):
        if not facts.ships(file.path) or not idle.args:
            continue
        function = facts.go.declared_function_at(file, idle.block)
        for other, opened in facts.go.calls(".SetMaxOpenConns"):
            if other is not file or opened.receiver != idle.receiver or facts.go.declared_function_at(file, opened.block) is not function:
                continue
            most = facts.go.number(file, opened.args[0], opened.block) if opened.args else None
            kept = facts.go.number(file, idle.args[0], idle.block)
            if most and kept and kept > most:
                yield Finding(
                    f"{kept:.0f} idle connections are asked for, but at most {most:.0f} may be open",
                    file.at(idle),
                    (because(file.at(opened), f"at most {most:.0f} are open"),),
                    f"Keep at most {most:.0f} idle, or allow {kept:.0f} to be open.",
                )


_MOD = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}
_MAIN = """package main

import ("database/sql"; _ "github.com/lib/pq")

const most = 10

func main() {
    db, _ := sql.Open("postgres", "postgres://db/orders")
    db.SetMaxOpenConns(most)
    db.SetMaxIdleConns(100) // want
}
"""

RULE = Rule(
    severity=Severity.NOTE,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    needs=("database",),
    fails={**_MOD, "main.go": _MAIN},
    passes=(
        {**_MOD, "main.go": _MAIN.replace("(100)", "(10)")},
        {**_MOD, "main.go": _MAIN.replace("(most)", "(0)")},
        {**_MOD, "main.go": _MAIN.replace("(most)", "(len(most))")},
        {**_MOD, "main.go": _MAIN.replace("db.SetMaxIdleConns", "other.SetMaxIdleConns")},
    ),
)
