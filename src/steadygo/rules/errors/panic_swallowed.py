"""A panic leaves no trace: the handler recovers, drops the value, and nobody learns that the program is broken.

recover() without looking at what it returns turns a nil pointer or an index out of range into a silent 500 or, worse, into a goroutine
that simply is not there any more. Without value and stack nobody can find the place.

In handlers and goroutines the finding is a hazard, elsewhere a note. Functions that only guard a close or send on a channel that may be
closed are left out, as is everything that logs, counts or passes on the value.

Fix: keep the value, log it with debug.Stack(), then answer; panic again with http.ErrAbortHandler.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts.go import Call, GoFile
from steadygo.facts.gobody import Body, body
from steadygo.facts.repository import Repository
from steadygo.facts.requestscope import handler_at
from steadygo.findings import Confidence, Finding, Severity
from steadygo.rules.rule import Rule

_TOLD = re.compile(r"(?i)log|print|stack|report|capture|warn|error|fatal|debug|info|trace|inc\Z|add\Z|record|observe|notify|panic|event")
_GUARDS = ("send", "close")


def check(facts: Repository) -> Iterator[Finding]:
    for file, call in facts.go.calls("recover"):
        if file.generated or not facts.ships(file.path):
            continue
        view = body(facts.go, file)
        owner = view.owner[call.block]
        if not owner or _kept(file, view, call, owner) or _guards(file, view, owner):
            continue
        where = handler_at(facts.go, file, call.block)
        yield Finding(
            "a panic is swallowed here: its value goes nowhere" + (", the client sees a bare answer" if where else ""),
            file.at(call),
            fix="Log the recovered value with debug.Stack().",
            severity=None if where or _in_goroutine(file, owner) else Severity.NOTE,
        )


def _in_goroutine(file: GoFile, owner: int) -> bool:
    """Whether the recovering closure stands in the closure of a goroutine."""
    block = owner
    while block > 0:
        if file.blocks[block].kind == "go":
            return True
        block = file.blocks[block].parent
    return False


def _kept(file: GoFile, view: Body, call: Call, owner: int) -> bool:
    """Whether the value is named and mentioned again, or something is told there."""
    calls = view.calls(owner)
    others = [c for c in calls if c is not call and c.name != "net/http.Error"]
    if any(_TOLD.search(c.name.rpartition(".")[2]) for c in others):
        return True
    if call.use in ("argument", "return"):
        return True
    names = [name for name in call.results if name != "_"]
    if not names:
        return False
    if names[0] in [n for f in file.functions if f.block == owner for n in f.results] or "." in names[0]:
        return True
    word = re.compile(rf"\b{re.escape(names[0])}\b")
    texts = [arg for c in calls if c is not call for arg in (*c.args, c.receiver)]
    texts += [v for a in view.assignments(owner) for v in a.values if not v.startswith("recover(")]
    texts += [j.text for j in view.jumps(owner)] + [t for c in view.composites(owner) for _, t in c.fields]
    texts += [u.value for u in view.channels(owner)]
    texts += [file.blocks[b].text for b in view.blocks(owner, "switch", "range")]
    return any(word.search(text) for text in texts)


def _guards(file: GoFile, view: Body, owner: int) -> bool:
    """Whether the recovering closure guards a send or a close in the function around it."""
    around = view.owner[file.blocks[owner].parent] if file.blocks[owner].parent else 0
    if not around:
        return False
    if any(u.operation in _GUARDS for u in view.channels(around, own=True)):
        return True
    others = [c for c in view.calls(around, own=True) if c.mode != "defer"]
    return len(others) <= 1 and not any(t[1].startswith("*net/http") for f in file.functions if f.block == around for t in f.params)


_MOD = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    fails={
        **_MOD,
        "main.go": """package main

import "net/http"

func main() { http.ListenAndServe(":8080", recovered(http.NotFoundHandler())) }

func recovered(next http.Handler) http.Handler {
    return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
        defer func() {
            if recover() != nil { // want
                http.Error(w, "internal error", http.StatusInternalServerError)
            }
        }()
        next.ServeHTTP(w, r)
    })
}

func work() {
    defer func() { _ = recover() }() // want
    first()
    second()
}

func first() {}
func second() {}
""",
    },
    passes={
        **_MOD,
        "main.go": """package main

import ("fmt"; "log"; "net/http"; "runtime/debug")

func main() { http.ListenAndServe(":8080", recovered(http.NotFoundHandler())) }

func recovered(next http.Handler) http.Handler {
    return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
        defer func() {
            if v := recover(); v != nil {
                log.Printf("panic: %v %s", v, debug.Stack())
            }
        }()
        next.ServeHTTP(w, r)
    })
}

func parse() (err error) {
    defer func() {
        if v := recover(); v != nil { err = fmt.Errorf("parse: %v", v) }
    }()
    main()
    main()
    return nil
}

func offer(c chan int) (sent bool) {
    defer func() { recover() }()
    c <- 1
    return true
}
""",
    },
)
