"""Timers and child contexts pile up: the function that would release them is thrown away.

context.WithCancel, WithTimeout and WithDeadline return a cancel function. Without calling it a context with a time limit keeps its
timer until the limit has passed, and a child of a long-lived context stays registered with its parent for ever: memory grows with
each call.

Reported where the cancel function is assigned to _; in main that is a note, because it happens once.

Fix: keep it and write `defer cancel()`.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts.go import Call
from steadygo.facts.repository import Repository
from steadygo.facts.requestscope import serves_requests
from steadygo.findings import Confidence, Finding, Severity
from steadygo.rules.rule import Rule

_MADE = tuple(f"context.With{kind}{cause}" for kind in ("Cancel", "Timeout", "Deadline") for cause in ("", "Cause"))


def check(facts: Repository) -> Iterator[Finding]:
    for file, call in facts.go.calls(*_MADE):
        if file.generated or len(call.results) != 2 or call.results[1] != "_" or not facts.ships(file.path):
            continue
        function = facts.go.declared_function_at(file, call.block)
        once = function is None or function.name in ("main", "init", "TestMain")
        severity = Severity.NOTE if once else Severity.DEGRADED if _leaks(call) else None
        if severity is Severity.DEGRADED and not serves_requests(facts.go, file, call.block):
            severity = None
        yield Finding(
            f"the cancel function of {call.name.rpartition('.')[2]} is thrown away: nothing releases the context",
            file.at(call),
            fix="Keep the cancel function and defer it.",
            severity=severity,
        )


def _leaks(call: Call) -> bool:
    """Whether the context would stay for ever: it has no time limit of its own and a parent that may live on."""
    parent = call.args[0] if call.args else ""
    return call.name.startswith("context.WithCancel") and not parent.endswith(".Context()") and parent != "context.Background()"


_MOD = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    fails={
        **_MOD,
        "main.go": """package main

import ("context"; "time")

func main() {
    ctx, _ := context.WithCancel(context.Background()) // want
    work(ctx)
}

func work(ctx context.Context) {
    ctx, _ = context.WithTimeout(ctx, time.Second) // want
    println(ctx)
}
""",
    },
    passes={
        **_MOD,
        "main.go": """package main

import "context"

func main() {
    ctx, cancel := context.WithCancel(context.Background())
    defer cancel()
    _, stop := context.WithCancelCause(ctx)
    stop(nil)
    value, _ := ctx.Value("k").(string)
    println(value)
}
""",
        "main_test.go": 'package main\n\nimport "context"\n\nfunc x() { _, _ = context.WithCancel(context.Background()) }\n',
    },
)
