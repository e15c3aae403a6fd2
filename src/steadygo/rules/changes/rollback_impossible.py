"""A bad version cannot be taken back: Kubernetes keeps no earlier one.

With revisionHistoryLimit: 0 every old ReplicaSet is deleted at once, and `kubectl rollout undo` answers that there is no
earlier revision.

Fix: leave revisionHistoryLimit out (10), or write at least 2.
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
            history = workload.revision_history
            if history is None or history.value >= 1:
                continue
            at = Place(history.path or workload.path, history.line)
            if at not in seen:
                seen.add(at)
                yield Finding(
                    f"{workload.kind} {workload.name} keeps no earlier version: a rollout cannot be undone",
                    at,
                    fix="Remove revisionHistoryLimit: 0, or keep at least 2.",
                    service=service.name,
                )


_DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata: {name: orders}
spec:
  replicas: 2
  revisionHistoryLimit: HISTORY
  strategy:
    rollingUpdate:
      maxUnavailable: 1
  template:
    spec:
      containers:
        - {name: orders, image: example.com/orders:1}
"""


_MODULE = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}
_MAIN = "package main\n\nfunc main() {}\n"

RULE = Rule(
    severity=Severity.DEGRADED,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    needs=("kubernetes",),
    fails={
        **_MODULE,
        "main.go": _MAIN,
        "deploy.yaml": _DEPLOYMENT.replace("HISTORY", "0 # want"),
    },
    passes=(
        {**_MODULE, "main.go": _MAIN, "deploy.yaml": _DEPLOYMENT.replace("HISTORY", "3")},
        {
            **_MODULE,
            "main.go": _MAIN,
            "deploy.yaml": _DEPLOYMENT.replace("  revisionHistoryLimit: HISTORY\n", ""),
        },
    ),
)
