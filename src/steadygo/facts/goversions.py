"""Which Go each artefact uses: modules, images, pipelines, and what builds a service."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from steadygo.facts.images import Image, Stage
from steadygo.facts.modules import GoMod
from steadygo.facts.pipelines import Job, Pipeline, Step, expand
from steadygo.facts.place import Text
from steadygo.facts.repository import Repository
from steadygo.findings import Place

_VERSION = re.compile(r"^v?(?:go)?(\d+)\.(\d+|x)(?:\.(\d+|x))?")
_IMAGE = re.compile(r"(?:^|/)(?:golang|go|circleci/golang|cimg/go|go-toolset|golang-builder)(?::|@|$)")
_TARBALL = re.compile(r"\bgo(\d+\.\d+(?:\.\d+)?)\.linux-")

Version = tuple[int, int, int]
"""(major, minor, patch); the patch is -1 when it is not stated."""


@dataclass(frozen=True)
class Used:
    """Go that some artefact uses. `version` None: any, or decided elsewhere; `text` is what stands there.

    `local`: that Go never fetches another one (the official images and setup-go from v6 on set GOTOOLCHAIN=local).
    """

    version: Version | None
    text: str
    at: Place
    follows: str = ""  # the go.mod that the version is read from
    local: bool = False


def parse(text: str) -> Version | None:
    """`1.24`, `go1.24.3`, `1.24.x`, `v1.24rc1`, `^1.24` -> (1, 24, -1) and so on; None for anything else."""
    match = _VERSION.match(text.strip().strip("'\"").lstrip("^~=>< "))
    if match is None or match[2] == "x":
        return None
    return int(match[1]), int(match[2]), int(match[3]) if match[3] and match[3] != "x" else -1


def older(a: Version, b: Version) -> bool:
    """Whether `a` is certainly older than `b`; a patch that is not stated may be any."""
    if a[:2] != b[:2]:
        return a[:2] < b[:2]
    return -1 < a[2] < b[2]


def shown(version: Version) -> str:
    """`1.24` or `1.24.3`."""
    return f"{version[0]}.{version[1]}" + (f".{version[2]}" if version[2] >= 0 else "")


def of_module(module: GoMod) -> Version | None:
    """The least Go that the module's go line asks for."""
    return parse(module.go.value) if module.go else None


def chosen_by(module: GoMod) -> tuple[Version, Place] | None:
    """The Go that the module asks to be built with: its toolchain line, else its go line."""
    for line in (module.toolchain, module.go):
        version = parse(line.value) if line is not None else None
        if line is not None and version is not None:
            return version, Place(module.path, line.line, line.column)
    return None


def in_stage(image: Image, stage: Stage) -> Used | None:
    """Go of one stage, those it is built on included: a golang base image, or a tarball that a RUN unpacks."""
    for _ in image.stages:
        found = _in_one_stage(image, stage)
        if found is not None or stage.parent is None:
            return found
        stage = image.stages[stage.parent]
    return None


def _in_one_stage(image: Image, stage: Stage) -> Used | None:
    name = stage.base.partition("@")[0]
    if stage.parent is None and _IMAGE.search(name):
        tag = name.rpartition(":")[2] if ":" in name.rpartition("/")[2] else ""
        return Used(parse(tag), stage.base, Place(image.path, _base_line(image, stage)), local=True)
    for command in stage.commands:
        if match := _TARBALL.search(command.text):
            return Used(parse(match[1]), match[0], Place(image.path, command.line, command.column))
    return None


def _base_line(image: Image, stage: Stage) -> int:
    """The line to mend: the ARG that holds the version, else the FROM."""
    for name in re.findall(r"\$\{?(\w+)", stage.base_text):
        for argument in image.arguments:
            if argument.name == name and argument.value and argument.value in stage.base:
                return argument.line
    return stage.line


def in_pipeline(repository: Repository, pipeline: Pipeline) -> Iterator[tuple[Job, Used]]:
    """Go of each job: setup-go (also inside an action of this repository), a golang container; each value of a matrix by itself."""
    for job in pipeline.jobs:
        if job.container is not None and _IMAGE.search(job.container.value.partition("@")[0]):
            for text in expand(job, job.container, pipeline):
                yield job, Used(parse(text.value.rpartition(":")[2]), text.value, Place(pipeline.path, text.line), local=True)
        for step in job.steps:
            for used in _of_step(repository, pipeline, job, step):
                yield job, used


def _of_step(repository: Repository, pipeline: Pipeline, job: Job, step: Step, depth: int = 0) -> Iterator[Used]:
    if step.uses is None:
        return
    action, _, revision = step.uses.value.partition("@")
    if action.endswith("/setup-go"):
        yield from _setup(repository, pipeline, job, step, revision)
    elif action.startswith("./") and depth < 3:
        folder = posixpath.normpath(action)
        inner = next((p for p in repository.pipelines if p.kind == "action" and posixpath.dirname(p.path) == folder), None)
        given = tuple(msgspec.structs.replace(v, line=step.line) for v in step.inputs)
        for inner_job in inner.jobs if inner else ():
            called = msgspec.structs.replace(inner, inputs=(*inner.inputs, *given)) if inner else pipeline
            for inner_step in inner_job.steps:
                for used in _of_step(repository, called, inner_job, inner_step, depth + 1):
                    yield used if used.text == "" else _at(used, Place(pipeline.path, step.uses.line))


def _at(used: Used, at: Place) -> Used:
    return Used(used.version, used.text, at, used.follows, used.local)


def _setup(repository: Repository, pipeline: Pipeline, job: Job, step: Step, revision: str) -> Iterator[Used]:
    inputs = {v.name: v for v in step.inputs}
    major = re.match(r"v(\d+)", revision)
    local = major is not None and int(major[1]) >= 6
    stated = inputs.get("go-version")
    if stated is not None and stated.value:
        for text in expand(job, Text(stated.value, stated.line, stated.column), pipeline):
            if text.value.strip() and "${{" not in text.value:
                yield Used(parse(text.value), text.value, Place(pipeline.path, text.line), local=local)
        return
    file = inputs.get("go-version-file")
    for name in expand(job, Text(file.value, file.line, file.column), pipeline) if file is not None and file.value else ():
        path = posixpath.normpath(name.value)
        module = next((m for m in repository.modules if m.path == path), None)
        work = next((w for w in repository.workspaces if w.path == path), None)
        lines = (module.toolchain, module.go) if module else (work.toolchain, work.go) if work else ()
        asked = next((t for t in lines if t is not None and t.value != "default"), None)
        at = Place(pipeline.path, name.line)
        yield Used(parse(asked.value) if asked else None, asked.value if asked else path, at, path, local)
