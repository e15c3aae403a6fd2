"""A password in a commit stays unnoticed: no pipeline looks for secrets.

A key that is committed once is in the history for good, and in every clone. A scanner on each push (gitleaks, trufflehog, GitGuardian,
GitLab's secret detection) finds it while it can still be revoked before anybody else uses it.

Scanning that is switched on at the forge itself, or hooks on people's machines, cannot be seen from here: so this is a note and a guess,
and a pre-commit configuration or a scanner's own file is enough to silence it.

Fix: add a job with gitleaks or trufflehog over the new commits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Place, Severity
from steadygo.rules.rule import Rule

_SCANNER = re.compile(
    r"gitleaks|trufflehog|ggshield|gitguardian|detect-secrets|git-secrets|secret[-_]?(detection|scan|lint)|noseyparker|kingfisher|talisman"
    r"|trivy|semgrep|betterleaks|ripsecrets|whispers|megalinter|super-linter|snyk|sonar|checkov|horusec|pre-commit",
    re.I,
)
_OWN_FILES = re.compile(
    r"(^|/)(\.gitleaks\.toml|gitleaks\.toml|\.gitleaksignore|\.gitguardian\.ya?ml|\.secrets\.baseline|\.trufflehog\S*|\.pre-commit-config\.yaml"
    r"|lefthook\.yml|\.talismanrc|trivy\.yaml|trivy-secret\.yaml)$"
)


def check(facts: Repository) -> Iterator[Finding]:
    pipelines = [p for p in facts.pipelines if p.kind in ("github", "gitlab") and p.jobs]
    if not pipelines or any(_OWN_FILES.search(path) for path in facts.paths):
        return
    for pipeline in facts.pipelines:
        for job in pipeline.jobs:
            texts = [pipeline.path, pipeline.name, job.name, job.uses.value if job.uses else ""]
            for step in job.steps:
                texts += [step.name, step.uses.value if step.uses else "", step.script, *(v.value or "" for v in step.inputs)]
            if any(_SCANNER.search(text) for text in texts):
                return
    checks = [p for p in pipelines if {"push", "pull_request", "pull_request_target"} & set(p.triggers)] or pipelines
    fix = "Add a job that runs gitleaks or trufflehog over the new commits."
    yield Finding("no pipeline looks for secrets in what is pushed", Place(checks[0].path), fix=fix)


_MAIN = {"go.mod": "module example.com/orders\n\ngo 1.24\n", "main.go": "package main\n\nfunc main() {}\n"}
_JOB = "\njobs:\n  test:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: go test ./...\n"

RULE = Rule(
    severity=Severity.NOTE,
    confidence=Confidence.GUESS,
    since="0.1",
    check=check,
    needs=("pipeline",),
    fails={**_MAIN, ".github/workflows/ci.yml": "on: push # want" + _JOB},
    passes=(
        {**_MAIN, ".github/workflows/ci.yml": "on: push" + _JOB + "      - uses: gitleaks/gitleaks-action@v2\n"},
        {**_MAIN, ".github/workflows/ci.yml": "on: push" + _JOB, ".github/workflows/trufflehog.yml": "on: push" + _JOB},
        {**_MAIN, ".github/workflows/ci.yml": "on: push" + _JOB, ".pre-commit-config.yaml": "repos: []\n"},
        {**_MAIN},
    ),
)
