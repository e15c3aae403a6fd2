"""Wait returns too early: the goroutine adds itself to the WaitGroup, after Wait may have seen zero.

Wait does not wait for goroutines that have not been counted yet. When Add stands inside the goroutine, the scheduler decides whether it
runs before Wait: now and then the service ends, or closes what the goroutine uses, while it is still at work.

Reported where Add(1) and Done stand in the same goroutine's closure and the WaitGroup was made outside.

Fix: call wg.Add(1) before `go`, or use wg.Go (Go 1.25).
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts.gobody import body
from steadygo.facts.goroutines import goroutines
from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Severity, because
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    for goroutine in goroutines(facts):
        if goroutine.group or not goroutine.is_closure:
            continue
        file, view = goroutine.code_file, body(facts.go, goroutine.code_file)
        calls = view.calls(goroutine.function.block, own=True)
        for add in calls:
            if add.name != "sync.WaitGroup.Add" or add.mode or add.args != ("1",):
                continue
            done = any(c.name == "sync.WaitGroup.Done" and c.receiver == add.receiver for c in calls)
            own = any(add.receiver in a.names for a in view.assignments(goroutine.function.block))
            started = any(c.mode == "go" and (c.line, c.column) > (add.line, add.column) for c in view.calls(goroutine.function.block))
            loop = view.loop_around(add.block) is not None
            outer = view.owner[goroutine.call.block]
            before = any(
                c.name == "sync.WaitGroup.Add" and c.receiver == add.receiver and (c.line, c.column) < (goroutine.call.line, 0)
                for c in view.calls(outer, own=True)
            )
            if done and not own and not started and not loop and not before:
                yield Finding(
                    f"{add.receiver}.Wait may return before this goroutine is counted",
                    file.at(add),
                    (because(goroutine.file.at(goroutine.call), "it is started here"),),
                    f"Call {add.receiver}.Add(1) before the go statement.",
                )


_MOD = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}
_MAIN = """package main

import "sync"

func main() {
    var wg sync.WaitGroup
    for i := 0; i < 3; i++ {
        go func() {
            wg.Add(1) // want
            defer wg.Done()
            println(i)
        }()
    }
    wg.Wait()
}
"""

RULE = Rule(
    severity=Severity.DEGRADED,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    fails={**_MOD, "main.go": _MAIN},
    passes=(
        {
            **_MOD,
            "main.go": _MAIN.replace("            wg.Add(1) // want\n", "").replace(
                "        go func", "        wg.Add(1)\n        go func"
            ),
        },
        {**_MOD, "main.go": _MAIN.replace("wg.Add(1) // want", "var wg sync.WaitGroup; wg.Add(1)")},
        {
            **_MOD,
            "main.go": 'package main\n\nimport "sync"\n\nfunc main() {\n    var wg sync.WaitGroup\n    wg.Add(1)\n    go func() {\n'
            "        defer wg.Done()\n        wg.Add(1)\n        go func() { defer wg.Done() }()\n    }()\n    wg.Wait()\n}\n",
        },
    ),
)
