"""GitLab's caches held against what Go hashes into the id of each compile action.

GitLab saves a cache after every job that succeeds, under the same key again, so a key need not change with the source. But the job that
saves last wins: jobs that compile differently under one key throw each other's entries away. Only files below $CI_PROJECT_DIR are kept.
Sources: docs.gitlab.com/ci/caching, docs.gitlab.com/ci/yaml (cache), and the action id as in `cachekey`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.build.cachekey import Audit, Ingredient
from steadygo.facts.pipelines import Job, Pipeline

_PROJECT = re.compile(r"^(?:\$\{?CI_PROJECT_DIR\}?/|\./)")
_OUTSIDE = re.compile(r"^(?:/(?!builds/)|~|\$\{?(?:HOME|GOPATH|GOCACHE|GOMODCACHE)\b)")
_COMPILED = re.compile(r"go-build|gocache|go_cache|\.cache(?:/go)?/?$|\.cache/\**$", re.I)
_MODULES = re.compile(r"pkg/mod|gomodcache|go-mod|\.cache(?:/go)?/?$|\.go/?$|\.cache/\**$", re.I)
_PER_JOB = re.compile(r"CI_JOB_NAME|CI_JOB_ID|CI_PIPELINE_ID")
_FLAGS = (("-race", re.compile(r"\s-race\b")), ("-cover", re.compile(r"\s-cover(?:profile|mode|pkg)?\b")))
_VARIABLES = ("CGO_ENABLED", "CC", "GOAMD64", "GOEXPERIMENT", "GOFLAGS", "GOOS", "GOARCH")
_COMPILES = re.compile(r"\bgo\s+(?:build|test|install|vet|run)\b")


def audit(pipeline: Pipeline) -> Iterator[Audit]:
    """Each cache of compiled code or modules, once for all jobs that use its key."""
    users: dict[str, list[Job]] = {}
    first: dict[str, tuple[int, str]] = {}
    for job in pipeline.jobs:
        for key, paths in job.caches:
            compiled, modules = _holds(pipeline, job, paths)
            if compiled or modules:
                users.setdefault(key.value, []).append(job)
                holds = "both" if compiled and modules else "compiled" if compiled else "modules"
                first.setdefault(key.value, (key.line, holds))
    for name, jobs in users.items():
        line, holds = first[name]
        ingredients = (_place(pipeline, jobs, name), *(_compiled(pipeline, name, jobs) if holds != "modules" else ()))
        lacks = any(i.state == "missing" for i in ingredients[1:])
        yield Audit(f"{pipeline.path}:{line}", name, holds, ingredients, "go-$CI_JOB_NAME_SLUG" if lacks else name, "")


def _holds(pipeline: Pipeline, job: Job, paths: tuple[str, ...]) -> tuple[bool, bool]:
    """(compiled code, modules): by the names of the folders, or because GOCACHE or GOMODCACHE lies in one."""
    plain = [_PROJECT.sub("", path).rstrip("/*") for path in paths]

    def has(pattern: re.Pattern[str], *names: str) -> bool:
        inside = [_PROJECT.sub("", v).rstrip("/") for n in names if (v := _value(pipeline, job, n))]
        return any(p and (v == p or v.startswith(p + "/")) for p in plain for v in inside) or any(pattern.search(p) for p in paths)

    return has(_COMPILED, "GOCACHE"), has(_MODULES, "GOMODCACHE", "GOPATH")


def _value(pipeline: Pipeline, job: Job, name: str) -> str:
    return next((v.value or "" for v in (*reversed(job.variables), *reversed(pipeline.variables)) if v.name == name), "")


def _script(job: Job) -> str:
    return "\n".join(step.script for step in job.steps)


def _place(pipeline: Pipeline, jobs: list[Job], name: str) -> Ingredient:
    paths = [path for job in jobs for key, held in job.caches if key.value == name for path in held]
    outside = next((path for path in paths if _OUTSIDE.match(path)), "")
    if outside:
        why = f"GitLab keeps only what lies below $CI_PROJECT_DIR, {outside} does not: set GOCACHE and GOMODCACHE to folders there."
        return Ingredient("folder", "missing", why)
    names = ("GOCACHE", "GOMODCACHE", "GOPATH", "XDG_CACHE_HOME", "HOME")
    if not any(_value(pipeline, job, n) or n in _script(job) for job in jobs for n in names):
        why = "Nothing here sets GOCACHE or GOMODCACHE: unless the image does, Go writes outside of the project and nothing is kept."
        return Ingredient("folder", "missing", why)
    return Ingredient("folder", "in place", "The folders lie below $CI_PROJECT_DIR.")


def _compiled(pipeline: Pipeline, key: str, jobs: list[Job]) -> Iterator[Ingredient]:
    going = [job for job in jobs if _COMPILES.search(_script(job))] or jobs
    per_job = bool(_PER_JOB.search(key))
    images = {job.container.value if job.container else "" for job in going}
    tags = {tuple(sorted(tag.value for tag in job.runs_on)) for job in going}
    by_version = bool(re.search(r"CI_JOB_IMAGE|GO_?VER|go\.mod|\.go-version", key, re.I))
    yield _differs("Go version and tool ids", "images", images, per_job or by_version)
    yield _differs("runner (GOOS, GOARCH)", "tags", {" ".join(t) for t in tags}, per_job)
    for flag, used in _FLAGS:
        with_it = [job for job in going if used.search(_script(job))]
        if not with_it:
            continue
        without = [job for job in going if job not in with_it]
        if per_job:
            yield Ingredient(flag, "in the key", "It is in the id.")
        elif without:
            why = f"{with_it[0].name} compiles with it, {without[0].name} without: whichever saves last throws the other's entries away."
            yield Ingredient(flag, "missing", why)
        else:
            yield Ingredient(flag, "not needed", "Every job that uses the key compiles with it.")
    for name in _VARIABLES:
        values = {_value(pipeline, job, name) for job in going}
        if values != {""}:
            yield _differs(name, "values", values, per_job or name in key)
    yield Ingredient("source files, go.sum", "not needed", "GitLab saves the cache after every job that succeeds, under the same key.")


def _differs(name: str, what: str, values: set[str], is_in_key: bool) -> Ingredient:
    if is_in_key:
        return Ingredient(name, "in the key", "It is in the id.")
    if len(values) > 1:
        shown = ", ".join(sorted(value or "none" for value in values))
        return Ingredient(name, "missing", f"Jobs with different {what} share the key ({shown}): the one that saves last wins.")
    return Ingredient(name, "not needed", f"All jobs that use the key have the same {what}.")
