"""The worker never ends: it ranges over a channel that nothing closes, so whoever waits for it waits in vain.

`for job := range jobs` ends only when the channel is closed. When no close of it stands anywhere in the package, a WaitGroup that
counts the worker never reaches zero and the drain at shutdown always runs into its time limit; a channel made for each call
leaks its goroutine each time.

Looked at are channels made in the function itself, and fields of this package whose workers a WaitGroup counts. Errs on the side of
silence when the channel is handed to somebody else, or the loop can be left in another way.

Fix: let the sender close the channel when it has sent the last value: `defer close(jobs)`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts.go import ChannelUse, GoFile
from steadygo.facts.gobody import Body, body
from steadygo.facts.goroutines import goroutines
from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Place, Severity, because
from steadygo.rules.rule import Rule

_NAME = re.compile(r"[A-Za-z_]\w*\Z")
_FIELD = re.compile(r"[A-Za-z_]\w*\.([A-Za-z_]\w*)\Z")


def check(facts: Repository) -> Iterator[Finding]:
    seen: set[Place] = set()
    for goroutine in goroutines(facts):
        file = goroutine.code_file
        view = body(facts.go, file)
        for use in view.channels(goroutine.function.block, own=True):
            at = file.at(use)
            if use.operation != "range" or at in seen or view.leaves(use.block):
                continue
            seen.add(at)
            start = because(goroutine.file.at(goroutine.call), "the goroutine is started here")
            if (field := _FIELD.match(use.channel)) is not None:
                counted = any(c.mode == "defer" and c.name == "sync.WaitGroup.Done" for c in view.calls(goroutine.function.block))
                made = _made_and_kept(facts, file, field.group(1)) if counted or goroutine.group else None
                if made is None:
                    continue
                yield Finding(
                    f"nothing closes {use.channel}: this worker never ends, and the WaitGroup that counts it never reaches zero",
                    at,
                    (because(made[0].at(made[1]), "the channel is made here"), start),
                    f"Close {use.channel} after the last send.",
                )
            elif _NAME.match(use.channel) and goroutine.is_closure and _local_and_open(facts, file, view, use):
                yield Finding(
                    f"nothing closes {use.channel}: each call leaves this goroutine behind",
                    at,
                    (start,),
                    f"Close {use.channel} after the last send.",
                )


def _made_and_kept(facts: Repository, file: GoFile, field: str) -> tuple[GoFile, ChannelUse] | None:
    """Where a field's channel is made in this package, None when it is closed there or somebody else can close it."""
    package = facts.go.packages[file.directory]
    if field[0].isupper():
        return None
    found: tuple[GoFile, ChannelUse] | None = None
    word = re.compile(rf"\b{re.escape(field)}\b")
    for each in package.files:
        for use in each.channels:
            if use.channel.rpartition(".")[2] == field:
                if use.operation == "close":
                    return None
                if use.operation == "make":
                    found = (each, use)
        for call in each.calls:
            if any(word.search(arg) and not arg.startswith("func(") for arg in call.args):
                return None
        if any(
            word.search(value) and "make(" not in value and not value.startswith(("<-", "range "))
            for a in each.assignments
            for value in a.values
        ):
            return None
        if found is None:
            for composite in each.composites:
                if any(name == field and text.startswith("make(chan") for name, text in composite.fields):
                    found = (each, ChannelUse("make", field, composite.line, composite.column, composite.block))
        if any(j.kind == "return" and word.search(j.text) and "make(" not in j.text for j in each.jumps):
            return None
    return found


def _local_and_open(facts: Repository, file: GoFile, view: Body, use: ChannelUse) -> bool:
    outer = facts.go.declared_function_at(file, use.block)
    if outer is None or outer.name == "main":
        return False
    uses = [u for u in view.channels(outer.block) if u.channel == use.channel]
    if not any(u.operation == "make" for u in uses) or any(u.operation == "close" for u in uses):
        return False
    word = re.compile(rf"\b{re.escape(use.channel)}\b")
    texts = [arg for c in view.calls(outer.block) for arg in c.args if not arg.startswith("func(") and c.name not in ("make", "len", "cap")]
    texts += [text for c in view.composites(outer.block) for _, text in c.fields]
    texts += [j.text for j in view.jumps(outer.block) if j.kind == "return"]
    texts += [v for a in view.assignments(outer.block) for v in a.values if not v.startswith(("make(", "range ", "<-", "func("))]
    return not any(word.search(text) for text in texts)


_MOD = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    fails={
        **_MOD,
        "main.go": """package main

import "sync"

type pool struct { jobs chan int; wg sync.WaitGroup }

func newPool() *pool { return &pool{jobs: make(chan int)} }

func (p *pool) start() {
    p.wg.Add(1)
    go p.work()
}

func (p *pool) work() {
    defer p.wg.Done()
    for j := range p.jobs { // want
        println(j)
    }
}

func (p *pool) stop() { p.wg.Wait() }

func main() { p := newPool(); p.start(); p.jobs <- 1; each([]int{1}); p.stop() }

func each(numbers []int) {
    jobs := make(chan int)
    go func() {
        for j := range jobs { // want
            println(j)
        }
    }()
    for _, n := range numbers {
        jobs <- n
    }
}
""",
    },
    passes={
        **_MOD,
        "main.go": """package main

import "sync"

type pool struct { jobs, free chan int; wg sync.WaitGroup }

func newPool() *pool { return &pool{jobs: make(chan int), free: make(chan int)} }

func (p *pool) start() {
    p.wg.Add(1)
    go p.work()
    go func() {
        for range p.free { println("lives as long as the process, and nobody waits for it") }
    }()
}

func (p *pool) work() {
    defer p.wg.Done()
    for j := range p.jobs {
        println(j)
    }
}

func (p *pool) stop() { close(p.jobs); p.wg.Wait() }

func main() { p := newPool(); p.start(); p.jobs <- 1; each([]int{1}); p.stop() }

func each(numbers []int) {
    jobs := make(chan int)
    defer close(jobs)
    go func() {
        for j := range jobs { println(j) }
    }()
    more := make(chan int)
    go func() {
        for j := range more { println(j) }
    }()
    fill(more)
}

func fill(c chan int) { close(c) }
""",
    },
)
