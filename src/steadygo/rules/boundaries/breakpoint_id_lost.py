"""The contract marks an operation as a known weak point, and nobody who changes its code learns of it.

`x-breakpoint-id: BP-07` in the OpenAPI document says that this operation has broken production before, or may well do so. The id is a
thread: from the document to the line that must not change carelessly and to the test that guards it. Here the thread is cut: no comment
and no test of the Go code names the id, so the one who edits the handler sees nothing.

A name in a test alone is enough for this rule; a name in the code without a test is `breakpoint-untested`.

Fix: put the id into a comment at the line it is about, and into the name of the test that guards it.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts import breakpoints, contracted
from steadygo.facts.repository import Repository
from steadygo.findings import Because, Confidence, Finding, Place, Severity, because
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    if not facts.go.files or not any(o.breakpoint is not None for c in facts.contracts for o in c.operations):
        return
    known = {*breakpoints.in_code(facts.go), *breakpoints.in_tests(facts.go)}
    serving = {(j.contract.path, p.operation): (j.service.name, p.route) for j in contracted.of(facts) for p in j.promises}
    for contract in facts.contracts:
        seen: set[str] = set()
        for operation in contract.operations:
            stated = operation.breakpoint
            for name in breakpoints.named(stated.value) if stated is not None else ():
                if stated is None or name in known or name in seen:
                    continue
                seen.add(name)
                service, route = serving.get((contract.path, operation), ("", None))
                proof: tuple[Because, ...] = ()
                if route is not None:
                    proof = (because(route.at, f"{operation.method} {operation.path} is served here, without a word of {stated.value}"),)
                yield Finding(
                    f"{stated.value} of {operation.method} {operation.path} is named in no code and no test",
                    Place(contract.path, stated.line, stated.column),
                    proof,
                    f"Name {stated.value} in a comment where it can break and in the test that guards it.",
                    service=service,
                )


_CONTRACT = """openapi: 3.0.3
info: {title: Orders, version: "1"}
paths:
  /orders:
    post:
      x-breakpoint-id: BP-07 # want
      responses: {"201": {description: ok}}
"""
_TREE = {
    "go.mod": "module example.com/orders\n\ngo 1.24\n",
    "main.go": """package main

import "net/http"

func main() {
	http.HandleFunc("POST /orders", create)
	http.ListenAndServe(":8080", nil)
}

func create(w http.ResponseWriter, r *http.Request) {}
""",
    "api/openapi.yaml": _CONTRACT,
}

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    needs=("go", "openapi"),
    fails=(
        _TREE,
        {**_TREE, "other.go": "package main\n\n// BP-70: something else.\nfunc other() {}\n"},
    ),
    passes=(
        {**_TREE, "order.go": "package main\n\n// BP-07: an order without its event.\nfunc order() {}\n"},
        {**_TREE, "order.go": "package main\n\n// BP-7: an order without its event.\nfunc order() {}\n"},
        {**_TREE, "main_test.go": 'package main\n\nimport "testing"\n\nfunc TestBP07EveryOrderHasItsEvent(t *testing.T) {}\n'},
        {
            "go.mod": _TREE["go.mod"],
            "main.go": _TREE["main.go"],
            "api/openapi.yaml": _CONTRACT.replace("      x-breakpoint-id: BP-07 # want\n", ""),
        },
    ),
)
