"""Clients that follow the contract get 404 or 405: the OpenAPI document promises an operation that no code serves.

A route was renamed, removed or never written, and the document stayed. Generated clients, contract tests of other teams and gateways that
are configured from the document all believe it; they find out in production.

A document belongs to the service that serves at least half of its operations. Errs on the side of silence: a route of which a part could
not be seen, and a route that takes everything below its path, may serve any operation that fits.

Fix: serve the operation, or take it out of the document and tell those who use it.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts import contracted
from steadygo.facts.contracted import Contracted, Promise
from steadygo.facts.repository import Repository
from steadygo.facts.routes import Route, shape
from steadygo.findings import Confidence, Finding, Place, Severity, because
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    for joined in contracted.of(facts):
        for promise in joined.promises:
            if promise.served is not False:
                continue
            operation = promise.operation
            near = _nearest(joined, promise)
            same = shape(near.path) == promise.path
            what = f"{near.method or 'any method'} {near.path}"
            yield Finding(
                f"the contract promises {operation.method} {operation.path}, and {joined.service.name} does not serve it: clients get "
                f"{'405' if same else '404'}",
                Place(joined.contract.path, operation.line),
                (because(near.at, f"at this path the code registers {what} only" if same else f"the nearest route is {what}"),),
                f"Register {operation.method} {operation.path}, or take it out of the contract.",
                service=joined.service.name,
            )


def _nearest(joined: Contracted, promise: Promise) -> Route:
    """The route that shares most of the path."""
    wanted = promise.path.split("/")

    def shared(route: Route) -> int:
        parts = shape(route.path).split("/")
        same = next((i for i, (a, b) in enumerate(zip(wanted, parts, strict=False)) if a != b), min(len(wanted), len(parts)))
        return 2 * same - len(parts)

    return max((r for r in joined.routes if r.whole), key=shared)


_MOD = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}
_MAIN = """package main

import "net/http"

func main() {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /orders", create)
	mux.HandleFunc("GET /orders/{id}", get)
	http.ListenAndServe(":8080", mux)
}

func create(w http.ResponseWriter, r *http.Request) {}
func get(w http.ResponseWriter, r *http.Request)    {}
"""
_CONTRACT = """openapi: 3.0.3
info: {title: Orders, version: "1"}
paths:
  /orders:
    post: {operationId: create, responses: {"201": {description: ok}}}
  /orders/{orderID}:
    get: {operationId: get, responses: {"200": {description: ok}}}
"""
_INVOICE = """  /orders/{orderID}/invoice:
    get: {operationId: invoice, responses: {"200": {description: ok}}}
"""

RULE = Rule(
    severity=Severity.DEGRADED,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("go", "openapi"),
    fails=(
        {**_MOD, "main.go": _MAIN, "api/openapi.yaml": _CONTRACT + _INVOICE.replace("    get", "    # want below\n    get")},
        {
            **_MOD,
            "main.go": _MAIN,
            "api/openapi.yaml": _CONTRACT + '    # want below\n    delete: {responses: {"204": {description: gone}}}\n',
        },
    ),
    passes=(
        {**_MOD, "main.go": _MAIN, "api/openapi.yaml": _CONTRACT},
        # the proxy takes the base path away
        {
            **_MOD,
            "main.go": _MAIN,
            "api/openapi.yaml": _CONTRACT.replace("paths:", "servers: [{url: https://shop.example/api/v1}]\npaths:"),
        },
        # any method, and everything below a path
        {**_MOD, "main.go": _MAIN.replace('"GET /orders/{id}"', '"/orders/"'), "api/openapi.yaml": _CONTRACT + _INVOICE},
        # a document of somebody else's service
        {
            **_MOD,
            "main.go": _MAIN,
            "payments/openapi.yaml": _CONTRACT.replace("/orders", "/charges") + _INVOICE.replace("/orders", "/charges"),
        },
        # a prefix that could not be seen
        {
            **_MOD,
            "main.go": _MAIN.replace("\thttp.Listen", '\tmux.HandleFunc(prefix()+"/invoice", get)\n\thttp.Listen'),
            "api/openapi.yaml": _CONTRACT + _INVOICE,
        },
    ),
)
