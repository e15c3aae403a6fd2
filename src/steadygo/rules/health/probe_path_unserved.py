"""A probe asks for a path that the program does not serve: the answer is 404, and the pod is restarted or never gets traffic.

The probe's port leads to one of the program's servers, that server's routes are known, and none of them fits the path. A liveness or
startup probe that gets 404 restarts the container for ever; a readiness probe keeps it out of its Service; a compose or image health
check marks it unhealthy, and what waits for it never starts.

Errs on the side of silence when a prefix, a router or a port cannot be followed, when a handler takes the whole tree (`/`), when the
path's last part stands anywhere else in the code, or when a library opens routes of its own.

Fix: probe a path that the program serves, or register the path that is probed.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from steadygo.facts import probing, servers
from steadygo.facts.repository import Repository, Service
from steadygo.facts.routers import UNKNOWN
from steadygo.facts.routes import Route
from steadygo.findings import Because, Confidence, Finding, Severity, because
from steadygo.rules.rule import Rule

_EFFECT = {
    "liveness": "Kubernetes restarts the container again and again",
    "startup": "Kubernetes restarts the container again and again",
    "readiness": "the pod never gets traffic",
    "healthcheck": "the container is never healthy",
}


def check(facts: Repository) -> Iterator[Finding]:
    for service, question in probing.every_question(facts):
        if not question.path or probing.opens_more(facts, service):
            continue
        found = probing.answering(facts, service, question)
        routes = probing.routes_of(facts, service, found) if found else None
        if not found or not routes or any(_may_serve(r, routes, question, service) for r in routes):
            continue
        last = question.path.rstrip("/").rpartition("/")[2]
        registered = frozenset(r.at for r in routes)
        if not last or probing.mentioned(facts.go, service, rf'["`/]{re.escape(last)}(?![\w-])', registered):
            continue
        nearest = _nearest(question.path, routes)
        yield Finding(
            f"{question.label} asks for {question.path}, which {service.name} does not serve: {_EFFECT[question.kind]}",
            question.at,
            (
                Because(nearest.at.path, nearest.at.line, f"the nearest route is {nearest.path}"),
                because(found[0].at, f"port {question.port} is served here"),
            ),
            f"Probe {nearest.path} instead, or register {question.path}.",
            service=service.name,
            severity=Severity.DEGRADED if question.kind == "healthcheck" else None,
        )


def _may_serve(route: Route, routes: list[Route], question: probing.Asked, service: Service) -> bool:
    """Whether the path is served or may be. A prefix that nothing sets in this deployment leaves the route at its default path."""
    answer = route.serves(question.path)
    if answer is not None or route.path.rpartition(UNKNOWN)[2].strip("/"):
        return answer is not False
    runtime = question.runtime
    given = [*(g.value or "" for g in runtime.variables.values()), *servers.words_of(service, runtime)]
    first = question.path.strip("/").partition("/")[0]
    return not any(r.whole and r.at == route.at for r in routes) or not runtime.complete or any(first in text for text in given)


def _nearest(path: str, routes: list[Route]) -> Route:
    by_path = {r.path: r for r in reversed(routes) if r.method in ("", "GET")} or {r.path: r for r in routes}
    close = difflib.get_close_matches(path, by_path, 1, 0.0)
    return by_path[close[0]] if close else routes[0]


_GO = """package main

import (
	"net/http"
	"os"
)

func main() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {})
	mux.HandleFunc("POST /orders", nil)
	http.ListenAndServe(addr(), mux)
}

func addr() string {
	if a := os.Getenv("ADDR"); a != "" {
		return a
	}
	return ":8080"
}
"""
_DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: orders
spec:
  template:
    spec:
      containers:
        - name: orders
          image: orders
          ports:
            - name: http
              containerPort: 8080
"""
_TREE = {
    "go.mod": "module example.com/orders\n\ngo 1.24\n",
    "cmd/orders/main.go": _GO,
    "Dockerfile": 'FROM golang:1.24 AS b\nRUN go build -o /orders ./cmd/orders\nFROM scratch\nCOPY --from=b /orders /\nCMD ["/orders"]\n',
}


def _probe(kind: str, path: str, port: str = "http", mark: str = "") -> str:
    return f"{_DEPLOYMENT}{mark}          {kind}:\n            httpGet:\n              path: {path}\n              port: {port}\n"


RULE = Rule(
    severity=Severity.OUTAGE,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("go", "probe"),
    fails=(
        {**_TREE, "deploy/orders.yaml": _probe("livenessProbe", "/health", mark="          # want below\n")},
        {**_TREE, "deploy/orders.yaml": _probe("readinessProbe", "/orders", "8080", mark="          # want below\n")},
        {
            **_TREE,
            "compose.yaml": "services:\n  orders:\n    build: .\n    environment:\n      ADDR: :9000\n    healthcheck:\n"
            '      # want below\n      test: ["CMD", "wget", "-qO-", "http://localhost:9000/ready"]\n',
        },
    ),
    passes=(
        {**_TREE, "deploy/orders.yaml": _probe("livenessProbe", "/healthz?full=1")},
        {**_TREE, "deploy/orders.yaml": _probe("livenessProbe", "/health", "9090")},
        {
            **_TREE,
            "cmd/orders/main.go": _GO.replace('"POST /orders"', '"/"'),
            "deploy/orders.yaml": _probe("livenessProbe", "/health"),
        },
        {
            **_TREE,
            "cmd/orders/main.go": _GO.replace('mux.HandleFunc("POST', 'mux.HandleFunc(prefix()+"/health", nil)\n\tmux.HandleFunc("POST'),
            "deploy/orders.yaml": _probe("livenessProbe", "/shop/health"),
        },
        {
            **_TREE,
            "cmd/orders/main.go": _GO.replace("ListenAndServe(addr(), mux)", 'ListenAndServe(addr(), heartbeat("/health", mux))'),
            "deploy/orders.yaml": _probe("livenessProbe", "/health"),
        },
    ),
)
