"""Every goroutine or subtest works on the last element: the loop's variable is one for all rounds, and the others are never looked at.

With a go line below 1.22 in go.mod a `for` loop has one variable that each round overwrites. A closure that runs later (a goroutine, an
errgroup's function, a parallel subtest, a deferred call) sees what the last round left there. A table test with `t.Parallel()` then checks
its last case many times and reports the others as passed.

The go line decides, not the toolchain: building with Go 1.26 changes nothing. Not counted: `v := v` in the loop, a parameter, a loop that
waits for the closure before it goes on, and files whose build constraint asks for go1.22.

Fix: raise the go line to 1.22 or later, or write `v := v` as the loop's first line.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts.captured import captured
from steadygo.facts.repository import Repository
from steadygo.findings import Because, Confidence, Finding, Severity, because
from steadygo.rules.rule import Rule

_HOW = {
    "goroutine": "the goroutines of this loop share {}: most of them see its last value",
    "group": "the functions of this group share {}: most of them see its last value",
    "deferred": "the deferred calls of this loop share {}: all of them see its last value",
    "parallel": "these parallel subtests share {}: all of them test the last case",
}


def check(facts: Repository) -> Iterator[Finding]:
    seen: set[tuple[str, int]] = set()
    for found in captured(facts.go):
        if (found.at.path, found.loop.line) in seen:
            continue
        seen.add((found.at.path, found.loop.line))
        go = found.module.go
        line = (Because(found.module.path, go.line, f"go {go.value}: one variable for all rounds"),) if go is not None else ()
        yield Finding(
            _HOW[found.how].format(found.variable),
            found.at,
            (*line, because(found.loop, "the loop")),
            f"Raise the go line to 1.22 or later, or begin the loop with `{found.variable} := {found.variable}`.",
        )


_OLD = {"go.mod": "module example.com/orders\n\ngo 1.21\n"}
_TEST = """package store

import "testing"

func TestAll(t *testing.T) {
	for _, tc := range []struct{ name, want string }{{"a", "b"}} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			check(t, tc.want) // want
		})
	}
}
"""

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("tests",),
    fails=(
        {**_OLD, "store/store_test.go": _TEST},
        {
            **_OLD,
            "store/store.go": """package store

func Send(ids []string) {
	for _, id := range ids {
		go func() {
			send(id) // want
		}()
	}
	for i := 0; i < 3; i++ {
		defer func() { println(i) }() // want
	}
}

func send(id string) {}
""",
        },
    ),
    passes=(
        {"go.mod": "module example.com/orders\n\ngo 1.22\n", "store/store_test.go": _TEST.replace(" // want", "")},
        {"store/store_test.go": _TEST.replace(" // want", "")},
        {**_OLD, "store/store_test.go": _TEST.replace(" // want", "").replace("\t\tt.Run", "\t\ttc := tc\n\t\tt.Run")},
        {**_OLD, "store/store_test.go": _TEST.replace(" // want", "").replace("\t\t\tt.Parallel()\n", "")},
        {
            **_OLD,
            "store/store.go": """package store

import "sync"

func Send(ids []string) {
	var wg sync.WaitGroup
	for i, id := range ids {
		wg.Add(1)
		go func(id string) {
			defer wg.Done()
			send(id, "i")
			send(id, other.i)
		}(id)
		_ = i
	}
	for _, id := range ids {
		done := make(chan bool)
		go func() {
			send(id, "")
			close(done)
		}()
		<-done
	}
	for _, id := range ids {
		each(func() { send(id, "") })
	}
}
""",
        },
    ),
)
