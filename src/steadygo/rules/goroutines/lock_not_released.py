"""Everything stands still: a path returns with the mutex locked, and whoever needs it next waits for ever.

The early return is most often an error path, so the first failed query freezes all that need the lock: requests pile up behind it, health
checks that take it hang too. The same happens at once when a goroutine locks a mutex that it holds already.

Reported for sync.Mutex and sync.RWMutex where the function unlocks on other paths, nothing defers the unlock, and no unlock lies between
the lock and the return on that path. Functions that are meant to return locked (by their name or comment) are left out, as
are those that give the unlock to their caller.

Fix: `defer mu.Unlock()` right after the lock, or unlock on this path too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts.go import Call, Jump
from steadygo.facts.gobody import Body, body
from steadygo.facts.locks import Locking, lockings
from steadygo.facts.repository import Repository
from steadygo.facts.requestscope import serves_requests
from steadygo.findings import Confidence, Finding, Severity, because
from steadygo.rules.rule import Rule

_MEANT = re.compile(r"(?i)lock|acquire|enter|begin|hold|suspend|pause|freeze")
_NOTED = re.compile(r"(?i)\block(?:s|ed|ing)?\b|unlock|\bheld\b|\bholds?\b|mutex|\bmu\b")


def check(facts: Repository) -> Iterator[Finding]:
    for locking in lockings(facts):
        view = body(facts.go, locking.file)
        yield from _twice(locking, view)
        if locking.deferred or not locking.unlocks or _meant(locking, view):
            continue
        for jump in view.jumps(locking.function.block, own=True):
            lock = _held(locking, view, jump) if jump.kind == "return" else None
            if lock is not None:
                yield Finding(
                    f"this return leaves {locking.mutex} locked: whoever needs it next waits for ever",
                    locking.file.at(jump),
                    (because(locking.file.at(lock), f"{locking.mutex} is locked here"),),
                    f"Unlock {locking.mutex} before this return, or defer the unlock.",
                    severity=Severity.OUTAGE if serves_requests(facts.go, locking.file, jump.block) else None,
                )


def _meant(locking: Locking, view: Body) -> bool:
    """Whether the function may return with the lock held on purpose, or takes over a lock that its caller holds."""
    name, doc = locking.function.name, locking.function.doc
    if _MEANT.search(name) or _NOTED.search(doc):
        return True
    first = min((*locking.locks, *locking.unlocks), key=lambda c: (c.line, c.column))
    if first in locking.unlocks or any(view.owner[c.block] != locking.function.block for c in locking.unlocks):
        return True
    if any(j.kind == "goto" for j in view.jumps(locking.function.block)):
        return True
    mention = re.compile(rf"{re.escape(locking.mutex)}\.R?Unlock")
    texts = [arg for c in view.calls(locking.function.block) for arg in c.args]
    texts += [v for a in view.assignments(locking.function.block) for v in a.values]
    texts += [j.text for j in view.jumps(locking.function.block)]
    return any(mention.search(text) for text in texts)


def _held(locking: Locking, view: Body, jump: Jump) -> Call | None:
    """The lock that is still held at a return; None when some unlock may lie between, or it is not sure that the lock was taken."""
    around = set(view.chain(jump.block))
    taken = [c for c in locking.locks if (c.line, c.column) < (jump.line, jump.column) and c.block in around]
    if not taken:
        return None
    lock = taken[-1]
    for unlock in locking.unlocks:
        after = (lock.line, lock.column) < (unlock.line, unlock.column) < (jump.line, jump.column)
        if after and not _left_behind(view, unlock, around):
            return None
    if any(mode_call.line == jump.line for mode_call in locking.unlocks):
        return None
    if _handed_over(locking, view, lock, jump):
        return None
    return lock


def _left_behind(view: Body, unlock: Call, around: set[int]) -> bool:
    """Whether the unlock stands in a branch that ends in a jump and does not hold the return."""
    for block in view.chain(unlock.block):
        if block in around:
            return False
        kind = view.file.blocks[block].kind
        jumps = [j for j in view.jumps(block, own=True) if j.block == block and (j.line, j.column) > (unlock.line, unlock.column)]
        if kind in ("if", "else", "case", "comm") and any(
            j.kind in ("return", "continue") or (j.kind == "break" and j.text) for j in jumps
        ):
            return True
        if kind in ("if", "else") and any(j.kind == "break" for j in jumps):
            return False
    return False


def _handed_over(locking: Locking, view: Body, lock: Call, jump: Jump) -> bool:
    """Whether something called in between may unlock: a function whose name says so."""
    for call in view.calls(locking.function.block):
        if (lock.line, lock.column) < (call.line, call.column) <= (jump.line, jump.column + len(jump.text) + 8):
            name = call.name.rpartition(".")[2]
            if call not in locking.locks and call not in locking.unlocks and re.search(r"(?i)unlock|release|panic|fatal|exit", name):
                return True
    return False


def _twice(locking: Locking, view: Body) -> Iterator[Finding]:
    """A lock that is taken while the same path holds it."""
    if len(locking.locks) < 2 or locking.locks[0].name.endswith(".RLock"):
        return
    root = locking.mutex.partition(".")[0]
    for first, second in zip(locking.locks, locking.locks[1:], strict=False):
        if first.block not in set(view.chain(second.block)) or (first.block == second.block and first.line == second.line):
            continue
        between = [c for c in locking.unlocks if (first.line, first.column) < (c.line, c.column) < (second.line, second.column)]
        if any(c.mode != "defer" for c in between):
            continue
        given = [a for a in view.assignments(locking.function.block) if root in a.names and first.line <= a.line <= second.line]
        if given or any(
            "unlock" in c.name.lower() and first.line < c.line < second.line and c.mode != "defer"
            for c in view.calls(locking.function.block)
        ):
            continue
        yield Finding(
            f"{locking.mutex} is locked again while it is held: this goroutine waits for itself for ever",
            locking.file.at(second),
            (because(locking.file.at(first), "it is locked here already"),),
            "Unlock first, or drop the second lock.",
            severity=Severity.OUTAGE,
        )


_MOD = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}

RULE = Rule(
    severity=Severity.DEGRADED,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    fails={
        **_MOD,
        "main.go": """package main

