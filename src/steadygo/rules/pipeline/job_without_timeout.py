"""A hanging job holds its runner for six hours: nothing ends it sooner, and the release waits behind it.

GitHub ends a job after 360 minutes when the workflow says nothing; on a self-hosted runner that is six hours in which no other job runs
there. A Go test that waits for a lock or a dead server is stopped by `go test` after ten minutes, but a build, a download, a deployment
or a container of a service is not.

One finding for the repository, and one for each workflow with self-hosted runners. Jobs that call a reusable workflow, and jobs whose
every step has a limit, are left out. GitLab has a limit of one hour of its own.

Fix: set `timeout-minutes` on each job to a few times what it usually takes.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts import jobs
from steadygo.facts.pipelines import Job, Pipeline
from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Place, Severity
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    hosted: list[tuple[Pipeline, Job]] = []
    for pipeline in facts.pipelines:
        open_ones = [job for job in pipeline.jobs if _open(job)]
        if pipeline.kind != "github" or not pipeline.path.startswith(".github/workflows/"):
            continue
        own = [job for job in open_ones if jobs.self_hosted(job)]
        if own:
            message = (
                f"nothing ends {_named(own)} before GitHub does after 6 hours, and no other job runs on that self-hosted runner meanwhile"
            )
            fix = "Set timeout-minutes to a few times what the job usually takes."
            yield Finding(message, Place(pipeline.path, own[0].line), fix=fix, severity=Severity.HAZARD)
        hosted += [(pipeline, job) for job in open_ones if not jobs.self_hosted(job)]
    if hosted:
        testing = {(r.pipeline.path, r.job.name) for r in jobs.ran(facts) if r.verb in ("test", "build")}
        first = next(((p, j) for p, j in hosted if (p.path, j.name) in testing), hosted[0])
        others = (
            f"{len(hosted)} jobs in {len({p.path for p, _ in hosted})} workflows have"
            if len(hosted) > 1
            else f"the job {first[1].name} has"
        )
        message = f"{others} no time limit: a hanging one runs for 6 hours"
        fix = "Set timeout-minutes to a few times what each job usually takes."
        yield Finding(message, Place(first[0].path, first[1].line), fix=fix)


def _open(job: Job) -> bool:
    return job.timeout is None and job.uses is None and bool(job.steps) and any(s.timeout is None for s in job.steps)


def _named(found: list[Job]) -> str:
    return ", ".join(job.name for job in found[:4]) + (f" and {len(found) - 4} more" if len(found) > 4 else "")


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
