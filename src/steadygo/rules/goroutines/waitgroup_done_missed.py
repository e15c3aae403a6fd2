"""Wait never returns: on one path the goroutine ends without Done.

A return before wg.Done() leaves the counter above zero. Whoever waits, most often the shutdown or a request, hangs until it is killed; it
happens only when the early return is taken, which is usually an error path that no test runs.

Reported where a return stands before the only Done calls of the goroutine's closure and nothing defers one.

Fix: `defer wg.Done()` as the goroutine's first statement.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts.go import Call, Jump
from steadygo.facts.gobody import Body, body
from steadygo.facts.goroutines import goroutines
from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Place, Severity, because
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    seen: set[Place] = set()
    for goroutine in goroutines(facts):
        if goroutine.group:
            continue
        file, view = goroutine.code_file, body(facts.go, goroutine.code_file)
        block = goroutine.function.block
        done = [c for c in view.calls(block) if c.name == "sync.WaitGroup.Done"]
        if not done or len({c.receiver for c in done}) > 1 or any(c.mode or view.owner[c.block] != block for c in done):
            continue
        for jump in view.jumps(block, own=True):
            at = file.at(jump)
            if jump.kind != "return" or at in seen or not _missed(view, done, jump):
                continue
            seen.add(at)
            last = done[-1]
            yield Finding(
                f"this return leaves {last.receiver} above zero: Wait never ends",
                at,
                (because(file.at(last), "Done is called here only"),),
                f"Defer {last.receiver}.Done() at the start of the goroutine.",
            )


def _missed(view: Body, done: list[Call], jump: Jump) -> bool:
    """Whether no Done stands before the return in one of the blocks around it, and some stands after it."""
    around = set(view.chain(jump.block))
    earlier = [c for c in done if (c.line, c.column) < (jump.line, jump.column)]
    return not any(c.block in around for c in earlier) and any((c.line, c.column) > (jump.line, jump.column) for c in done)


_MOD = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}
_MAIN = """package main

import "sync"

func main() {
    var wg sync.WaitGroup
    wg.Add(1)
    go func() {
        if err := load(); err != nil {
            return // want
        }
        wg.Done()
    }()
    wg.Wait()
}

func load() error { return nil }
"""

RULE = Rule(
    severity=Severity.DEGRADED,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    fails={**_MOD, "main.go": _MAIN},
    passes=(
        {**_MOD, "main.go": _MAIN.replace("return // want", "wg.Done(); return")},
        {**_MOD, "main.go": _MAIN.replace("        wg.Done()\n", "").replace("        if err", "        defer wg.Done()\n        if err")},
        {**_MOD, "main.go": _MAIN.replace("        if err", "        wg.Done()\n        if err")},
        {**_MOD, "main.go": _MAIN.replace("return // want", "func() { return }()")},
    ),
)
