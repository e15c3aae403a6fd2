"""Data races reach production unseen: the tests never run with the race detector.

Code that starts goroutines has races that no plain test run shows: a counter that loses updates, a map that is written twice and kills
the process, a setting that is half old and half new. `go test -race` sees them when the code runs, and only then.

Errs on the side of silence when any test command's flags come from a variable or are hidden behind a task runner.

Fix: run `go test -race ./...` in at least one job.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts import jobs
from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Severity, because
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    ran = jobs.ran(facts)
    tests = [r for r in ran if r.verb == "test" and facts.ships(r.outer.path) and r.flag("c") is None]
    if not tests or any(r.unclear or r.flag("race") is not None or "race" in r.command.text for r in ran if r.verb in ("test", "build")):
        return
    if any(jobs.opaque(r) and any(w in r.command.text for w in ("test", "check", "race", "verify", "ci", "all")) for r in ran):
        return
    steps = [s for p in facts.pipelines for j in p.jobs for s in j.steps]
    if any("-race" in s.script or any("race" in (v.value or "") for v in s.inputs) for s in steps) or _in_image(facts):
        return
    started = next(
        (
            file.at(call)
            for service in facts.services
            if not service.tool
            for directory in sorted(service.packages)
            for file in facts.go.packages[directory].files
            for call in file.calls
            if call.mode == "go"
        ),
        None,
    )
    if started is not None:
        reasons = (because(started, "a goroutine is started here"),)
        yield Finding(
            "the tests never run with the race detector, and the code starts goroutines", tests[0].outer, reasons, "Add -race here."
        )


def _in_image(facts: Repository) -> bool:
    return any("-race" in c.words for i in facts.images for s in i.stages for c in s.commands)


_MAIN = {
    "go.mod": "module example.com/orders\n\ngo 1.24\n",
    "main.go": "package main\n\nfunc main() {\n\tgo work()\n\tselect {}\n}\n\nfunc work() {}\n",
    "main_test.go": 'package main\n\nimport "testing"\n\nfunc TestWork(t *testing.T) { work() }\n',
}
_JOB = "on: push\njobs:\n  test:\n    runs-on: ubuntu-24.04\n    steps:\n"

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("pipeline", "tests"),
    fails={**_MAIN, ".github/workflows/ci.yml": _JOB + "      - run: go test ./... # want\n"},
    passes=(
        {**_MAIN, ".github/workflows/ci.yml": _JOB + "      - run: go test ./...\n      - run: go test -race ./...\n"},
        {**_MAIN, ".github/workflows/ci.yml": _JOB + "      - run: make test\n", "Makefile": "test:\n\tgo test $(FLAGS) ./...\n"},
        {**_MAIN, ".github/workflows/ci.yml": _JOB + "      - run: go test ./...\n        env:\n          GOFLAGS: -race\n"},
        {
            **_MAIN,
            "main.go": "package main\n\nfunc main() {}\n\nfunc work() {}\n",
            ".github/workflows/ci.yml": _JOB + "      - run: go test ./...\n",
        },
    ),
)
