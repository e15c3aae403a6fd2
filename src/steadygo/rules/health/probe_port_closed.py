"""A probe asks a port on which nothing listens: the connection is refused, and the pod is restarted or never gets traffic.

All servers that the program starts are known with their ports in this deployment (constants, flags on the command line, variables that
the deployment sets, defaults), and none of them is the probed one.

Errs on the side of silence when one server's address cannot be followed, when the port's number stands anywhere in the code, the
container's arguments or its variables, or when another container of the pod may listen there.

Fix: probe a port on which the program listens, or make it listen there.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts import probing, servers
from steadygo.facts.repository import Repository, Service
from steadygo.findings import Confidence, Finding, Severity, because
from steadygo.rules.rule import Rule

_EFFECT = {
    "liveness": "Kubernetes restarts the container again and again",
    "startup": "Kubernetes restarts the container again and again",
    "readiness": "the pod never gets traffic",
    "healthcheck": "the container is never healthy",
}


def check(facts: Repository) -> Iterator[Finding]:
    for service, question in probing.every_question(facts):
        if question.port is None or _explained(facts, service, question):
            continue
        found = probing.answering(facts, service, question)
        if found is None or found:
            continue
        listening = servers.of(facts.go).of(service)
        words = servers.words_of(service, question.runtime)
        ports = {port: s for s in reversed(listening) for port in s.ports(question.runtime, words) or () if port}
        if not ports or question.port < 1:
            continue
        names = ", ".join(str(p) for p in sorted(ports))
        yield Finding(
            f"{question.label} asks port {question.port}, where nothing listens ({service.name} listens on {names}): "
            f"{_EFFECT[question.kind]}",
            question.at,
            tuple(because(s.at, f"listens on {p}") for p, s in sorted(ports.items())),
            f"Probe port {min(ports)}" + (f" or one of {names}." if len(ports) > 1 else "."),
            service=service.name,
            severity=Severity.DEGRADED if question.kind == "healthcheck" else None,
        )


def _explained(facts: Repository, service: Service, question: probing.Asked) -> bool:
    """Whether something else may listen on the port."""
    running = question.runtime.running
    number = str(question.port)
    if probing.opens_more(facts, service):
        return True
    for container in running.workload.containers if running is not None else ():
        if running is not None and container is not running.container and running.workload.kind != "compose" and container.role != "init":
            return True
    own = servers.words_of(service, question.runtime)
    given = [g.value or "" for g in question.runtime.variables.values()]
    if any(number in text for text in (*own, *given)):
        return True
    return probing.mentioned(facts.go, service, rf"(?<!\d){number}(?!\d)")


_GO = """package main

import (
	"flag"
	"net/http"
)

func main() {
	addr := flag.String("addr", ":8080", "where to listen")
	flag.Parse()
	http.ListenAndServe(*addr, nil)
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
"""
_TREE = {
    "go.mod": "module example.com/orders\n\ngo 1.24\n",
    "cmd/orders/main.go": _GO,
    "Dockerfile": 'FROM golang:1.24 AS b\nRUN go build -o /orders ./cmd/orders\nFROM scratch\nCOPY --from=b /orders /\nCMD ["/orders"]\n',
}
_PROBE = "          livenessProbe:\n            httpGet:\n              path: /\n              port: 8081\n"

_WRAPPED = {
    "internal/conf/conf.go": """package conf

import "os"

const Port = "PORT"

func Or(name, fallback string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return fallback
}
""",
    "cmd/orders/main.go": """package main

import (
	"net/http"

	"example.com/orders/internal/conf"
)

func main() {
	http.ListenAndServe(":"+conf.Or(conf.Port, "8080"), nil)
}
""",
}

RULE = Rule(
    severity=Severity.OUTAGE,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("go", "probe"),
    fails=(
        {**_TREE, "Dockerfile": _TREE["Dockerfile"] + "# want below\nHEALTHCHECK CMD curl -f http://localhost:8000/ || exit 1\n"},
        {**_TREE, "deploy/orders.yaml": f"{_DEPLOYMENT}          # want below\n{_PROBE}"},
        {**_TREE, "deploy/orders.yaml": f'{_DEPLOYMENT}          args: ["-addr=:9000"]\n          # want below\n{_PROBE}'},
        {**_TREE, **_WRAPPED, "deploy/orders.yaml": f"{_DEPLOYMENT}          # want below\n{_PROBE}"},
    ),
    passes=(
        {**_TREE, "Dockerfile": _TREE["Dockerfile"] + "HEALTHCHECK CMD curl -f http://localhost:8080/\n"},
        {**_TREE, "deploy/orders.yaml": _DEPLOYMENT + _PROBE.replace("8081", "8080")},
        {**_TREE, **_WRAPPED, "deploy/orders.yaml": _DEPLOYMENT + _PROBE.replace("8081", "8080")},
        {**_TREE, **_WRAPPED, "deploy/orders.yaml": f'{_DEPLOYMENT}          env: [{{name: PORT, value: "8081"}}]\n{_PROBE}'},
        {**_TREE, "deploy/orders.yaml": f'{_DEPLOYMENT}          args: ["-addr=:8081"]\n{_PROBE}'},
        {**_TREE, "deploy/orders.yaml": f"{_DEPLOYMENT}{_PROBE}        - name: proxy\n          image: envoy\n"},
        {
            **_TREE,
            "cmd/orders/main.go": _GO.replace("http.Listen", "go http.ListenAndServe(read(), nil)\n\thttp.Listen"),
            "deploy/orders.yaml": _DEPLOYMENT + _PROBE,
        },
        {
            **_TREE,
            "cmd/orders/main.go": _GO.replace("http.Listen", "go admin(8081)\n\thttp.Listen"),
            "deploy/orders.yaml": _DEPLOYMENT + _PROBE,
        },
    ),
)
