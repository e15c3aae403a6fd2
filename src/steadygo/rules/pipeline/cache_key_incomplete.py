"""The cache of compiled code goes stale under its key: builds get slower for good, or find another system's objects.

`go build` hashes the Go version, the system, the architecture and every input into each entry of its cache; a CI cache is kept under one
key. When the key leaves one of them out, a new Go (or another machine) restores a cache it cannot use, and because the key was hit
exactly, actions/cache never saves the new one: every run compiles everything again until somebody changes the key. Two jobs that compile
with other flags (-race, CGO_ENABLED) under one key keep only what the first of them compiled.

The cache that actions/setup-go keeps itself is complete enough and never reported. A system counts as left out only when jobs of several
systems or self-hosted runners use the key.

Fix: put runner.os, runner.arch, the Go version and hashFiles('**/go.sum') into the key, and a word for the job where flags differ.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from steadygo.facts import goversions, jobs
from steadygo.facts.commands import Variable
from steadygo.facts.pipelines import Job, Pipeline
from steadygo.facts.repository import Repository
from steadygo.findings import Because, Confidence, Finding, Place, Severity, because
from steadygo.rules.rule import Rule

_GO = re.compile(
    r"go-?_?version|matrix\.go|GO_?VER|\bgo\.mod|go\.work\b|toolchain|\.go-version|outputs\.\w*go|go1?[.-]?1\.\d\d|\*\*/go\.\*", re.I
)
_SUM = re.compile(r"\.sum\b|go\.\*|go\.mod|sha\b|commit|run_id|run_number|hashFiles\([^)]*\.go\b", re.I)
_SYSTEM = re.compile(r"runner\.os|runner_os|matrix\.(os|platform|runner|target|goos|arch)|linux|ubuntu|macos|windows", re.I)
_MACHINE = re.compile(r"runner\.arch|runner_arch|matrix\.(arch|goarch|platform|runner|target|os)|amd64|x86_64|arm64", re.I)
_COMPILED = re.compile(r"go-build|GOCACHE|go_cache|\.cache/go\b", re.I)


@dataclass(frozen=True)
class _Cache:
    pipeline: Pipeline
    job: Job
    key: Variable

    @property
    def at(self) -> Place:
        return Place(self.pipeline.path, self.key.line, self.key.column)


def check(facts: Repository) -> Iterator[Finding]:
    caches = list(_caches(facts))
    said: set[tuple[str, str]] = set()
    for cache in caches:
        text = cache.key.value or ""
        if (cache.pipeline.path, text) in said:
            continue
        missing: list[str] = []
        several, where = _systems(cache.job)
        if several and not _SYSTEM.search(text):
            missing.append("the operating system")
        if several and not _MACHINE.search(text):
            missing.append("the architecture")
        if not _GO.search(text):
            missing.append("the Go version")
        if not _SUM.search(text):
            missing.append("go.sum")
        flags, other = _flags(facts, cache, caches)
        if flags:
            missing.append(f"the flags ({flags})")
        if not missing:
            continue
        said.add((cache.pipeline.path, text))
        reasons = [Because(cache.pipeline.path, cache.job.runs_on[0].line, where)] if several and where else []
        reasons += _go(facts, cache) if "the Go version" in missing else []
        reasons += [because(other, f"shares the key, without {flags}")] if other else []
        reasons += [Because(s.path, 1, "changes with every dependency") for s in facts.sums[:1] if "go.sum" in missing]
        message = (
            f"the key of the build cache leaves out {' and '.join([', '.join(missing[:-1]), missing[-1]] if missing[1:] else missing)}"
        )
        fix = f"Add {', '.join(missing)} to the key."
        severity = Severity.HAZARD if several or flags else Severity.NOTE
        yield Finding(message, cache.at, tuple(reasons), fix, severity=severity)


def _caches(facts: Repository) -> Iterator[_Cache]:
    for pipeline in facts.pipelines:
        for job in pipeline.jobs:
            for step in job.steps:
                inputs = {v.name: v for v in step.inputs}
                if step.uses is None or not re.match(r"(actions|buildjet)/cache(/restore|/save)?@", step.uses.value):
                    continue
                key = inputs.get("key")
                if key is not None and key.value and _COMPILED.search(inputs["path"].value or "" if "path" in inputs else ""):
                    yield _Cache(pipeline, job, key)


def _systems(job: Job) -> tuple[bool, str]:
    """Whether machines of several kinds may use the job's cache, and what says so."""
    if jobs.self_hosted(job):
        return True, "a self-hosted runner may be any machine"
    families = {m[0] for label in job.runs_on if (m := re.match(r"ubuntu|windows|macos", label.value))}
    arms = {"arm" in label.value for label in job.runs_on}
    return len(families) > 1 or len(arms) > 1, f"the job runs on {', '.join(label.value for label in job.runs_on)}"


