"""A hanging job holds its runner for six hours: nothing ends it sooner, and the release waits behind it.

GitHub ends a job after 360 minutes when the workflow says nothing; on a self-hosted runner that is six hours in which no other job runs
there. A Go test that waits for a lock or a dead server is stopped by `go test` after ten minutes, but a build, a download, a deployment
or a container of a service is not.

One finding for each workflow. Jobs that call a reusable workflow, and jobs whose every step has a limit, are left out. GitLab has a limit
of one hour of its own.

Fix: set `timeout-minutes` on each job to a few times what it usually takes.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts import jobs
from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Place, Severity
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    for pipeline in facts.pipelines:
        open_ones = [
            job
            for job in pipeline.jobs
            if job.timeout is None and job.uses is None and job.steps and any(s.timeout is None for s in job.steps)
        ]
        if pipeline.kind != "github" or not open_ones or not pipeline.path.startswith(".github/workflows/"):
            continue
        own = [job for job in open_ones if jobs.self_hosted(job)]
        names = ", ".join(job.name for job in open_ones[:4]) + (f" and {len(open_ones) - 4} more" if len(open_ones) > 4 else "")
        ends = "job ends" if len(open_ones) == 1 else "jobs end"
        message = f"nothing ends {names} before GitHub does after 6 hours"
        fix = f"Set timeout-minutes so that a hanging {ends} in time."
        first = own[0] if own else open_ones[0]
        yield Finding(message, Place(pipeline.path, first.line), fix=fix, severity=Severity.HAZARD if own else None)


_MAIN = {"go.mod": "module example.com/orders\n\ngo 1.24\n", "main.go": "package main\n\nfunc main() {}\n"}
_STEPS = "    steps:\n      - run: go test ./...\n"

RULE = Rule(
    severity=Severity.NOTE,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    needs=("pipeline",),
    fails={
        **_MAIN,
        ".github/workflows/ci.yml": "on: push\njobs:\n  # want below\n  test:\n    runs-on: ubuntu-24.04\n" + _STEPS,
    },
    passes=(
        {**_MAIN, ".github/workflows/ci.yml": "on: push\njobs:\n  test:\n    runs-on: ubuntu-24.04\n    timeout-minutes: 15\n" + _STEPS},
        {**_MAIN, ".github/workflows/ci.yml": "on: push\njobs:\n  test:\n    uses: ./.github/workflows/test.yml\n"},
        {
            **_MAIN,
            ".github/workflows/ci.yml": "on: push\njobs:\n  test:\n    runs-on: ubuntu-24.04\n"
            + _STEPS.replace("- run", "- timeout-minutes: 9\n        run"),
        },
    ),
)
