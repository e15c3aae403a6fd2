"""Pods get traffic as soon as their process exists: every rollout and every restart answers some requests with errors.

A Deployment, StatefulSet, DaemonSet or Rollout stands behind a Kubernetes Service and its container has no readiness probe. Kubernetes
then takes *started* for *ready*: connections are refused while the program still opens its database, loads its caches or warms up, and a
pod that lost its database keeps its share of the traffic. With a startup probe only the second half happens.

Only containers that run a program of this repository count, and only where a Service selects their pods.

Fix: add a readinessProbe that answers 200 only when the program can serve.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts import selecting
from steadygo.facts.naming import main_place
from steadygo.facts.repository import Repository
from steadygo.facts.runtimes import shipped_runtimes
from steadygo.findings import Confidence, Finding, Severity, because
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    told: set[tuple[str, str, str]] = set()
    for service, runtime in shipped_runtimes(facts):
        running = runtime.running
        if running is None or running.container.role != "main":
            continue
        kinds = {p.kind for p in running.container.probes}
        selected = selecting.service_of(facts, running.workload)
        at = running.at()
        key = (service.name, running.workload.kind, running.workload.name)
        served = bool(running.container.ports) and running.workload.kind in ("Deployment", "StatefulSet", "Rollout")
        hidden = selected is None and served and not facts.network_services
        if "readiness" in kinds or key in told or (selected is None and not hidden):
            continue
        told.add(key)
        if selected is not None:
            proof = because(selected.at, f"Service {selected.name} sends it traffic")
        else:  # the Service stands in another repository: only the port tells that there is one
            proof = because(main_place(facts.go.packages[service.main or ""]), f"{service.name} answers there")
        startup = "startup" in kinds
        effect = "it keeps its traffic when it can no longer serve" if startup else "each rollout sends it requests before it can serve"
        yield Finding(
            f"{runtime.label}: the container {running.container.name} has no readiness probe: {effect}",
            at,
            (proof,),
            "Add a readinessProbe.",
            service=service.name,
            severity=Severity.HAZARD if startup or hidden or running.workload.kind == "StatefulSet" else None,
            confidence=Confidence.LIKELY if hidden else None,
        )


_MAIN = "package main\n\nfunc main() {}\n"
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
_LIVE = "          livenessProbe:\n            httpGet:\n              path: /healthz\n              port: 8080\n"

RULE = Rule(
    severity=Severity.DEGRADED,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    needs=("kubernetes",),
    fails=(
        {**_TREE, "deploy/orders.yaml": _POD + _SERVICE},
        {**_TREE, "deploy/orders.yaml": _POD + _LIVE + _SERVICE},
        {**_TREE, "deploy/orders.yaml": _POD + "          ports:\n            - containerPort: 8080\n"},
    ),
    passes=(
        {**_TREE, "deploy/orders.yaml": _POD + _LIVE.replace("liveness", "readiness") + _SERVICE},
        {**_TREE, "deploy/orders.yaml": _POD.replace("        # want below\n", "")},
        {**_TREE, "deploy/orders.yaml": _POD + _SERVICE.replace("app: orders", "app: payments")},
        {**_TREE, "compose.yaml": "services:\n  orders:\n    build: .\n"},
    ),
)
