"""A deploy takes the service down: every replica is replaced at the same time.

With maxUnavailable at 100 % (or at least the number of replicas) all old pods may be gone before a new one is ready. A broken
version then serves nobody, and nobody is left to serve.

Fix: write maxUnavailable: 0 (or a small number) and maxSurge: 1 in the strategy.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Place, Severity
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    seen = set()
    for service in facts.services:
        for running in service.running:
            workload = running.workload
            limit = workload.max_unavailable
            at = Place(limit.path or workload.path, limit.line) if limit else Place(workload.path, workload.line)
            if limit is None or at in seen or workload.kind not in ("Deployment", "StatefulSet"):
                continue
            replicas = int(workload.replicas.value) if workload.replicas else 1
            text = limit.value.strip()
            share = (
                float(text[:-1]) / 100 * replicas if text.endswith("%") and text[:-1].isdigit() else float(text) if text.isdigit() else 0.0
            )
            if replicas > 1 and share >= replicas:
                seen.add(at)
                yield Finding(
                    f"a rollout of {workload.name} may stop all {replicas} replicas at once (maxUnavailable: {text})",
                    at,
                    fix="Write maxUnavailable: 0 and maxSurge: 1.",
                    service=service.name,
                )


_DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata: {name: orders}
spec:
  replicas: REPLICAS
  strategy:
    rollingUpdate:
      maxUnavailable: MOST # want
  template:
    spec:
      containers:
        - {name: orders, image: example.com/orders:1}
"""


_MODULE = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}
_MAIN = "package main\n\nfunc main() {}\n"

RULE = Rule(
    severity=Severity.OUTAGE,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    needs=("kubernetes",),
    fails={
        **_MODULE,
        "main.go": _MAIN,
        "deploy.yaml": _DEPLOYMENT.replace("REPLICAS", "4").replace("MOST", "100%"),
    },
    passes=(
        {**_MODULE, "main.go": _MAIN, "deploy.yaml": _DEPLOYMENT.replace("REPLICAS", "4").replace("MOST", "25%")},
        {**_MODULE, "main.go": _MAIN, "deploy.yaml": _DEPLOYMENT.replace("REPLICAS", "1").replace("MOST", "1")},
        {**_MODULE, "main.go": _MAIN, "deploy.yaml": _DEPLOYMENT.replace("REPLICAS", "4").replace("MOST", "1")},
    ),
)
