"""A node drain or a cluster upgrade may take down every replica at once: no PodDisruptionBudget covers them.

An eviction asks the budget only. Without one, all pods that happen to share the drained nodes go together. Workloads with one
replica, which a budget cannot help, and DaemonSets and Jobs are left out, and so are repositories whose manifests are rendered
only in part.

Fix: add a PodDisruptionBudget with maxUnavailable: 1 that selects the workload's labels.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Place, Severity
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    budgets = [o for o in facts.others if o.kind == "PodDisruptionBudget"]
    seen = set()
    for service in facts.services:
        for running in service.running:
            workload = running.workload
            at = Place(workload.path, workload.line)
            if workload.kind not in ("Deployment", "StatefulSet", "Rollout") or at in seen or not facts.ships(workload.path):
                continue
            replicas = workload.replicas
            if replicas is None or replicas.value < 2 or any(m.partly for m in facts.manifests if m.path == workload.path):
                continue
            labels = dict(workload.labels)
            if not any(_selects(b.settings, labels) for b in budgets):
                seen.add(at)
                yield Finding(
                    f"no PodDisruptionBudget covers the {replicas.value:g} replicas of {workload.name}: a node drain may take them all",
                    at,
                    fix="Add a PodDisruptionBudget with maxUnavailable: 1 for its labels.",
                    service=service.name,
                )


def _selects(settings: tuple[tuple[str, str, int], ...], labels: dict[str, str]) -> bool:
    """Whether a budget's selector may match; expressions and empty selectors count as a match."""
    prefix = "spec.selector.matchLabels."
    wanted = {path.removeprefix(prefix): text for path, text, _ in settings if path.startswith(prefix)}
    return not wanted or all(labels.get(key, text) == text for key, text in wanted.items())


_DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata: {name: orders}
spec:
  replicas: 2
  template:
    metadata: {labels: {app: orders}}
    spec:
      containers:
        - {name: orders, image: example.com/orders:1}
"""


_MODULE = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}
_MAIN = "package main\n\nfunc main() {}\n"

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    needs=("kubernetes",),
    fails={
        **_MODULE,
        "main.go": _MAIN,
        "deploy.yaml": _DEPLOYMENT.replace("kind: Deployment", "kind: Deployment # want"),
    },
    passes=(
        {**_MODULE, "main.go": _MAIN, "deploy.yaml": _DEPLOYMENT.replace("replicas: 2", "replicas: 1")},
        {
            **_MODULE,
            "main.go": _MAIN,
            "deploy.yaml": _DEPLOYMENT
            + "---\napiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: orders}\nspec:\n  maxUnavailable: 1\n"
            "  selector:\n    matchLabels: {app: orders}\n",
        },
        {**_MODULE, "main.go": _MAIN, "examples/deploy.yaml": _DEPLOYMENT},
    ),
)
