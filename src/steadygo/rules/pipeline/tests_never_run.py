"""Tests exist and no pipeline runs them: they rot, and a change that breaks them reaches production.

The repository has tests and it has CI, but no job runs `go test`, neither directly nor through make, a script, a local action or an
image's build. Whoever merges believes that the green mark means tested.

Errs on the side of silence: a pipeline that never compiles Go (tests may run elsewhere), one command that cannot be seen through (a task
runner, a container build, a foreign workflow or action that is not well known) and nothing is said.

Fix: run `go test -race ./...` on every push and pull request.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts import jobs
from steadygo.facts.repository import Repository
from steadygo.findings import Because, Confidence, Finding, Place, Severity
from steadygo.rules.rule import Rule

_KNOWN = re.compile(
    r"^(actions/|github/codeql|docker/|golangci/|goreleaser/|softprops/|codecov/|azure/|google-github-actions/|aws-actions/|hashicorp/|peter-evans/"
    r"|sigstore/|anchore/|aquasecurity/|helm/|gitleaks/|golang/govulncheck|dominikh/staticcheck|dorny/|step-security/|ossf/|reviewdog/|\./)",
    re.I,
)


def check(facts: Repository) -> Iterator[Finding]:
    pipelines = [p for p in facts.pipelines if p.kind in ("github", "gitlab") and p.jobs]
    shipped = {s.module.path for s in facts.services if s.module is not None and not s.tool}
    tested = [p for p in facts.go.packages.values() if p.tests and (m := facts.go.module_of(p.directory)) is not None and m.path in shipped]
    compiled = any(r.verb in ("build", "vet", "install") for r in jobs.ran(facts))
    if not pipelines or not tested or not compiled or _runs(facts) or _hidden(facts):
        return
    checks = [p for p in pipelines if {"push", "pull_request"} & set(p.triggers)] or pipelines
    count = sum(len(p.tests) for p in tested)
    message = f"no job of any pipeline runs the tests ({count} test files in {len(tested)} packages)"
    reasons = tuple(Because(p.tests[0].path, 1, "a test that nothing runs") for p in tested[:2])
    yield Finding(message, Place(checks[0].path), reasons, "Add a job with `go test -race ./...` for every push and pull request.")


def _runs(facts: Repository) -> bool:
    if any(r.verb == "test" or "go test" in r.command.text for r in jobs.ran(facts)):
        return True
    if any("test" in c.words for i in facts.images for s in i.stages for c in s.commands):
        return True
    return any(jobs.tests_by_text(s) or re.search(r"\btest", s.script) for p in facts.pipelines for j in p.jobs for s in j.steps)


def _hidden(facts: Repository) -> bool:
    if any(jobs.opaque(r) for r in jobs.ran(facts)) or any(p.gaps for p in facts.pipelines):
        return True
    steps = [s for p in facts.pipelines for j in p.jobs for s in j.steps]
    return any(j.uses is not None and not j.uses.value.startswith("./") for p in facts.pipelines for j in p.jobs) or any(
        s.uses is not None and not _KNOWN.match(s.uses.value) for s in steps
    )


_MAIN = {
    "go.mod": "module example.com/orders\n\ngo 1.24\n",
    "main.go": "package main\n\nfunc main() {}\n",
    "main_test.go": 'package main\n\nimport "testing"\n\nfunc TestMain(t *testing.T) {}\n',
}
_JOB = "on: [push, pull_request]\njobs:\n  build:\n    runs-on: ubuntu-24.04\n    steps:\n      - uses: actions/checkout@v4\n"

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("pipeline", "tests"),
    fails={**_MAIN, ".github/workflows/ci.yml": _JOB.replace("pull_request]", "pull_request] # want") + "      - run: go build ./...\n"},
    passes=(
        {**_MAIN, ".github/workflows/ci.yml": _JOB + "      - run: go test ./...\n"},
        {**_MAIN, ".github/workflows/ci.yml": _JOB + "      - run: make check\n", "Makefile": "check:\n\tgo vet ./...\n\tgo test ./...\n"},
        {**_MAIN, ".github/workflows/ci.yml": _JOB + "      - run: task verify\n"},
        {**_MAIN, ".github/workflows/ci.yml": _JOB + "      - run: ./hack/verify.sh\n"},
    ),
)
