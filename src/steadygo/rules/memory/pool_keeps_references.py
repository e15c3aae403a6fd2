"""Memory stays high after a load peak: a sync.Pool gives back objects that still hold all they ever held.

What is put back without a reset keeps its contents: the next user sees a stranger's data, and what it points to cannot be freed
while the pool holds it.

A pool is reported when no place that takes from it or puts into it resets, truncates or clears the object. Pools of plain byte
slices, of readers, hashes and random sources are left out.

Fix: call Reset (or set the fields to zero) just before Put.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts.go import Assignment, Call, GoFile
from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Severity
from steadygo.rules.rule import Rule

_CLEARS = re.compile(r"reset|clear|truncate|free|init|release|recycle|clean|zero|empty|prepare|wipe", re.I)
_KEEPS = re.compile(r"(?:bytes\.Buffer|strings\.Builder)\b")


def check(facts: Repository) -> Iterator[Finding]:
    pools: dict[tuple[str, str], list[tuple[GoFile, Call]]] = {}
    for file, call in facts.go.calls("sync.Pool.Put", "sync.Pool.Get"):
        if facts.ships(file.path) and call.receiver:
            pools.setdefault((file.directory, call.receiver.rpartition(".")[2]), []).append((file, call))
    for (directory, pool), uses in pools.items():
        made = _made(facts, directory, pool)
        if made is None or not _KEEPS.search(made[1]) or any(_cleared(facts, file, call) for file, call in uses):
            continue
        for file, call in uses:
            if call.name.endswith(".Put") and call.args and re.fullmatch(r"\w+", call.args[0]):
                yield Finding(
                    f"{call.args[0]} goes back to the pool {pool} with its contents: the next user gets them too",
                    file.at(call),
                    fix=f"Call {call.args[0]}.Reset() just before.",
                )


def _made(facts: Repository, directory: str, pool: str) -> tuple[GoFile, str] | None:
    """The text of the pool's New, by the name of the variable or field it is given to."""
    for file in facts.go.packages[directory].files:
        for composite in file.composites:
            if composite.type == "sync.Pool":
                named = any(r.rpartition(".")[2] == pool for r in composite.results)
                declared = any(d.name == pool and d.line == composite.line for d in file.declarations)
                field = any(n == pool and v.startswith(("sync.Pool{", "&sync.Pool{")) for c in file.composites for n, v in c.fields)
                if named or declared or field:
                    return file, next((v for n, v in composite.fields if n == "New"), "")
    return None


def _cleared(facts: Repository, file: GoFile, call: Call) -> bool:
    """Whether the function around takes care of the object before or after it uses it."""
    function = facts.go.declared_function_at(file, call.block)
    if function is None:
        return True
    if call.name.endswith(".Put") and call.args and not re.fullmatch(r"\w+", call.args[0]):
        return True
    inside = [c for c in file.calls if function.line <= c.line <= function.end_line]
    if any(_CLEARS.search(c.name.rpartition(".")[2]) for c in inside if c is not call):
        return True
    if any(
        "[:0]" in v or n.startswith("*") for a in file.assignments if function.line <= a.line <= function.end_line for n, v in _pairs(a)
    ):
        return True
    return call.name.endswith(".Get") and call.use == "return"


def _pairs(assignment: Assignment) -> list[tuple[str, str]]:
    return list(zip(assignment.names, assignment.values, strict=False))


_MOD = {"go.mod": "module example.com/orders\n\ngo 1.25\n"}
_HEAD = (
    'package main\n\nimport (\n\t"bytes"\n\t"sync"\n)\n\nvar buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}\n\n'
    "func main() { render() }\n\nfunc render() string {\n\tb := buffers.Get().(*bytes.Buffer)\n"
)

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("go", "environment"),
    fails=(
        {**_MOD, "main.go": _HEAD + '\tdefer buffers.Put(b) // want\n\tb.WriteString("x")\n\treturn b.String()\n}\n'},
        {**_MOD, "main.go": _HEAD + '\tb.WriteString("x")\n\ttext := b.String()\n\tbuffers.Put(b) // want\n\treturn text\n}\n'},
    ),
    passes=(
        {**_MOD, "main.go": _HEAD + '\tb.Reset()\n\tdefer buffers.Put(b)\n\tb.WriteString("x")\n\treturn b.String()\n}\n'},
        {
            **_MOD,
            "main.go": _HEAD + '\tdefer put(b)\n\tb.WriteString("x")\n\treturn b.String()\n}\n\n'
            "func put(b *bytes.Buffer) {\n\tb.Reset()\n\tbuffers.Put(b)\n}\n",
        },
        {
            **_MOD,
            "main.go": 'package main\n\nimport "sync"\n\nvar blocks = sync.Pool{New: func() any { return make([]byte, 4096) }}\n\n'
            "func main() {\n\tb := blocks.Get().([]byte)\n\tblocks.Put(b)\n}\n",
        },
        {
            **_MOD,
            "main.go": 'package main\n\nimport (\n\t"hash/crc32"\n\t"sync"\n)\n\n'
            "var sums = sync.Pool{New: func() any { return crc32.NewIEEE() }}\n\n"
            "func main() {\n\th := sums.Get()\n\tsums.Put(h)\n}\n",
        },
    ),
)
