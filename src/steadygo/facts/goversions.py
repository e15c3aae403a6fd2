"""Which Go each artefact uses: modules, images, pipelines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from steadygo.facts.commands import Variable
from steadygo.facts.images import Image, Stage
from steadygo.facts.modules import GoMod
from steadygo.facts.pipelines import Job, Pipeline, Step
from steadygo.facts.repository import Repository
from steadygo.findings import Place

_VERSION = re.compile(r"^v?(?:go)?(\d+)\.(\d+|x)(?:\.(\d+|x))?")
_IMAGE = re.compile(r"(?:^|/)(?:golang|go|circleci/golang|cimg/go|go-toolset|golang-builder)(?::|@|$)")
_TARBALL = re.compile(r"\bgo(\d+\.\d+(?:\.\d+)?)\.linux-")

Version = tuple[int, int, int]
"""(major, minor, patch); the patch is -1 when it is not stated."""


@dataclass(frozen=True)
class Used:
    """Go that some artefact uses. `version` None: any, or decided elsewhere; `text` is what stands there."""

    version: Version | None
    text: str
    at: Place
    follows: str = ""  # the go.mod that the version is read from


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


def in_stage(image: Image, stage: Stage) -> Used | None:
    """Go of one stage: a golang base image, or a tarball that a RUN unpacks."""
    name = stage.base.partition("@")[0]
    if _IMAGE.search(name):
        tag = name.rpartition(":")[2] if ":" in name.rpartition("/")[2] else ""
        return Used(parse(tag), stage.base, Place(image.path, _base_line(image, stage)))
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
    """Go of each job: setup-go, a golang container or image, every value of a matrix by itself."""
    for job in pipeline.jobs:
        if job.container is not None and _IMAGE.search(job.container.value.partition("@")[0]):
            text = job.container.value
            yield job, Used(parse(text.rpartition(":")[2]), text, Place(pipeline.path, job.container.line))
        for step in job.steps:
            if step.uses is not None and step.uses.value.partition("@")[0].endswith("/setup-go"):
                for used in _setup(repository, pipeline, job, step):
                    yield job, used


def _setup(repository: Repository, pipeline: Pipeline, job: Job, step: Step) -> Iterator[Used]:
    inputs = {v.name: v for v in step.inputs}
    stated = inputs.get("go-version")
    if stated is not None and stated.value:
        for text, line in _expanded(stated.value, stated.line, pipeline, job):
            yield Used(parse(text), text, Place(pipeline.path, line))
        return
    file = inputs.get("go-version-file")
    if file is not None and file.value:
        path = file.value.removeprefix("./")
        module = next((m for m in repository.modules if m.path == path), None)
        line = module.toolchain if module and module.toolchain and module.toolchain.value != "default" else module.go if module else None
        yield Used(parse(line.value) if line else None, line.value if line else path, Place(pipeline.path, file.line), path)


def _expanded(text: str, line: int, pipeline: Pipeline, job: Job) -> list[tuple[str, int]]:
    match = re.fullmatch(r"\$\{\{\s*(matrix|env)\.([\w-]+)\s*\}\}", text.strip())
    if match is None:
        return [] if "${{" in text else [(text, line)]
    if match[1] == "matrix":
        return [(v.value, v.line) for key, values in job.matrix if key == match[2] for v in values]
    variables: tuple[Variable, ...] = (*pipeline.variables, *job.variables)
    return [(v.value, v.line) for v in variables if v.name == match[2] and v.value][-1:]
