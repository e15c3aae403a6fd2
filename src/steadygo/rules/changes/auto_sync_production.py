"""Every push reaches production by itself, faults included: the Argo CD application syncs automatically.

An Application whose destination or name says production and whose syncPolicy is automated follows its branch (HEAD or main)
without a person or a gate in between. One that follows a tag or a commit is fine: moving it is the decision.

Fix: remove syncPolicy.automated for production, or follow a tag (targetRevision: v1.4.2) that a release moves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Place, Severity
from steadygo.rules.rule import Rule

_PRODUCTION = re.compile(r"(^|[-_./])(prod|production|prd|live)([-_./]|$)")


def check(facts: Repository) -> Iterator[Finding]:
    for found in facts.others:
        if found.kind != "Application" or not found.api.startswith("argoproj.io"):
            continue
        settings = {path: text for path, text, _ in found.settings}
        automated = next((line for path, _, line in found.settings if path.startswith("spec.syncPolicy.automated")), None)
        revision = settings.get("spec.source.targetRevision", "HEAD")
        words = (found.name, settings.get("spec.destination.namespace", ""), settings.get("spec.source.path", ""), found.environment)
        if automated is None or re.search(r"\d", revision) or not any(_PRODUCTION.search(w) for w in words):
            continue
        if settings.get("spec.syncPolicy.automated.enabled") == "false":
            continue
        yield Finding(
            f"the application {found.name} brings every push on {revision} to production by itself",
            Place(found.path, automated),
            fix="Remove syncPolicy.automated, or let targetRevision follow a release tag.",
        )


_APPLICATION = """apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: orders}
spec:
  source:
    repoURL: https://example.com/orders.git
    targetRevision: main
    path: deploy/prod
  syncPolicy:
    automated:
      prune: true # want
"""


_MODULE = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("kubernetes",),
    fails={**_MODULE, "argocd/app.yaml": _APPLICATION},
    passes=(
        {**_MODULE, "argocd/app.yaml": _APPLICATION.replace("path: deploy/prod", "path: deploy/staging")},
        {**_MODULE, "argocd/app.yaml": _APPLICATION.replace("targetRevision: main", "targetRevision: v1.4.2")},
        {**_MODULE, "argocd/app.yaml": _APPLICATION.partition("  syncPolicy")[0]},
    ),
)
