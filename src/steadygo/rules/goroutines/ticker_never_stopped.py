"""A ticker goes on ticking when nobody listens any more: it is never stopped.

Below Go 1.23 a ticker that is not stopped stays in the runtime's timer heap for ever, and each call adds one: memory and timer work grow.
From a go line of 1.23 on, the collector takes a ticker that nothing refers to, and the finding is a note: Stop still says when the
ticking ends.

Errs on the side of silence when the ticker is returned, stored, or handed on. time.Tick in a function that returns is the same fault
below Go 1.23.

Fix: `defer ticker.Stop()` right after NewTicker.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts import goversions
from steadygo.facts.go import Call, GoFile
from steadygo.facts.gobody import body
from steadygo.facts.repository import Repository
from steadygo.facts.requestscope import serves_requests
from steadygo.findings import Confidence, Finding, Severity
from steadygo.rules.rule import Rule

_COLLECTED = (1, 23)


def check(facts: Repository) -> Iterator[Finding]:
    for file, call in facts.go.calls("time.NewTicker"):
        if file.generated or len(call.results) != 1 or not re.match(r"[A-Za-z]\w*\Z", call.results[0]) or not facts.ships(file.path):
            continue
        function = facts.go.declared_function_at(file, call.block)
        if function is None or function.name == "main" or _stopped_or_kept(facts, file, call, function.block):
            continue
        old = _old(facts, file)
        often = old and serves_requests(facts.go, file, call.block)
        yield Finding(
            f"{call.results[0]} is never stopped" + (": each call leaves a running timer behind" if old else ""),
            file.at(call),
            fix=f"Write defer {call.results[0]}.Stop() here.",
            severity=Severity.DEGRADED if often else None if old else Severity.NOTE,
        )


def _stopped_or_kept(facts: Repository, file: GoFile, call: Call, function: int) -> bool:
    view = body(facts.go, file)
    name = call.results[0]
    calls = view.calls(function)
    if any(c.receiver == name and c.name.endswith(".Stop") for c in calls):
        return True
    whole = re.compile(rf"(?<![\w.]){re.escape(name)}(?:\.(?:Stop|Reset))?(?![\w.])")
    texts = [arg for c in calls for arg in c.args if not arg.startswith("func(")]
    texts += [value for a in view.assignments(function) for value in a.values if not value.startswith(("func(", "time.NewTicker"))]
    texts += [text for c in view.composites(function) for _, text in c.fields]
    texts += [j.text for j in view.jumps(function) if j.kind == "return"]
    return any(whole.search(text) for text in texts)


def _old(facts: Repository, file: GoFile) -> bool:
    """Whether the module's go line lies below 1.23, where timers are not collected; a module without one is old."""
    module = facts.go.module_of(file.directory)
    version = goversions.of_module(module) if module is not None else None
    return version is None or version[:2] < _COLLECTED


_OLD = {"go.mod": "module example.com/orders\n\ngo 1.22\n"}
_NEW = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}
_MAIN = """package main

import ("context"; "time")

func main() { poll(context.Background()) }

func poll(ctx context.Context) {
    ticker := time.NewTicker(time.Second) // want
    for {
        select {
        case <-ctx.Done():
            return
        case <-ticker.C:
        }
    }
}
"""

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    fails=({**_OLD, "main.go": _MAIN}, {**_NEW, "main.go": _MAIN}),
    passes=(
        {**_OLD, "main.go": _MAIN.replace("// want", "; defer ticker.Stop()")},
        {**_OLD, "main.go": _MAIN.replace("// want", "; defer func() { ticker.Stop() }()")},
        {**_OLD, "main.go": _MAIN.replace("// want", "; keep(ticker)") + "\nfunc keep(t *time.Ticker) {}\n"},
        {
            **_OLD,
            "main.go": 'package main\n\nimport "time"\n\ntype s struct{ t *time.Ticker }\n\nfunc main() { println(newS()) }\n\n'
            "func newS() *s {\n    t := time.NewTicker(1)\n    return &s{t: t}\n}\n",
        },
        {**_OLD, "main.go": 'package main\n\nimport "time"\n\nfunc main() {\n    t := time.NewTicker(1)\n    for range t.C {\n    }\n}\n'},
    ),
)
