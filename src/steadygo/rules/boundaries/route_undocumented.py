"""A route is open that the contract does not know: no client test, gateway rule, quota or review covers it.

The OpenAPI document describes most of what the service serves, but not this. Gateways that are configured from the document do not limit or
authenticate it, contract tests do not notice when it changes, and whoever found it by accident depends on it.

A document belongs to the service that serves at least half of its operations; only routes of the same router count. Probes, metrics,
profiles, documentation, static files and subtrees need no contract. Errs on the side of silence: a service of which the document covers not
half has pages besides its API, and a document that refers to files which are not followed may say more.

Fix: describe the route in the document, or move it to an internal listener.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts import contracted
from steadygo.facts.contracted import Contracted
from steadygo.facts.contracts import Contract
from steadygo.facts.repository import Repository
from steadygo.facts.routes import Route, shape
from steadygo.findings import Because, Confidence, Finding, Severity, because
from steadygo.rules.rule import Rule

_INTERNAL = re.compile(
    r"/(?:[\w.-]+/){0,3}(?:metrics|health\w*|live\w*|ready\w*|startupz?|alive|ping|version|status|debug|swagger[\w.]*|openapi[\w.]*|docs?|redoc"
    r"|static|assets|[\w.-]+\.(?:html|json|js|css|ico|png|svg|txt|xml|webmanifest)|-|internal|admin|\.well-known|_\w+|test|echo)(?:/|\Z)|/\Z"
)

_VERSIONED = re.compile(r"/(?:(?:api|rest|v\d+\w*)/)+")
_MANY = 8  # more than this are told in one finding


def check(facts: Repository) -> Iterator[Finding]:
    documented = {found for contract in facts.contracts for found in _stated(contract)}
    paths = {path for _, path in documented}
    done: set[str] = set()
    for joined in contracted.of(facts):
        if joined.service.name in done or any(c.gaps for c in facts.contracts):
            continue
        done.add(joined.service.name)
        routes = _same_router(joined)
        missing = [r for r in routes if not _is_stated(r, documented, paths)]
        if 2 * len(missing) > len(routes):
            continue
        if len(missing) > _MANY:
            yield _together(joined, missing)
            continue
        for route in missing:
            path = shape(route.path)
            yield Finding(
                f"{route.method or 'any method of'} {route.path} is served, and the contract does not know it",
                route.at,
                (_nearest(joined.contract, path, path in paths),),
                f"Describe {route.method or 'its methods'} {route.path} in {joined.contract.path}, or serve it on an internal port.",
                service=joined.service.name,
            )


def _together(joined: Contracted, missing: list[Route]) -> Finding:
    first = joined.contract.operations[0]
    known = Because(joined.contract.path, first.line, f"the contract has {len(joined.contract.operations)} operations")
    others = tuple(because(r.at, f"{r.method} {r.path}".strip()) for r in missing[1:6])
    return Finding(
        f"{len(missing)} routes are served that the contract does not know, {missing[0].method} {missing[0].path} first",
        missing[0].at,
        (known, *others),
        f"Describe them in {joined.contract.path}, or serve them on an internal port.",
        service=joined.service.name,
    )


def _stated(contract: Contract) -> Iterator[tuple[str, str]]:
    for operation in contract.operations:
        yield operation.method, shape(operation.path)
        yield operation.method, shape(operation.path.removeprefix(contract.base) or "/")


def _is_stated(route: Route, documented: set[tuple[str, str]], paths: set[str]) -> bool:
    path = shape(route.path)
    return path in paths if not route.method else (route.method, path) in documented


def _same_router(joined: Contracted) -> list[Route]:
    """Routes beside those that the contract knows, each method and path once."""
    roots = {root for p in joined.promises if p.route is not None for root in p.route.roots}
    prefix = _common([p.path for p in joined.promises if p.route is not None])
    found: dict[tuple[str, str], Route] = {}
    for route in joined.routes:
        if not route.whole or route.subtree or route.method in ("OPTIONS", "HEAD") or not roots.intersection(route.roots):
            continue
        if not shape(route.path).startswith(prefix):
            continue
        if "*" not in route.path and "..." not in route.path and not _INTERNAL.match(route.path):
            found.setdefault((route.method, shape(route.path)), route)
    return list(found.values())


def _common(paths: list[str]) -> str:
    """`/api/v1/` when all paths stand below it, "/" when they have no such beginning."""
    beginnings = {match[0] if (match := _VERSIONED.match(path)) else "/" for path in paths}
    return beginnings.pop() if len(beginnings) == 1 else "/"


def _nearest(contract: Contract, path: str, known: bool) -> Because:
    wanted = path.split("/")
    best = max(contract.operations, key=lambda o: sum(a == b for a, b in zip(wanted, shape(o.path).split("/"), strict=False)))
    if known:
        return Because(contract.path, best.line, f"of this path the contract knows {best.method} only")
    return Because(
        contract.path, best.line, f"the nearest of the contract's {len(contract.operations)} operations: {best.method} {best.path}"
    )


_MOD = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}
_MAIN = """package main

import "net/http"

func main() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", get)
	mux.HandleFunc("POST /orders", get)
	mux.HandleFunc("GET /orders/{id}", get)
	mux.HandleFunc("DELETE /orders/{id}", get) // want
	mux.Handle("/static/", http.FileServer(http.Dir("static")))
	http.ListenAndServe(":8080", mux)
}

func get(w http.ResponseWriter, r *http.Request) {}
"""
_CONTRACT = """openapi: 3.0.3
info: {title: Orders, version: "1"}
paths:
  /orders:
    post: {responses: {"201": {description: ok}}}
  /orders/{orderID}:
    get: {responses: {"200": {description: ok}}}
"""
_DELETE = '    delete: {responses: {"204": {description: ok}}}\n'

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("go", "openapi"),
    fails=(
        {**_MOD, "main.go": _MAIN, "api/openapi.yaml": _CONTRACT},
        {
            "go.mod": "module example.com/orders\n\ngo 1.24\n\nrequire github.com/go-chi/chi/v5 v5.2.1\n",
            "main.go": """package main

import (
	"net/http"

	"github.com/go-chi/chi/v5"
)

func main() {
	r := chi.NewRouter()
	r.Route("/api/v1", func(r chi.Router) {
		r.Post("/orders", get)
		r.Get("/orders/{id}", get)
		r.Get("/reports/{sku}", get) // want
	})
	http.ListenAndServe(":8080", r)
}

func get(w http.ResponseWriter, r *http.Request) {}
""",
            "api/openapi.yaml": _CONTRACT.replace("paths:", "servers: [{url: /api/v1}]\npaths:"),
        },
    ),
    passes=(
        {**_MOD, "main.go": _MAIN, "api/openapi.yaml": _CONTRACT + _DELETE},
        # two documents
        {**_MOD, "main.go": _MAIN, "api/openapi.yaml": _CONTRACT, "api/admin.yaml": _CONTRACT + _DELETE},
        # another router, on another port
        {
            **_MOD,
            "main.go": _MAIN.replace('mux.HandleFunc("DELETE', 'admin.HandleFunc("DELETE')
            .replace("\thttp.Listen", '\tgo http.ListenAndServe("127.0.0.1:9000", admin)\n\thttp.Listen')
            .replace("\tmux :=", "\tadmin := http.NewServeMux()\n\tmux :="),
            "api/openapi.yaml": _CONTRACT,
        },
        # a document that goes on in other files
        {**_MOD, "main.go": _MAIN, "api/openapi.yaml": _CONTRACT + "  /more:\n    $ref: ./more.yaml\n"},
    ),
)