import ("errors"; "sync")

type store struct { mu sync.Mutex; cache map[string]int }

func main() { (&store{}).get("a"); (&store{}).again() }

func (s *store) get(key string) (int, error) {
    s.mu.Lock()
    if n, ok := s.cache[key]; ok {
        s.mu.Unlock()
        return n, nil
    }
    n, err := load(key)
    if err != nil {
        if errors.Is(err, nil) {
            return 0, nil // want
        }
        return 0, err // want
    }
    s.cache[key] = n
    s.mu.Unlock()
    return n, nil
}

func (s *store) again() {
    s.mu.Lock()
    defer s.mu.Unlock()
    if len(s.cache) == 0 {
        s.mu.Lock() // want
        s.cache = nil
    }
}

func load(key string) (int, error) { return 0, nil }
""",
    },
    passes={
        **_MOD,
        "main.go": """package main

import "sync"

type store struct { mu sync.RWMutex; n int }

func main() { (&store{}).get(); (&store{}).branches(); (&store{}).loop(); (&store{}).LockAll(); (&store{}).given(); (&store{}).walk(nil) }

func (s *store) get() int {
    s.mu.RLock()
    n := s.n
    s.mu.RUnlock()
    if n > 0 {
        return n
    }
    s.mu.Lock()
    defer s.mu.Unlock()
    if s.n > 0 {
        return s.n
    }
    return 1
}

func (s *store) branches() int {
    s.mu.Lock()
    if s.n > 0 {
        s.mu.Unlock()
    } else {
        s.n++
        s.mu.Unlock()
    }
    if s.n == 2 {
        return 2
    }
    return 0
}

func (s *store) loop() {
    for {
        s.mu.Lock()
        if s.n > 3 {
            s.mu.Unlock()
            break
        }
        s.n++
        s.mu.Unlock()
    }
    return
}

func (s *store) LockAll() bool {
    s.mu.Lock()
    if s.n == 0 {
        s.mu.Unlock()
        return false
    }
    return true
}

func (s *store) given() func() {
    s.mu.Lock()
    if s.n == 0 {
        s.mu.Unlock()
        return nil
    }
    return s.mu.Unlock
}

func (s *store) walk(next *store) {
    s.mu.Lock()
    s.n++
    s.mu.Unlock()
    s.mu.Lock()
    s.n--
    s.mu.Unlock()
    if next == nil { return }
}
""",
    },
)
