"""The build takes code that no commit names: submodules are moved to their newest state, or left out, while building.

A submodule is recorded at one commit. `git submodule update --remote` in a build ignores that and takes the newest commit of the other
repository's branch: two builds of the same commit differ, and nobody reviewed what ships. Where one job checks submodules out and the one
that builds what ships does not, an image holds empty directories that the tests never saw.

Targets that people call to update submodules (`make update-submodules`) are fine and not reported.

Fix: check out with `submodules: recursive` in every job, and move submodules in commits of their own.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts import jobs
from steadygo.facts.pipelines import Job
from steadygo.facts.repository import Repository
from steadygo.findings import Because, Confidence, Finding, Place, Severity
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    said: set[Place] = set()
    for image in facts.images:
        for stage in image.stages:
            for command in stage.commands:
                if _moves(command.words) and facts.ships(image.path):
                    yield _moved(Place(image.path, command.line, command.column))
    for each in jobs.ran(facts):
        if not _moves(each.command.words) or each.at in said:
            continue
        builds = any(s.uses is not None and "build-push-action" in s.uses.value for s in each.job.steps) or any(
            r.verb in ("build", "test") for r in jobs.ran(facts) if r.job is each.job
        )
        if builds:
            said.add(each.at)
            yield _moved(each.at)
    if ".gitmodules" in facts.paths:
        yield from _left_out(facts)


def _moves(words: tuple[str, ...]) -> bool:
    return words[:2] == ("git", "submodule") and "--remote" in words


def _moved(at: Place) -> Finding:
    message = "the build moves submodules to their newest commit: what is built is not what the commit records"
    return Finding(message, at, fix="Take --remote out; move submodules in a commit of its own.")


def _left_out(facts: Repository) -> Iterator[Finding]:
    """A job that builds an image without submodules while a job of the same workflow that tests has them."""
    for pipeline in facts.pipelines:
        checkouts = [(job, line, taken) for job in pipeline.jobs for line, taken in _checkouts(job)]
        having = next(((job, line) for job, line, taken in checkouts if taken), None)
        for job, line, taken in checkouts:
            builds = any(s.uses is not None and "build-push-action" in s.uses.value for s in job.steps)
            if having is not None and not taken and builds and not any("submodule" in s.script for s in job.steps):
                message = f"the job {job.name} builds an image without submodules, the job {having[0].name} has them"
                reason = Because(pipeline.path, having[1], "checks submodules out")
                yield Finding(message, Place(pipeline.path, line), (reason,), "Set `submodules: recursive` on this checkout.")


def _checkouts(job: Job) -> Iterator[tuple[int, bool]]:
    for step in job.steps:
        if step.uses is not None and step.uses.value.startswith("actions/checkout@"):
            yield step.uses.line, any(v.name == "submodules" and v.value not in ("", "false", None) for v in step.inputs)


_MAIN = {"go.mod": "module example.com/orders\n\ngo 1.24\n", "main.go": "package main\n\nfunc main() {}\n", ".gitmodules": "[submodule]\n"}
_JOB = "on: push\njobs:\n  test:\n    runs-on: ubuntu-24.04\n    steps:\n"
_TEST = _JOB + "      - uses: actions/checkout@v4\n        with:\n          submodules: true\n"
_IMAGE = "  image:\n    runs-on: ubuntu-24.04\n    steps:\n"
_PUSH = "      - uses: docker/build-push-action@v6\n"

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("pipeline",),
    fails=(
        {
            **_MAIN,
            ".github/workflows/ci.yml": _TEST + "      - run: git submodule update --init --remote # want\n      - run: go build ./...\n",
        },
        {
            **_MAIN,
            ".github/workflows/ci.yml": _TEST
            + "      - run: go test ./...\n"
            + _IMAGE
            + "      - uses: actions/checkout@v4 # want\n"
            + _PUSH,
        },
    ),
    passes=(
        {**_MAIN, ".github/workflows/ci.yml": _TEST + "      - run: git submodule update --init\n      - run: go build ./...\n"},
        {**_MAIN, "Makefile": "update-submodules:\n\tgit submodule update --remote\n"},
        {
            **_MAIN,
            ".github/workflows/ci.yml": _TEST
            + "      - run: go test ./...\n"
            + _IMAGE
            + "      - uses: actions/checkout@v4\n        with:\n          submodules: recursive\n"
            + _PUSH,
        },
    ),
)
