"""A slow database restarts every pod at once: the liveness probe asks a route that asks the database.

A liveness probe answers one question: would a restart help? A restart does not mend a database, a cache or another service. When that
dependency is slow or down, all pods fail their probe together, are restarted together, lose their warm caches and connections, and come
back all at once onto the dependency that was struggling.

The probe's path leads to a handler of this repository, and the handler, or what it calls, pings or queries a database, asks a cache or
calls another service.

Fix: let the liveness route answer without asking anybody, and check dependencies in the readiness route only.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts import answers, probing
from steadygo.facts.repository import Repository
from steadygo.facts.runtimes import shipped_runtimes
from steadygo.findings import Confidence, Finding, Severity, because
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    told: set[tuple[str, int]] = set()
    for service, runtime in shipped_runtimes(facts):
        for question in probing.asked(runtime):
            place = (question.at.path, question.at.line)
            if question.kind != "liveness" or not question.path or place in told:
                continue
            found = probing.answering(facts, service, question)
            for route in (probing.routes_of(facts, service, found) if found else None) or ():
                body = answers.body_of(facts.go, route) if route.serves(question.path) and len(route.path) > 1 else None
                asked = answers.asks(facts.go, body) if body is not None else None
                if asked is None or place in told:
                    continue
                told.add(place)
                file, call = asked
                what = (f"{call.receiver}." if call.receiver else "") + call.name.rpartition(".")[2]
                yield Finding(
                    f"The liveness probe asks {question.path}, which asks another system ({what}): when that is down, every pod restarts",
                    question.at,
                    (because(file.at(call), "asked here"), because(route.at, f"serves {route.path}")),
                    "Probe a route that answers without asking anybody; keep this one for readiness.",
                    service=service.name,
                )


_GO = """package main

import (
	"database/sql"
	"net/http"
)

type server struct{ db *sql.DB }

func (s *server) ready(w http.ResponseWriter, r *http.Request) {
	if err := s.check(); err != nil {
		w.WriteHeader(503)
	}
}

func (s *server) check() error { return s.db.Ping() }

func alive(w http.ResponseWriter, r *http.Request) {}

func main() {
	s := &server{}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", alive)
	mux.HandleFunc("GET /readyz", s.ready)
	http.ListenAndServe(":8080", mux)
}
"""
_TREE = {
    "go.mod": "module example.com/orders\n\ngo 1.24\n",
    "cmd/orders/main.go": _GO,
    "Dockerfile": 'FROM golang:1.24 AS b\nRUN go build -o /orders ./cmd/orders\nFROM scratch\nCOPY --from=b /orders /\nCMD ["/orders"]\n',
}


def _pod(kind: str, path: str, mark: str = "") -> str:
    return f"""apiVersion: apps/v1
kind: Deployment
metadata:
  name: orders
spec:
  template:
    spec:
      containers:
        - name: orders
          image: orders
{mark}          {kind}:
            httpGet:
              path: {path}
              port: 8080
"""


RULE = Rule(
    severity=Severity.DEGRADED,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("go", "probe"),
    fails={**_TREE, "deploy/orders.yaml": _pod("livenessProbe", "/readyz", "          # want below\n")},
    passes=(
        {**_TREE, "deploy/orders.yaml": _pod("readinessProbe", "/readyz")},
        {**_TREE, "deploy/orders.yaml": _pod("livenessProbe", "/livez")},
    ),
)
