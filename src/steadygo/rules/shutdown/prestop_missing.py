"""Each rollout refuses some requests: the program stops listening at once on SIGTERM, while Kubernetes still sends it traffic.

Kubernetes sends SIGTERM and takes the pod out of its Services at the same time; proxies and load balancers learn it some seconds later.
A program that calls Shutdown as soon as the signal arrives closes its port in between, and new requests meet *connection refused*. The
pod is behind a Service, has no preStop hook, and the code neither sleeps nor waits between the signal and the end of listening.

Errs on the side of silence when the code sleeps anywhere in its shutdown, or when it was not seen how it shuts down.

Fix: add a preStop hook that sleeps some seconds (`lifecycle.preStop.sleep.seconds: 5`, or `exec: ["sleep", "5"]` where the image has it).
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts import drains, selecting
from steadygo.facts.repository import Repository
from steadygo.facts.runtimes import shipped_runtimes
from steadygo.findings import Confidence, Finding, Severity, because
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    told: set[tuple[str, str, str]] = set()
    for service, runtime in shipped_runtimes(facts):
        running = runtime.running
        if running is None or running.container.role != "main" or running.container.prestop is not None:
            continue
        selected = selecting.service_of(facts, running.workload)
        at = running.at()
        key = (service.name, running.workload.kind, running.workload.name)
        if selected is None or key in told:
            continue
        told.add(key)
        drain = drains.of(facts, service)
        if drain is None or drain.stops is None or drain.waits_first:
            continue
        yield Finding(
            f"{runtime.label}: no preStop hook, and {service.name} stops listening as soon as SIGTERM arrives: "
            "requests that Kubernetes still sends it are refused",
            at,
            (because(drain.stops, "stops listening here"), because(selected.at, f"Service {selected.name} sends it traffic")),
            "Add a preStop hook that sleeps about 5 seconds, and count it into terminationGracePeriodSeconds.",
            service=service.name,
        )


_MAIN = """package main

import (
	"context"
	"net/http"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	srv := &http.Server{Addr: ":8080"}
	go srv.ListenAndServe()
	<-ctx.Done()
	deadline, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	srv.Shutdown(deadline)
}
"""
_TREE = {
    "go.mod": "module example.com/orders\n\ngo 1.24\n",
    "cmd/orders/main.go": _MAIN,
    "Dockerfile": 'FROM golang:1.24 AS b\nRUN go build -o /orders ./cmd/orders\nFROM scratch\nCOPY --from=b /orders /\nCMD ["/orders"]\n',
}
_POD = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: orders
spec:
  template:
    metadata:
      labels:
        app: orders
    spec:
      containers:
        # want below
        - name: orders
          image: orders
"""
_SERVICE = "---\napiVersion: v1\nkind: Service\nmetadata:\n  name: orders\nspec:\n  selector:\n    app: orders\n  ports:\n    - port: 80\n"
_HOOK = '          lifecycle:\n            preStop:\n              exec:\n                command: ["sleep", "5"]\n'

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("go", "kubernetes"),
    fails={**_TREE, "deploy/orders.yaml": _POD + _SERVICE},
    passes=(
        {**_TREE, "deploy/orders.yaml": _POD + _HOOK + _SERVICE},
        {**_TREE, "deploy/orders.yaml": _POD},
        {
            **_TREE,
            "cmd/orders/main.go": _MAIN.replace("\tdeadline", "\ttime.Sleep(5 * time.Second)\n\tdeadline"),
            "deploy/orders.yaml": _POD + _SERVICE,
        },
    ),
)