def _flags(facts: Repository, cache: _Cache, caches: list[_Cache]) -> tuple[str, Place | None]:
    """-race here, while another job with the same key compiles without it."""
    same = [c for c in caches if c.key.value == cache.key.value and c.job is not cache.job and c.pipeline is cache.pipeline]
    if not same or "github.job" in (cache.key.value or ""):
        return "", None
    compiled = [r for r in jobs.ran(facts) if r.verb in ("build", "test", "install") and r.pipeline is cache.pipeline]
    if not any(r.job is cache.job and r.flag("race") for r in compiled):
        return "", None
    for other in same:
        plain = [r for r in compiled if r.job is other.job]
        if plain and not any(r.flag("race") or r.unclear for r in plain):
            return "-race", plain[0].outer
    return "", None


def _go(facts: Repository, cache: _Cache) -> list[Because]:
    """Where the Go of the job is stated: that is what changes while the key does not."""
    for job, used in goversions.in_pipeline(facts, cache.pipeline):
        if job is cache.job:
            return [because(used.at, f"Go comes from here ({used.text}); when it changes the key stays")]
    return [
        Because(m.path, m.go.line, f"the module asks for Go {m.go.value}; when it changes the key stays") for m in facts.modules[:1] if m.go
    ]


_MAIN = {"go.mod": "module example.com/orders\n\ngo 1.24\n", "go.sum": "", "main.go": "package main\n\nfunc main() {}\n"}
_JOB = "on: push\njobs:\n  test:\n    runs-on: ubuntu-24.04\n    steps:\n      - uses: actions/setup-go@v5\n        with:\n"
_CACHE = '          go-version: "1.24"\n      - uses: actions/cache@v4\n        with:\n          path: ~/.cache/go-build\n'


def _ci(key: str, job: str = _JOB) -> str:
    return job + _CACHE + key + "\n      - run: go test ./...\n"


_FULL = "          key: ${{ runner.os }}-${{ runner.arch }}-go1.24-${{ hashFiles('**/go.sum') }}"

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    needs=("pipeline",),
    fails=(
        {**_MAIN, ".github/workflows/ci.yml": _ci("          # want below\n          key: go-${{ hashFiles('go.sum') }}")},
        {
            **_MAIN,
            ".github/workflows/ci.yml": _ci(
                "          # want below\n          key: go-1.24-${{ hashFiles('go.sum') }}", _JOB.replace("ubuntu-24.04", "[self-hosted]")
            ),
        },
        {**_MAIN, ".github/workflows/ci.yml": _ci("          # want below\n          key: ${{ runner.os }}-go-1.24-build")},
    ),
    passes=(
        {**_MAIN, ".github/workflows/ci.yml": _ci(_FULL)},
        {**_MAIN, ".github/workflows/ci.yml": _ci(_FULL.replace("${{ runner.os }}-${{ runner.arch }}-", ""))},
        {**_MAIN, ".github/workflows/ci.yml": _ci("          key: go-${{ hashFiles('go.mod', 'go.sum') }}")},
        {
            **_MAIN,
            ".github/workflows/ci.yml": (_JOB + _CACHE).replace("go-build", "golangci-lint")
            + "          key: lint\n      - run: go vet ./...\n",
        },
        {**_MAIN, ".github/workflows/ci.yml": _JOB + '          go-version: "1.24"\n          cache: true\n      - run: go test ./...\n'},
    ),
)
