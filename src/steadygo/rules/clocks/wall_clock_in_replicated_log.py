"""Replicas drift apart: each applies the same log entry with its own time.

A replicated state machine must give the same result on every node and on every replay. Time (or a random number) that is read while an
entry is applied differs from node to node and again after a restart: snapshots no longer agree, expiries differ, and a failover
changes data that clients have already seen.

Looked at are Apply of hashicorp/raft and Update of dragonboat state machines, and functions of this repository that they call
directly, two levels deep. Time that only goes into logs or metrics is left out.

Fix: let the leader put the time into the entry when it proposes it, and use that while applying.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts.go import Call, Function, GoFile
from steadygo.facts.repository import Repository
from steadygo.findings import Because, Confidence, Finding, Severity
from steadygo.rules.rule import Rule

_ENTRY = re.compile(r"(?:hashicorp/raft\.|^\*?raft\.)Log$|dragonboat.*statemachine\.Entry$")
_CHANGING = ("time.Now", "math/rand.Int", "math/rand.Intn", "math/rand/v2.Int", "math/rand/v2.IntN", "github.com/google/uuid.New")
_LEVELS = 2


def check(facts: Repository) -> Iterator[Finding]:
    for path in ("github.com/hashicorp/raft", "github.com/lni/dragonboat"):
        for file in facts.go.importers(path):
            for function in file.functions:
                if facts.ships(file.path) and _applies(function):
                    yield from _inside(facts, file, function, Because(file.path, function.line, "every replica runs this"), _LEVELS)


def _applies(function: Function) -> bool:
    return function.name in ("Apply", "ApplyBatch", "Update") and any(_ENTRY.search(t.lstrip("*[]")) for _, t in function.params)


def _inside(facts: Repository, file: GoFile, function: Function, root: Because, levels: int) -> Iterator[Finding]:
    for call in file.calls:
        if not function.line <= call.line <= function.end_line or call.block < function.block:
            continue
        if call.name in _CHANGING and not _measured(file, function, call):
            yield Finding(
                f"{function.name} reads {call.name.rpartition('/')[2]} while a replicated entry is applied: replicas differ",
                file.at(call),
                (root,),
                "Put the value into the entry when it is proposed, and use that.",
            )
        elif levels and call.mode != "go":
            callees = facts.go.callees(file, call)
            if len(callees) == 1:
                yield from _inside(facts, *callees[0], root, levels - 1)


def _measured(file: GoFile, function: Function, call: Call) -> bool:
    """Whether the time only measures how long it took."""
    if len(call.results) != 1:
        return any(c.line == call.line and re.search(r"Since|Measure|Observe|Log|Print|Debug|Info", c.name) for c in file.calls)
    name = call.results[0]
    uses = [c for c in file.calls if function.line <= c.line <= function.end_line and (name in c.args or c.receiver == name)]
    return bool(uses) and all(re.search(r"Since$|Sub$|Measure|Observe", c.name) for c in uses)


_MOD = {"go.mod": "module example.com/orders\n\ngo 1.25\n"}
_HEAD = (
    'package main\n\nimport (\n\t"time"\n\n\t"github.com/hashicorp/raft"\n)\n\n'
    "type machine struct{ at map[string]int64 }\n\nfunc main() {}\n\n"
)
_APPLY = "func (m *machine) Apply(entry *raft.Log) any {\n"

RULE = Rule(
    severity=Severity.DEGRADED,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("import:github.com/hashicorp/raft",),
    fails=(
        {**_MOD, "main.go": _HEAD + _APPLY + "\tm.at[string(entry.Data)] = time.Now().Unix() // want\n\treturn nil\n}\n"},
        {
            **_MOD,
            "main.go": _HEAD + _APPLY + "\tm.put(string(entry.Data))\n\treturn nil\n}\n\n"
            "func (m *machine) put(k string) { m.at[k] = time.Now().Unix() } // want\n",
        },
    ),
    passes=(
        {**_MOD, "main.go": _HEAD + _APPLY + "\tm.at[string(entry.Data)] = entry.AppendedAt.Unix()\n\treturn nil\n}\n"},
        {**_MOD, "main.go": _HEAD + _APPLY + "\tstart := time.Now()\n\tprintln(time.Since(start))\n\treturn nil\n}\n"},
        {**_MOD, "main.go": _HEAD + "func (m *machine) Apply(name string) { m.at[name] = time.Now().Unix() }\n\nvar _ raft.Log\n"},
    ),
)
