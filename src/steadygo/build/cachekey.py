"""A CI cache key held against what Go hashes into the id of each compile action.

Source: buildActionID and linkActionID in cmd/go/internal/work/exec.go (go1.27.3). Go's own cache never gives a wrong object: each entry is
found by that id. What a key leaves out makes the restored cache useless, and, where the key is hit exactly, never saved again.
Files outside of the module (C headers, the C library) are not in the id either: there a stale object is a wrong one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from steadygo.facts.commands import Variable
from steadygo.facts.pipelines import Job, Pipeline, Step

_CACHE = re.compile(r"(?:actions|buildjet|useblacksmith)/cache(?:/restore|/save)?@")
_COMPILED = re.compile(r"go-build|GOCACHE|go_cache|\.cache/go\b", re.I)
_MODULES = re.compile(r"go/pkg/mod|GOMODCACHE|go-mod", re.I)


class Ingredient(NamedTuple):
    """One input of the action id. `state` is in the key, missing, or not needed here."""

    name: str
    state: str
    why: str


class Audit(NamedTuple):
    """One cache: where, its key, what it holds ("compiled", "modules", "both", "other"), what is in the key, and a key that is right."""

    at: str
    key: str
    holds: str
    ingredients: tuple[Ingredient, ...]
    better: str
    restore: str


class _Looked(NamedTuple):
    name: str
    pattern: re.Pattern[str]
    why: str
    word: str


_ALWAYS = (
    _Looked(
        "Go version and tool ids",
        re.compile(
            r"go-?_?version|matrix\.go|GO_?VER|\bgo\.mod|toolchain|\.go-version|outputs\.\w*go|go1?[.-]?1\.\d\d|prepare-go|setup-go", re.I
        ),
        "Another compiler finds none of the entries.",
        "${{ steps.setup-go.outputs.go-version }}",
    ),
    _Looked(
        "system (GOOS)", re.compile(r"runner\.os|matrix\.(?:os|platform|runner|target|goos)|linux|ubuntu|macos|windows|prepare-go", re.I),
        "The host's system decides target, C compiler and paths.", "${{ runner.os }}",
    ),
    _Looked(
        "processor (GOARCH)", re.compile(r"runner\.arch|matrix\.(?:\w*arch|platform|runner|target)|amd64|x86_64|arm64|prepare-go", re.I),
        "amd64 and arm64 runners share no entry.", "${{ runner.arch }}",
    ),
    _Looked(
        "dependencies (import content ids)", re.compile(r"\.sum\b|go\.\*|go\.mod|\bsha\b|run_id|hashFiles\([^)]*\.go\b|prepare-go", re.I),
        "A changed dependency changes the id of everything above it.", "${{ hashFiles('**/go.sum') }}",
    ),
    _Looked(
        "source files", re.compile(r"github\.sha|run_id|run_number|hashFiles\([^)]*\.go\b|hashFiles\('\*\*'\)", re.I),
        "Without them the first build's entries are kept for good: what was edited since is compiled in every run.", "${{ github.sha }}",
    ),
)  # fmt: skip
_FLAGS = (
    ("-race", re.compile(r"\s-race\b"), re.compile(r"race", re.I), "race"),
    ("-cover", re.compile(r"\s-cover(?:profile|mode|pkg)?\b"), re.compile(r"cover", re.I), "cover"),
    ("-gcflags", re.compile(r"\s-gcflags\b"), re.compile(r"gcflags|debug", re.I), "gcflags"),
)
_VARIABLES = ("CGO_ENABLED", "CC", "CXX", "CGO_CFLAGS", "CGO_LDFLAGS", "GOAMD64", "GOEXPERIMENT", "GOFLAGS", "GOOS", "GOARCH", "GOARM")

_C = "C headers and libraries"


def audit(pipeline: Pipeline) -> Iterator[Audit]:
    """Each cache of compiled code or modules in a workflow."""
    found = [(job, key, holds) for job in pipeline.jobs for key, holds in _caches(job)]
    for job, key, holds in found:
        sharing = [other for other, same, _ in found if same.value == key.value and other is not job]
        several = len({other.name for other, _, kind in found if kind != "modules"}) > 1
        yield _audit(pipeline, job, key, holds, sharing, several)


def _caches(job: Job) -> Iterator[tuple[Variable, str]]:
    for step in job.steps:
        inputs = {variable.name: variable for variable in step.inputs}
        key = inputs.get("key")
        if step.uses is None or not _CACHE.match(step.uses.value) or key is None or not key.value:
            continue
        paths = (inputs["path"].value or "") if "path" in inputs else ""
        compiled, modules = bool(_COMPILED.search(paths)), bool(_MODULES.search(paths))
        if compiled or modules:
            yield key, "both" if compiled and modules else "compiled" if compiled else "modules"


def _audit(pipeline: Pipeline, job: Job, key: Variable, holds: str, sharing: list[Job], several: bool) -> Audit:
    text = key.value or ""
    at = f"{pipeline.path}:{key.line}"
    if holds == "modules":
        found = tuple(_module_ingredients(text))
        return Audit(at, text, holds, found, "go-mod-${{ hashFiles('**/go.sum') }}", "go-mod-")
    ingredients = [*_always(text, job), *_flags(text, job, sharing), *_variables(text, pipeline, job, sharing)]
    words = ["go-build", "${{ runner.os }}", "${{ runner.arch }}", "${{ steps.setup-go.outputs.go-version }}", *_extra(ingredients)]
    if several:
        words.insert(1, "${{ github.job }}")
    stem = "-".join([*words, "${{ hashFiles('**/go.sum') }}"])
    return Audit(at, text, holds, tuple(ingredients), f"{stem}-${{{{ github.sha }}}}", f"{stem}-\n{'-'.join(words)}-")


def _module_ingredients(text: str) -> Iterator[Ingredient]:
    present = re.search(r"\.sum\b|go\.\*|\bsha\b", text)
    yield Ingredient("go.sum", "in the key" if present else "missing", "It decides all downloaded modules.")
    yield Ingredient("Go version, GOOS, GOARCH", "not needed", "Downloaded modules are the same for all of them.")


def _always(text: str, job: Job) -> Iterator[Ingredient]:
    for looked in _ALWAYS:
        present = bool(looked.pattern.search(text))
        why = looked.why
        if not present and looked.word.startswith("${{ runner.") and _one_kind(job):
            yield Ingredient(looked.name, "not needed", f"All runs of the job are on {job.runs_on[0].value}.")
            continue
        yield Ingredient(looked.name, "in the key" if present else "missing", why)


def _one_kind(job: Job) -> bool:
    return len(job.runs_on) == 1 and bool(re.fullmatch(r"(?:ubuntu|macos|windows)-[\w.-]+", job.runs_on[0].value))


def _scripts(job: Job) -> str:
    return "\n".join(_script(step) for step in job.steps)


def _script(step: Step) -> str:
    return step.script or "\n".join(command.text for command in step.commands)


def _flags(text: str, job: Job, sharing: list[Job]) -> Iterator[Ingredient]:
    for flag, used, named, _ in _FLAGS:
        if not _compiles_with(job, used):
            continue
        others = [other for other in sharing if not _compiles_with(other, used)]
        if named.search(text) or "github.job" in text:
            yield Ingredient(flag, "in the key", "It is in the id.")
        elif others:
            yield Ingredient(flag, "missing", f"Job {others[0].name} uses the key without it: one finds none of the other's entries.")
        else:
            yield Ingredient(flag, "not needed", "Every job that uses the key compiles with it.")


def _compiles_with(job: Job, flag: re.Pattern[str]) -> bool:
    script = _scripts(job)
    return bool(flag.search(script) and re.search(r"\bgo\s+(?:build|test|install|vet)\b", script))


def _variables(text: str, pipeline: Pipeline, job: Job, sharing: list[Job]) -> Iterator[Ingredient]:
    for name in _VARIABLES:
        mine = _values(pipeline, job, name)
        if not mine:
            continue
        others = {value for other in sharing for value in _values(pipeline, other, name) or {""}}
        shown = ", ".join(sorted(value or "a computed value" for value in mine))
        if re.search(rf"{name}|github\.job|matrix\.\w*{name[2:].lower()}", text, re.I):
            yield Ingredient(name, "in the key", f"The job sets it to {shown}.")
        elif others - mine or "" in mine:
            yield Ingredient(name, "missing", f"The job sets it to {shown}, other runs under this key do not, and it is in the id.")
        else:
            yield Ingredient(name, "not needed", f"The job sets it to {shown}, and so does every run under this key.")
    if "0" in _values(pipeline, job, "CGO_ENABLED"):
        return
    present = bool(re.search(r"ImageOS|ImageVersion|container|\bcc\b|gcc|clang", text, re.I))
    if present:
        yield Ingredient(_C, "in the key", "Go hashes the C compiler's id, but not headers and libraries of the system.")
    elif "1" in _values(pipeline, job, "CGO_ENABLED") or re.search(r"\b(?:gcc|clang|lib[\w.+-]+-dev)\b", _scripts(job)):
        why = "Go hashes the C compiler's id, but not the system's headers and libraries: a new runner image may leave wrong objects."
        yield Ingredient(_C, "missing", why)
    else:
        yield Ingredient(_C, "not needed", "Nothing here says that the module has C code of its own.")


def _values(pipeline: Pipeline, job: Job, name: str) -> set[str]:
    """What a variable is set to for a job or any of its steps; "" for a computed value."""
    stated = (*pipeline.variables, *job.variables, *(variable for step in job.steps for variable in step.variables))
    return {"" if not v.value or "${{" in v.value else v.value for v in stated if v.name == name}


def _extra(ingredients: list[Ingredient]) -> list[str]:
    """Words for what this job needs in its key and others may not."""
    words = {flag: word for flag, _, _, word in _FLAGS} | {_C: "${{ env.ImageOS }}-${{ env.ImageVersion }}"}
    needed = [i.name for i in ingredients if i.state == "missing"]
    return [words.get(name, f"${{{{ env.{name} }}}}") for name in needed if name in words or name in _VARIABLES]
