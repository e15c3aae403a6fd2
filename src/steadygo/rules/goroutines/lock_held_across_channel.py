"""One slow receiver freezes everybody: the mutex is held while a send waits for somebody to take the value.

A send on a channel without room blocks until a receiver comes. With a mutex held, whoever needs the mutex waits as well, and when the
receiver needs it to get to the channel, nobody ever moves again.

Reported are plain sends on channels that are made without room in the same package, between Lock and Unlock of one function, outside of a
select with another way out.

Fix: take what you need under the lock, unlock, then send.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts.go import ChannelUse, GoFile
from steadygo.facts.gobody import body
from steadygo.facts.locks import Locking, lockings
from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Severity, because
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    for locking in lockings(facts):
        file, view = locking.file, body(facts.go, locking.file)
        for use in view.channels(locking.function.block, own=True):
            if use.operation != "send" or file.blocks[use.block].kind == "comm" or not _held(locking, use, set(view.chain(use.block))):
                continue
            made = _made_without_room(facts, file, use.channel)
            if made is not None:
                yield Finding(
                    f"{locking.mutex} is held while this send waits for a receiver of {use.channel}",
                    file.at(use),
                    (
                        because(file.at(locking.locks[0]), f"{locking.mutex} is locked here"),
                        because(made[0].at(made[1]), "the channel has no room"),
                    ),
                    f"Unlock {locking.mutex} before the send.",
                )


def _held(locking: Locking, use: ChannelUse, around: set[int]) -> bool:
    """Whether the lock is surely taken and not yet released at the send."""
    taken = [c for c in locking.locks if (c.line, c.column) < (use.line, use.column) and c.block in around]
    if not taken:
        return False
    lock = taken[-1]
    return not any(c.mode != "defer" and (lock.line, lock.column) < (c.line, c.column) < (use.line, use.column) for c in locking.unlocks)


def _made_without_room(facts: Repository, file: GoFile, channel: str) -> tuple[GoFile, ChannelUse] | None:
    """Where the channel is made, when every make of that name in the package gives it no room."""
    name = channel.rpartition(".")[2]
    if name == channel:
        return None  # a local channel: its receivers are in sight and were made for this
    found = [
        (each, use)
        for each in facts.go.packages[file.directory].files
        for use in each.channels
        if use.operation == "make" and use.channel.rpartition(".")[2] == name
    ]
    return found[0] if found and all(use.value in ("", "0") for _, use in found) else None


_MOD = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}
_MAIN = """package main

import "sync"

type hub struct { mu sync.Mutex; out chan int }

func newHub() *hub {
    h := &hub{}
    h.out = make(chan int)
    return h
}

func (h *hub) publish(n int) {
    h.mu.Lock()
    defer h.mu.Unlock()
    h.out <- n // want
}

func main() { newHub().publish(1) }
"""

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    fails={**_MOD, "main.go": _MAIN},
    passes=(
        {**_MOD, "main.go": _MAIN.replace("make(chan int)", "make(chan int, 8)")},
        {**_MOD, "main.go": _MAIN.replace("    defer h.mu.Unlock()\n", "    h.mu.Unlock()\n")},
        {**_MOD, "main.go": _MAIN.replace("h.out <- n // want", "select {\n    case h.out <- n:\n    default:\n    }")},
        {**_MOD, "main.go": _MAIN.replace("h.out <- n // want", "go func() { h.out <- n }()")},
    ),
)
