"""What is deferred never happens: the defer stands in a loop that does not end.

A deferred call runs when the function returns, not at the end of a round. In an endless loop files, connections and contexts pile up
with each round; a deferred Unlock makes the second round wait for the first for ever.

Reported are defers inside `for {` loops, and deferred unlocks in any loop; a loop whose body always returns or breaks at its end is left
out, as is a closure that is called in each round.

Fix: put the body of the loop into a function of its own, or call it at the end of the round.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts.go import Call, GoFile
from steadygo.facts.gobody import Body, body
from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Severity, because
from steadygo.rules.rule import Rule

_UNLOCKS = ("sync.Mutex.Unlock", "sync.RWMutex.Unlock", "sync.RWMutex.RUnlock")
_RELEASES = ("Close", "Stop", "Done", "Release", "Rollback", "Unlock", "RUnlock", "cancel", "Cancel", "End", "Finish")


def check(facts: Repository) -> Iterator[Finding]:
    for file in facts.go.files:
        if file.is_test or file.generated or not any(c.mode == "defer" for c in file.calls) or not facts.ships(file.path):
            continue
        view = body(facts.go, file)
        for call in file.calls:
            if call.mode != "defer":
                continue
            loop = view.loop_around(call.block)
            if loop is None or _leaves_at_once(file, view, loop, call) or _sometimes(file, view, loop, call):
                continue
            call = facts.go.resolved(file, call)
            locked = call.name in _UNLOCKS and call.name != "sync.RWMutex.RUnlock" and _fixed(file, view, loop, call)
            if not locked and (not view.is_endless(loop) or call.name.rpartition(".")[2] not in _RELEASES):
                continue
            ends = view.leaves(loop)
            name = f"{call.receiver}.{call.name.rpartition('.')[2]}" if call.receiver else call.name or "the deferred function"
            if locked:
                message = f"the second round of this loop waits for ever: {name} is deferred to the end of the function"
            else:
                message = f"{name} runs {'only when the loop has ended' if ends else 'never'}: each round adds one more"
            yield Finding(
                message,
                file.at(call),
                (because(file.at(file.blocks[loop]), "the loop"),),
                "Put the body of the loop into a function of its own.",
                severity=Severity.OUTAGE if locked else None if ends else Severity.DEGRADED,
            )


def _fixed(file: GoFile, view: Body, loop: int, call: Call) -> bool:
    """Whether each round locks the same mutex: its name is not given anew in the loop."""
    first = call.receiver.partition(".")[0]
    return "[" not in call.receiver and "(" not in call.receiver and not any(first in a.names for a in view.assignments(loop))


def _sometimes(file: GoFile, view: Body, loop: int, call: Call) -> bool:
    """Whether a condition decides in which rounds the defer is reached."""
    return any(file.blocks[b].kind in ("if", "else", "case") for b in view.chain(call.block) if b > loop)


def _leaves_at_once(file: GoFile, view: Body, loop: int, call: Call) -> bool:
    """Whether after the defer no next round begins: every way out of its block, and of those around it, leaves the loop."""
    for block in view.chain(call.block):
        if block == loop:
            return _ends(view, loop, loop)
        if _ends(view, block, loop):
            return True
    return False


def _ends(view: Body, block: int, loop: int) -> bool:
    """Whether a return, or a break out of the loop, is the last statement of `block`."""
    jumps = [j for j in view.jumps(block, own=True) if j.block == block]
    if not jumps or jumps[-1].kind not in ("return", "break", "goto"):
        return False
    last = jumps[-1]
    if last.kind == "break" and view.target(last) != loop:
        return False
    later = [c for c in view.calls(block) if c.line > last.line]
    return not later


_MOD = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    fails={
        **_MOD,
        "main.go": """package main

import ("os"; "sync")

type s struct { mu sync.Mutex }

func main() { go watch(); (&s{}).each(nil) }

func watch() {
    for {
        f, err := os.Open("a")
        if err != nil { continue }
        defer f.Close() // want
        read(f)
    }
}

func (s *s) each(names []string) {
    for _, name := range names {
        s.mu.Lock()
        defer s.mu.Unlock() // want
        println(name)
    }
}

func read(f *os.File) {}
""",
    },
    passes={
        **_MOD,
        "main.go": """package main

import ("os"; "sync")

type s struct { mu sync.Mutex }

func main() { watch(); each(nil) }

func watch() error {
    for {
        f, err := os.Open("a")
        if err != nil { continue }
        defer f.Close()
        return read(f)
    }
}

func each(all []*s) {
    for _, one := range all {
        one.mu.Lock()
        defer one.mu.Unlock()
    }
    for {
        func() {
            f, _ := os.Open("a")
            defer f.Close()
        }()
        if len(all) == 0 {
            f, _ := os.Open("b")
            defer f.Close()
            return
        }
    }
}

func read(f *os.File) error { return nil }
""",
    },
)
