"""Shutdown and cancelled requests wait for a sleep: time.Sleep hears nothing of the context that is at hand.

A retry loop that sleeps between attempts holds its goroutine, and whoever waits for it, for the whole pause after the context was
cancelled. Pauses that grow (back-off) make it worse: the drain at shutdown runs into its limit.

Reported are sleeps of a second or more, or of a length that is not known here, inside a loop of a function that has a context.

Fix: select on ctx.Done() and a timer.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts.gobody import body
from steadygo.facts.repository import Repository
from steadygo.facts.requestscope import context_at
from steadygo.findings import Confidence, Finding, Severity
from steadygo.rules.rule import Rule

_SHORT = 1.0  # seconds: below that nobody notices


def check(facts: Repository) -> Iterator[Finding]:
    for file, call in facts.go.calls("time.Sleep"):
        if file.generated or not call.args or not facts.ships(file.path):
            continue
        context = context_at(facts.go, file, call.block)
        if not context or body(facts.go, file).loop_around(call.block) is None:
            continue
        seconds = facts.go.seconds(file, call.args[0], call.block)
        if seconds is not None and seconds < _SHORT:
            continue
        how_long = f"{seconds:g} s" if seconds is not None else call.args[0]
        yield Finding(
            f"when {context} is cancelled this loop still sleeps for {how_long}",
            file.at(call),
            fix=f"Wait in a select with {context}.Done() and a timer.",
            severity=None if seconds is not None else Severity.NOTE,
        )


_MOD = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    fails={
        **_MOD,
        "main.go": """package main

import ("context"; "time")

const pause = 2 * time.Second

func main() { retry(context.Background(), 1) }

func retry(ctx context.Context, wait time.Duration) {
    for try(ctx) != nil {
        time.Sleep(pause) // want
    }
    for {
        time.Sleep(wait) // want
    }
}

func try(ctx context.Context) error { return nil }
""",
    },
    passes={
        **_MOD,
        "main.go": """package main

import ("context"; "time")

func main() { retry(context.Background()); idle() }

func retry(ctx context.Context) {
    for try(ctx) != nil {
        time.Sleep(50 * time.Millisecond)
        select {
        case <-ctx.Done():
            return
        case <-time.After(time.Minute):
        }
    }
    time.Sleep(3 * time.Second)
}

func idle() { for { time.Sleep(time.Minute) } }

func try(ctx context.Context) error { return nil }
""",
    },
)
