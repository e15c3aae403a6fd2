"""A goroutine hangs for ever on its send, because the receiver has stopped waiting: each timeout leaks one.

The function makes an unbuffered channel, lets a goroutine send the answer, and waits in a select that a timeout or a cancelled context
can end first. Nobody receives after that, so the goroutine, its stack and all that it holds stay for ever. When the answer is
slow, which is when the service is under load, every call leaks.

Errs on the side of silence when the channel is handed to somebody else, is received from elsewhere, or the send is itself in a
select.

Fix: make the channel with room for the answer, `make(chan T, 1)`, or send in a select with ctx.Done().
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts.go import ChannelUse, Function, GoFile
from steadygo.facts.gobody import Body, body
from steadygo.facts.repository import Repository
from steadygo.facts.requestscope import serves_requests
from steadygo.findings import Confidence, Finding, Severity, because
from steadygo.rules.rule import Rule

_NAME = re.compile(r"[A-Za-z_]\w*\Z")


def check(facts: Repository) -> Iterator[Finding]:
    for file in facts.go.files:
        if file.is_test or file.generated or not any(u.operation == "make" and u.value in ("", "0") for u in file.channels):
            continue
        if not facts.ships(file.path):
            continue
        view = body(facts.go, file)
        for made in file.channels:
            function = view.functions.get(view.owner[made.block])
            if made.operation != "make" or made.value not in ("", "0") or function is None or not _NAME.match(made.channel):
                continue
            sends = _lost_sends(file, view, function, made)
            if sends is None:
                continue
            send, other = sends
            often = serves_requests(facts.go, file, made.block)
            yield Finding(
                f"when {other[1]} comes first nobody receives from {made.channel} any more and this send blocks for ever",
                file.at(send),
                (because(file.at(made), f"{made.channel} has no room"), because(file.at(other[0]), "the receiver may leave here")),
                f"Make the channel with room for one: make(chan …, 1) in line {made.line}.",
                severity=Severity.DEGRADED if often else None,
            )


def _lost_sends(file: GoFile, view: Body, function: Function, made: ChannelUse) -> tuple[ChannelUse, tuple[ChannelUse, str]] | None:
    """The send that blocks, and the receiver's other case: (the receive, its text)."""
    name, owner = made.channel, function.block
    uses = [u for u in view.channels(owner) if u.channel == name and u is not made]
    if any(u.operation in ("make", "range") for u in uses) or _escapes(view, owner, name):
        return None
    sends = [u for u in uses if u.operation == "send"]
    receives = [u for u in uses if u.operation == "receive"]
    if len(sends) == 0 or len(receives) != 1 or view.owner[receives[0].block] != owner:
        return None
    for send in sends:
        started = next((b for b in _up(file, send.block, owner) if file.blocks[b].kind == "go"), None)
        if started is None or (file.blocks[send.block].kind == "comm" and file.blocks[send.block].text.startswith(f"{name} <-")):
            return None
        if view.loop_around(file.blocks[started].parent) is not None and view.loop_around(receives[0].block) is not None:
            return None  # answers are collected in rounds
    clause = file.blocks[receives[0].block]
    if clause.kind != "comm" or (not clause.text.endswith(f"<-{name}") and not clause.text.replace(" ", "").endswith(f"<-{name}")):
        return None
    select = clause.parent
    others = [b for b in view.blocks(select, "comm", own=True) if file.blocks[b].parent == select and b != receives[0].block]
    looped = view.loop_around(select) is not None
    told = {u.channel for send in sends for u in view.channels(view.owner[send.block]) if u.operation in ("send", "close")}
    for other in others:
        text = file.blocks[other].text
        if any(re.search(rf"<-\s*{re.escape(channel)}\Z", text) for channel in told):
            continue  # the same goroutine answers on another channel instead
        leaves = any(j.kind in ("return", "goto") or (j.kind == "break" and j.text) for j in view.jumps(other, own=True))
        if (leaves or not looped) and (text != "default" or leaves):
            return sends[0], (receives[0], "the default case" if text == "default" else text)
    return None


def _up(file: GoFile, block: int, stop: int) -> Iterator[int]:
    while block > stop:
        yield block
        block = file.blocks[block].parent


def _escapes(view: Body, owner: int, name: str) -> bool:
    """Whether the channel is handed out: as an argument, a value, a field or a result."""
    word = re.compile(rf"(?<![\w.]){re.escape(name)}(?![\w(])")
    calls = [call for call in view.calls(owner) if call.name not in ("len", "cap")]
    if any(word.search(arg) and not arg.startswith("func(") for call in calls for arg in call.args):
        return True
    if any(word.search(text) for c in view.composites(owner) for _, text in c.fields if not text.startswith("func(")):
        return True
    if any(word.search(v) and not v.startswith(("func(", "<-", "make(")) for a in view.assignments(owner) for v in a.values):
        return True
    return any(word.search(j.text) for j in view.jumps(owner) if j.kind == "return" and not j.text.startswith(("<-", "func(")))


_MOD = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    fails={
        **_MOD,
        "main.go": """package main

import ("context"; "net/http"; "time")

func main() { http.HandleFunc("/", handle); http.ListenAndServe(":8080", nil) }

func handle(w http.ResponseWriter, r *http.Request) {
    answer := make(chan bool)
    go func() {
        answer <- ask() // want
    }()
    select {
    case ok := <-answer:
        println(ok)
    case <-time.After(time.Second):
        w.WriteHeader(503)
    }
}

func within(ctx context.Context) error {
    done := make(chan error)
    go func() {
        if !ask() {
            done <- nil // want
            return
        }
        done <- ctx.Err()
    }()
    select {
    case <-ctx.Done():
        return ctx.Err()
    case err := <-done:
        return err
    }
}

func ask() bool { return true }
""",
    },
    passes={
        **_MOD,
        "main.go": """package main

import ("context"; "time")

func main() { roomy(context.Background()); closed(); waits(context.Background()); careful(context.Background()); given() }

func roomy(ctx context.Context) {
    answer := make(chan bool, 1)
    go func() { answer <- true }()
    select {
    case <-answer:
    case <-ctx.Done():
    }
}

func closed() {
    done := make(chan struct{})
    go func() { defer close(done); println() }()
    select {
    case <-done:
    case <-time.After(time.Second):
    }
}

func waits(ctx context.Context) {
    done := make(chan bool)
    go func() { done <- true }()
    select {
    case <-done:
    case <-ctx.Done():
        println("stop it")
        <-done
    }
}

func careful(ctx context.Context) {
    done := make(chan bool)
    go func() {
        select {
        case done <- true:
        case <-ctx.Done():
        }
    }()
    select {
    case <-done:
    case <-ctx.Done():
    }
}

func either() error {
    result, failed := make(chan bool), make(chan error)
    go func() {
        if !closes() {
            failed <- nil
            return
        }
        result <- true
    }()
    select {
    case <-result:
        return nil
    case err := <-failed:
        return err
    }
}

func closes() bool { return true }

func given() {
    done := make(chan bool)
    go func() { done <- true }()
    keep(done)
    for {
        select {
        case <-done:
            return
        case <-time.After(time.Second):
            println("still waiting")
        }
    }
}

func keep(c chan bool) {}
""",
    },
)
