"""Integration tests report a result of last week: `go test` found it in its cache and did not talk to the database at all.

`go test` caches a package's passing result by its code, its flags, the environment and files it read. It does not know of a database, a
broker or an API behind an address. On a runner that keeps its build cache (self-hosted, actions/cache of go-build, setup-go's default
cache) the test of an integration counts as passed although the schema, the server or the network broke.

Only commands that name integration tests (a tag, a path or a -run pattern) or get the address of a server count. Flags that switch the
cache off (-count, -bench, -exec, profiles, flags of the test itself) are fine.

Fix: add -count=1 to the command.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts import jobs
from steadygo.facts.jobs import Ran
from steadygo.facts.repository import Repository
from steadygo.findings import Because, Confidence, Finding, Place, Severity
from steadygo.rules.rule import Rule

_INTEGRATION = re.compile(r"integration|e2e|acceptance|functional|\bit\b", re.I)
_CACHED = {
    "cpu", "list", "parallel", "run", "short", "timeout", "failfast", "v", "fullpath", "skip", "benchtime", "json", "vet", "race", "msan",
    "asan", "cover", "covermode", "coverpkg", "tags", "mod", "modfile", "ldflags", "gcflags", "asmflags", "trimpath", "p", "x", "buildvcs",
    "C", "pgo", "overlay", "buildmode", "work", "a",
}  # fmt: skip
_ADDRESS = re.compile(r"^(?!https?://proxy)[a-z+]+://[^/\s]*(localhost|127\.0\.0\.1|:\d+|@)|^[\w.-]+:\d{2,5}$")


def check(facts: Repository) -> Iterator[Finding]:
    said: set[Place] = set()
    for each in jobs.ran(facts):
        if each.verb != "test" or each.go is None or each.at in said or each.unclear or each.go.rest or not each.go.packages:
            continue
        if (
            any(name.removeprefix("test.") not in _CACHED for name, _ in each.go.flags)
            or each.flag("count") is not None
            or "GOCACHE" in each.settings
        ):
            continue
        why, kept = _integration(each), _keeps_cache(each)
        if not why or kept is None:
            continue
        said.add(each.at)
        message = f"`{each.command.text[:70]}` may report a cached result: {why}"
        yield Finding(message, each.at, (kept,), "Add -count=1.")


def _integration(each: Ran) -> str:
    """Why the test talks to something that `go test` does not know of."""
    named = " ".join([each.flag("tags") or "", each.flag("run") or "", *(each.go.packages if each.go else ())])
    if _INTEGRATION.search(named):
        return "an integration test depends on what the cache does not know"
    if each.job.services and any(_ADDRESS.match(s.value or "") for s in each.settings.values()):
        return "it talks to a service that the cache does not know of"
    return ""


def _keeps_cache(each: Ran) -> Because | None:
    """What makes the build cache outlive a job."""
    job, path = each.job, each.pipeline.path
    if jobs.self_hosted(job) and job.container is None:
        return Because(path, job.line, "a self-hosted runner keeps its build cache")
    for step in job.steps:
        inputs = {v.name: v.value or "" for v in step.inputs}
        action, _, version = step.uses.value.partition("@") if step.uses is not None else ("", "", "")
        if action == "actions/cache" and re.search(r"go-build|GOCACHE", inputs.get("path", "")):
            return Because(path, step.line, "the build cache, test results included, is kept here")
        old = re.match(r"v[1-3]\b", version)
        if action == "actions/setup-go" and inputs.get("cache") != "false" and not old:
            return Because(path, step.line, "setup-go keeps the build cache, test results included, between runs")
    return None


_MAIN = {"go.mod": "module example.com/orders\n\ngo 1.24\n", "main.go": "package main\n\nfunc main() {}\n"}
_JOB = "on: push\njobs:\n  test:\n    runs-on: {on}\n    steps:\n"
_GO = "      - uses: actions/setup-go@v5\n        with:\n          go-version-file: go.mod\n"

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("pipeline", "tests"),
    fails=(
        {
            **_MAIN,
            ".github/workflows/ci.yml": _JOB.format(on="ubuntu-24.04")
            + _GO
            + "      - run: go test -tags integration ./store/... # want\n",
        },
        {
            **_MAIN,
            ".github/workflows/ci.yml": _JOB.format(on="self-hosted") + "      - run: make integration\n",
            "Makefile": "integration:\n\tgo test ./test/integration/... # want\n",
        },
    ),
    passes=(
        {
            **_MAIN,
            ".github/workflows/ci.yml": _JOB.format(on="ubuntu-24.04")
            + _GO
            + "      - run: go test -count=1 -tags integration ./store/...\n",
        },
        {**_MAIN, ".github/workflows/ci.yml": _JOB.format(on="ubuntu-24.04") + "      - run: go test -tags integration ./store/...\n"},
        {**_MAIN, ".github/workflows/ci.yml": _JOB.format(on="ubuntu-24.04") + _GO + "      - run: go test ./...\n"},
        {
            **_MAIN,
            ".github/workflows/ci.yml": _JOB.format(on="ubuntu-24.04")
            + _GO
            + "          cache: false\n      - run: go test -tags e2e ./store/...\n",
        },
    ),
)
