"""Broken code gets through because its tests are repeated until they pass, and each red run costs the runner many times over.

A retry around `go test` turns a race that fails one run in three into a green build, every time. What the retry hides meets the user
instead, and a real failure takes ten runs to be believed. Repeating is right for downloads and deployments, and those are not reported;
gotestsum --rerun-fails repeats only what failed and says so, which is a note.

Errs on the side of silence when the number of attempts comes from an expression.

Fix: take the retry away and mend or quarantine the test that needs it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts import jobs
from steadygo.facts.pipelines import Job, Pipeline, Step
from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Place, Severity
from steadygo.rules.rule import Rule

_ACTION = re.compile(r"(^|/)(retry|retry-step|retry-action|action-retry)@|/retry@", re.I)
_TESTS = re.compile(r"\bgo test\b|\bgotestsum\b|\bginkgo\b|\bmake\s+(?:\S+\s+){0,5}\S*test", re.I)
_LOOP = re.compile(
    r"(?:for\s+\w+\s+in\s+(?P<list>[^;\n]+)|until\s+(?=.*(go test|gotestsum)))[\s\S]{0,200}?(go test|gotestsum)[^\n]*(&&\s*break|\|\|)"
)


def check(facts: Repository) -> Iterator[Finding]:
    for pipeline in facts.pipelines:
        for job in pipeline.jobs:
            for step in job.steps:
                yield from _action(pipeline, step)
                found = _LOOP.search(step.script)
                attempts = len((found["list"] or "").split()) if found else 0
                if found and (attempts >= 3 or found["list"] is None or "seq" in (found["list"] or "") or "{" in (found["list"] or "")):
                    message = "a loop repeats the tests until they pass: what fails now and then goes through"
                    yield Finding(message, _test_line(pipeline, step), fix="Run the tests once; mend what is flaky.")
            yield from _gitlab(pipeline, job)
    said: set[Place] = set()
    for each in jobs.ran(facts):
        rerun = next((w for w in each.command.words if w.startswith("--rerun-fails")), None)
        if rerun is not None and each.at not in said and rerun not in ("--rerun-fails=0", "--rerun-fails=false"):
            said.add(each.at)
            message = f"gotestsum {rerun} repeats failed tests: what fails now and then counts as passed"
            yield Finding(
                message, each.at, fix="Follow the reruns (--rerun-fails-report) and mend what needs them.", severity=Severity.NOTE
            )


def _action(pipeline: Pipeline, step: Step) -> Iterator[Finding]:
    if step.uses is None or not _ACTION.search(step.uses.value):
        return
    inputs = {v.name: v.value or "" for v in step.inputs}
    command = next((inputs[name] for name in ("command", "run", "script") if name in inputs), "")
    attempts = next((inputs[name] for name in ("max_attempts", "max-attempts", "attempt_limit", "retries", "limit") if name in inputs), "")
    if _TESTS.search(command) and attempts.isdigit() and int(attempts) > 1:
        message = f"the tests are run up to {attempts} times until they pass: what fails now and then goes through"
        severity = Severity.NOTE if int(attempts) == 2 else None
        yield Finding(message, Place(pipeline.path, step.uses.line), fix="Run the tests once; mend what is flaky.", severity=severity)


def _test_line(pipeline: Pipeline, step: Step) -> Place:
    line = next((c.line for c in step.commands if "test" in c.words or "gotestsum" in c.words), step.line)
    return Place(pipeline.path, line)


def _gitlab(pipeline: Pipeline, job: Job) -> Iterator[Finding]:
    if pipeline.kind != "gitlab" or job.retries is None or job.retries.value < 2:
        return
    if any(_TESTS.search(c.text) for step in job.steps for c in step.commands):
        message = f"the job {job.name} runs its tests up to {int(job.retries.value) + 1} times until they pass"
        fix = "Repeat only what the runner broke: retry with when: runner_system_failure."
        yield Finding(message, Place(pipeline.path, job.retries.line), fix=fix, severity=Severity.NOTE)


_MAIN = {"go.mod": "module example.com/orders\n\ngo 1.24\n", "main.go": "package main\n\nfunc main() {}\n"}
_JOB = "on: push\njobs:\n  test:\n    runs-on: ubuntu-24.04\n    steps:\n"
_RETRY = "      - uses: nick-fields/retry@v3{marker}\n        with:\n          max_attempts: 5\n          command: {command}\n"

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    needs=("pipeline",),
    fails=(
        {**_MAIN, ".github/workflows/ci.yml": _JOB + _RETRY.format(marker=" # want", command="go test ./...")},
        {
            **_MAIN,
            ".github/workflows/ci.yml": _JOB
            + "      - run: |\n          for i in 1 2 3; do\n            go test ./... && break # want\n          done\n",
        },
    ),
    passes=(
        {**_MAIN, ".github/workflows/ci.yml": _JOB + _RETRY.format(marker="", command="go mod download")},
        {**_MAIN, ".github/workflows/ci.yml": _JOB + "      - run: go test -count=3 ./...\n"},
        {
            **_MAIN,
            ".github/workflows/ci.yml": _JOB + "      - run: |\n          for p in a b c; do\n            go test ./$p\n          done\n",
        },
    ),
)
