"""The next change breaks a weak point that the team had already found, marked and understood, because no test guards it.

A comment such as `// BP-07: an order without its event would never be charged` marks a place where an incident happened or was foreseen.
The mark alone stops nobody: a refactoring moves the line, every test passes, and the incident returns. A test that names the breakpoint
(`func TestBP07…`, `t.Run("BP-07 …")` or a comment in the test) fails instead, and says which lesson is being lost.

Errs on the side of silence: a name anywhere in a Go test counts, whatever the test then looks at.

Fix: write a test that provokes the failure the breakpoint describes, and name the breakpoint in it.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts import breakpoints
from steadygo.facts.contracts import Operation
from steadygo.facts.repository import Repository
from steadygo.findings import Because, Confidence, Finding, Severity, because
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    marked = breakpoints.in_code(facts.go)
    tested = breakpoints.in_tests(facts.go) if marked else {}
    stated = _stated(facts)
    for name, places in marked.items():
        if name in tested:
            continue
        written, at = places[0]
        proof = [because(other, f"{written} is named here too") for _, other in places[1:4]]
        if name in stated:
            path, operation = stated[name]
            proof.append(Because(path, operation.line, f"the contract promises {operation.method} {operation.path} under {written}"))
        yield Finding(
            f"{written} is a known weak point, and no test names it",
            at,
            tuple(proof),
            f"Write a test that provokes what {written} describes and call it Test{written.replace('-', '')}….",
            service=next((s.name for s in facts.services if s.has(at.path.rpartition("/")[0])), ""),
        )


def _stated(facts: Repository) -> dict[str, tuple[str, Operation]]:
    return {
        name: (contract.path, operation)
        for contract in facts.contracts
        for operation in contract.operations
        if operation.breakpoint is not None
        for name in breakpoints.named(operation.breakpoint.value)
    }


_MOD = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}
_CODE = """package outbox

// Send charges an order.
func Send() {
	// BP-12: a charge that timed out may have been taken. want
	charge()
}

func charge() {}
"""

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    needs=("tests",),
    fails=(
        {**_MOD, "outbox/send.go": _CODE},
        {
            **_MOD,
            "outbox/send.go": _CODE,
            "outbox/send_test.go": 'package outbox\n\nimport "testing"\n\nfunc TestBP120Sends(t *testing.T) { Send() } // BP-1\n',
        },
    ),
    passes=(
        {
            **_MOD,
            "outbox/send.go": _CODE,
            "outbox/send_test.go": 'package outbox\n\nimport "testing"\n\nfunc TestBP12ChargesOnce(t *testing.T) { Send() }\n',
        },
        {
            **_MOD,
            "outbox/send.go": _CODE,
            "tests/send_test.go": 'package tests\n\nimport "testing"\n\nfunc TestSend(t *testing.T) {\n\t// BP-12\n\toutbox.Send()\n}\n',
        },
        {
            **_MOD,
            "outbox/send.go": _CODE,
            "outbox/send_test.go": """package outbox

import "testing"

func TestSend(t *testing.T) {
	t.Run("bp-12 charges once", func(t *testing.T) { Send() })
}
""",
        },
        {**_MOD, "font/font.go": "package font\n\n// BPM is no breakpoint, nor is BP-x.\nfunc Font() {}\n"},
    ),
)
