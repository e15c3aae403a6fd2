"""The loop cannot be stopped: no case of its select leaves it, so shutdown does not reach the goroutine.

A `for { select { … } }` in which no case returns or breaks out runs until the process is killed, in the middle of whatever it does; what
waits for it waits in vain. Worse is `case <-ctx.Done(): break`: in Go that break leaves the select only, and since the channel of a
cancelled context is always ready, the loop then burns a whole core.

Errs on the side of silence: a loop that calls something that may exit or panic counts as one that ends. Without a context or
stop channel in reach the finding is a note.

Fix: add `case <-ctx.Done(): return`; to leave the loop from within the select use return or a labelled break.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts.go import GoFile
from steadygo.facts.gobody import Body, body
from steadygo.facts.goroutines import goroutines, started_often
from steadygo.facts.repository import Repository
from steadygo.facts.requestscope import context_at
from steadygo.findings import Confidence, Finding, Place, Severity, because
from steadygo.rules.rule import Rule

_DONE = re.compile(r"<-\s*[\w.]*(?:\.Done\(\)|(?i:done|quit|stop\w*|exit|clos\w+))\Z")


def check(facts: Repository) -> Iterator[Finding]:
    seen: set[Place] = set()
    for goroutine in goroutines(facts):
        file = goroutine.code_file
        view = body(facts.go, file)
        for loop in view.blocks(goroutine.function.block, "for", own=True):
            selects = view.blocks(loop, "select", own=True) if view.is_endless(loop) else []
            at = file.at(file.blocks[loop])
            if not selects or at in seen or view.leaves(loop):
                continue
            seen.add(at)
            start = because(goroutine.file.at(goroutine.call), "the goroutine is started here")
            if (spin := _spins(file, view, selects)) is not None:
                yield Finding(
                    f"once {file.blocks[spin].text.lstrip('<- ')} is closed this loop spins on a full core: break leaves only the select",
                    file.at(file.blocks[spin]),
                    (start,),
                    "Return there, or break to a label on the loop.",
                    severity=Severity.DEGRADED,
                )
                continue
            context = context_at(facts.go, file, loop)
            serious = bool(context or started_often(facts, goroutine))
            message = "no case of this loop's select ends it" + (f", though {context} is at hand" if context else "")
            yield Finding(
                message,
                at,
                (start,),
                f"Add `case <-{context or 'ctx'}.Done(): return`.",
                severity=None if serious else Severity.NOTE,
            )


def _spins(file: GoFile, view: Body, selects: list[int]) -> int | None:
    """The case that receives from a context's or stop channel's end and does nothing but break or continue."""
    for select in selects:
        for clause in view.blocks(select, "comm", own=True):
            block = file.blocks[clause]
            if block.parent != select or not block.text.endswith(".Done()") or not _DONE.search(block.text):
                continue
            jumps = [j for j in view.jumps(clause, own=True) if j.block == clause and j.kind in ("break", "continue") and not j.text]
            if jumps and all(c.name.endswith(".Done") for c in view.calls(clause)) and not view.assignments(clause):
                return clause
    return None


_MOD = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    fails=(
        {
            **_MOD,
            "main.go": """package main

import ("context"; "time")

func main() { go poll(context.Background()); go spin(context.Background()); select {} }

func poll(ctx context.Context) {
    ticker := time.NewTicker(time.Second)
    for { // want
        select {
        case <-ticker.C:
            read(ctx)
        }
    }
}

func spin(ctx context.Context) {
    for {
        select {
        case <-ctx.Done(): // want
            break
        case <-time.After(time.Second):
            read(ctx)
        }
    }
}

func read(ctx context.Context) {}
""",
        },
    ),
    passes=(
        {
            **_MOD,
            "main.go": """package main

import ("context"; "time"; "os")

func main() { go poll(context.Background()); go again(context.Background()); go last(); select {} }

func poll(ctx context.Context) {
loop:
    for {
        select {
        case <-time.After(time.Second):
        case <-ctx.Done():
            break loop
        }
    }
}

func again(ctx context.Context) {
    for {
        select {
        case <-time.After(time.Second):
        case <-ctx.Done():
            println("bye")
        }
        if ctx.Err() != nil { return }
    }
}

func last() {
    for {
        select {
        case <-time.After(time.Second):
            os.Exit(1)
        }
    }
}
""",
        },
    ),
)
