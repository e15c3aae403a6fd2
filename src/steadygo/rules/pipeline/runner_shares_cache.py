"""Jobs on one self-hosted runner share the Go build cache: a job can fail, or pass, because of what another one left there.

A GitHub-hosted machine is new for every job; a self-hosted one is not. Without a GOCACHE and GOTMPDIR of their own, jobs of all branches
and repositories on that host read and write the same `~/.cache/go-build`: a pull request can plant objects, cached test results of
another checkout count as passed, two jobs that fill the disk fail together, and `-race` doubles what is kept there.

Errs on the side of silence when the job runs in a container or sets GOCACHE. Runners that are thrown away after one job cannot be told
from others by their label.

Fix: set GOCACHE and GOTMPDIR below `${{ runner.temp }}` in the job's env, or run it in a container.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts import jobs
from steadygo.facts.jobs import Ran
from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Place, Severity, because
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    by_job: dict[tuple[str, str], list[Ran]] = {}
    for each in jobs.ran(facts):
        if each.verb in ("build", "test", "vet", "install", "run", "generate"):
            by_job.setdefault((each.pipeline.path, each.job.name), []).append(each)
    for (path, name), commands in by_job.items():
        job = commands[0].job
        shared = [c for c in commands if "GOCACHE" not in c.settings]
        if not jobs.self_hosted(job) or job.container is not None or not shared:
            continue
        first = next((c for c in shared if c.verb == "test" and c.flag("race")), shared[0])
        label = next(label for label in job.runs_on if label.value == "self-hosted")
        missing = "GOCACHE" if "GOTMPDIR" in first.settings else "GOCACHE and GOTMPDIR"
        message = f"the job {name} runs `{first.command.text[:60]}` on a self-hosted runner with the host's own build cache"
        reasons = [because(first.at, f"compiles without a {missing} of its own")]
        module = facts.go.module_of(first.command.directory) or next(iter(facts.modules), None)
        if module is not None and module.module is not None:
            reasons.append(because(Place(module.path, module.module.line), "every branch of this module shares that cache"))
        fix = f"Set {missing} below ${{{{ runner.temp }}}} in the job's env, or run the job in a container."
        yield Finding(message, Place(path, label.line, label.column), tuple(reasons), fix)


_MAIN = {"go.mod": "module example.com/orders\n\ngo 1.24\n", "main.go": "package main\n\nfunc main() {}\n"}
_JOB = "on: push\njobs:\n  test:\n    # want below\n    runs-on: [self-hosted, linux]\n"
_RACE = "    steps:\n      - uses: actions/checkout@v4\n      - run: go test -race ./...\n"
_CACHE = "    env:\n      GOCACHE: ${{ runner.temp }}/go-build\n      GOTMPDIR: ${{ runner.temp }}\n"

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("pipeline",),
    fails=(
        {**_MAIN, ".github/workflows/ci.yml": _JOB + _RACE},
        {
            **_MAIN,
            ".github/workflows/ci.yml": _JOB + "    steps:\n      - run: make build\n",
            "Makefile": "build:\n\tgo build -o bin/orders .\n",
        },
    ),
    passes=(
        {**_MAIN, ".github/workflows/ci.yml": _JOB + _CACHE + _RACE},
        {**_MAIN, ".github/workflows/ci.yml": _JOB + "    container: golang:1.24\n" + _RACE},
        {**_MAIN, ".github/workflows/ci.yml": _JOB.replace("[self-hosted, linux]", "ubuntu-24.04") + _RACE},
        {**_MAIN, ".github/workflows/ci.yml": _JOB + "    steps:\n      - run: kubectl apply -k deploy\n"},
    ),
)
