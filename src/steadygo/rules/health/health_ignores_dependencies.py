"""The program says that it is well while its database is gone: the load balancer keeps sending it requests that all fail.

The service opens a database or a cache, and the route that stands for its readiness answers 200 whatever happens: its handler does nothing
but write. That is right for a liveness route, so it counts only for a route that a readiness probe asks, or that is called `ready`, or for
a lone `health` route when there is no other.

Errs on the side of silence when the handler calls anything that could look at a dependency's state.

Fix: let the readiness route ping what the service cannot work without, with a short time limit, and answer 503 when that fails.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts import answers, probing, routes
from steadygo.facts.go import Call
from steadygo.facts.repository import Repository, Service
from steadygo.facts.routes import Route
from steadygo.facts.runtimes import shipped_runtimes
from steadygo.findings import Confidence, Finding, Severity, because
from steadygo.rules.rule import Rule

_OPENS = (
    "database/sql.Open", "database/sql.OpenDB", "github.com/jmoiron/sqlx.Open", "github.com/jmoiron/sqlx.Connect",
    "github.com/jackc/pgx/v5/pgxpool.New", "github.com/jackc/pgx/v5/pgxpool.NewWithConfig", "gorm.io/gorm.Open",
    "github.com/redis/go-redis/v9.NewClient", "github.com/go-redis/redis/v8.NewClient", "go.mongodb.org/mongo-driver/mongo.Connect",
)  # fmt: skip
_HEALTH = re.compile(r"/_?(?:health|healthz|healthcheck|health-check|health_check)\Z")
_READY = re.compile(r"/_?(?:ready|readyz|readiness|-/ready)\Z")
_LIVE = re.compile(r"/(?:live|livez|liveness|alive|ping|livecheck)\Z")
_WRITES = re.compile(
    r"(?:net/http\.|fmt\.|encoding/json\.|io\.|log\.|log/slog\.|time\.|strconv\.)|\.(?:Write|WriteHeader|WriteString|Header|Set|Add|JSON|String|"
    r"Status|SendString|SendStatus|Encode|NoContent|Text|Info|Debug|Printf|Println|Print|Error|Data)\Z|\A(?:len|string|append|make)\Z"
)


def check(facts: Repository) -> Iterator[Finding]:
    code = facts.go
    for service in facts.services:
        if not service.delivered or service.main is None:
            continue
        opened = next(((f, c) for f, c in code.calls(*_OPENS) if service.has(f.directory) and _runs(facts, service, f.path, c)), None)
        if opened is None:
            continue
        for route in _meant(facts, service):
            body = answers.body_of(code, route)
            if body is None or not all(_WRITES.search(code.resolved(body.file, c).name) for c in answers.calls_in(code, body)):
                continue
            yield Finding(
                f"{route.path} says that {service.name} is well without looking: with a dead database it still answers 200",
                body.at,
                (because(opened[0].at(opened[1]), "the dependency is opened here"), because(route.at, f"serves {route.path}")),
                "Ping what the service cannot work without, with a short time limit, and answer 503 when that fails.",
                service=service.name,
            )
            break


def _runs(facts: Repository, service: Service, path: str, call: Call) -> bool:
    file = next((f for f in facts.go.files if f.path == path), None)
    function = facts.go.declared_function_at(file, call.block) if file is not None else None
    return function is not None and (path, function.block) in facts.go.reachable_functions(service.main or "")


def _meant(facts: Repository, service: Service) -> list[Route]:
    """Routes that stand for readiness."""
    whole = [r for r in routes.of(facts.go).of(service) if r.whole and r.method in ("", "GET")]
    probed = {
        q.path for s, runtime in shipped_runtimes(facts) if s is service for q in probing.asked(runtime) if q.kind == "readiness" and q.path
    }
    by_probe = [r for r in whole if any(r.serves(p) for p in probed) and len(r.path) > 1]
    if by_probe:
        return by_probe
    ready = [r for r in whole if _READY.search(r.path)]
    if ready or any(_LIVE.search(r.path) for r in whole):
        return ready
    return [r for r in whole if _HEALTH.search(r.path)]


_GO = """package main

import (
	"database/sql"
	"net/http"
)

func main() {
	db, _ := sql.Open("pgx", "")
	http.HandleFunc("GET /healthz", health)
	http.ListenAndServe(":8080", work(db))
}

func health(w http.ResponseWriter, _ *http.Request) { // want
	w.WriteHeader(http.StatusOK)
	w.Write([]byte("ok"))
}

func work(db *sql.DB) http.Handler { return nil }
"""
_PLAIN = _GO.replace(" // want", "")
_DOCKERFILE = 'FROM golang:1.24 AS b\nRUN go build -o /orders ./cmd/orders\nFROM scratch\nCOPY --from=b /orders /\nENTRYPOINT ["/orders"]\n'
_TREE = {"go.mod": "module example.com/orders\n\ngo 1.24\n", "Dockerfile": _DOCKERFILE}

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("import:net/http", "delivery"),
    fails={**_TREE, "cmd/orders/main.go": _GO},
    passes=(
        {**_TREE, "cmd/orders/main.go": _PLAIN.replace("w.WriteHeader(http.StatusOK)", "check(w)")},
        {**_TREE, "cmd/orders/main.go": _PLAIN.replace("/healthz", "/livez")},
        {**_TREE, "cmd/orders/main.go": _PLAIN.replace('sql.Open("pgx", "")', "open()")},
    ),
)
