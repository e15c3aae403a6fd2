"""Every compilation of a service's main package, with the settings that hold there."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from steadygo.facts import gocommand, goversions, libc
from steadygo.facts.builds import Builders, Building, stage_bases
from steadygo.facts.commands import Command, Variable
from steadygo.facts.gocommand import GoCommand
from steadygo.facts.images import Image, Stage
from steadygo.facts.pipelines import Job, Pipeline
from steadygo.facts.repository import Repository, Service
from steadygo.findings import Place


@dataclass(frozen=True)
class Setting:
    """An environment variable that holds while compiling. `value` None: not known here."""

    value: str | None
    at: Place


@dataclass(frozen=True)
class Compilation:
    """One `go build`, `go install` or `go test` as some artefact runs it.

    origin: image pipeline makefile script release. `mains` are the directories of main packages that it compiles. `outer` is where the
    artefact starts it when `at` stands in a Makefile or script behind it. `settings` hold ENV, env:, exports and the command's own.
    """

    origin: str
    at: Place
    outer: Place
    command: Command
    go: GoCommand
    mains: tuple[str, ...]
    settings: dict[str, Setting] = field(default_factory=dict)
    image: Image | None = None
    stage: Stage | None = None
    pipeline: Pipeline | None = None
    job: Job | None = None

    def value(self, name: str) -> str | None:
        """The variable's value, None when it is not set or not known."""
        found = self.settings.get(name)
        return found.value if found else None

    def flag(self, name: str) -> str | None:
        """A flag of the command, else of GOFLAGS; a boolean flag is "true"."""
        own = self.go.flag(name)
        if own is not None:
            return own
        for word in (self.value("GOFLAGS") or "").split():
            flag, equals, value = word.lstrip("-").partition("=")
            if flag == name:
                return value if equals else "true"
        return None

    @property
    def unclear(self) -> bool:
        """Whether flags come from a variable or a command that is not known here."""
        flags = self.settings.get("GOFLAGS")
        if flags is not None and (flags.value is None or "$" in flags.value):
            return True
        return any(p.startswith(("$", "`")) for p in self.go.packages) or any("$" in n for n, _ in self.go.flags)

    @property
    def tags(self) -> frozenset[str]:
        return frozenset(re.split(r"[\s,]+", (self.flag("tags") or "").strip("'\" "))) - {""}

    @property
    def static(self) -> bool:
        """Whether the linker is told to link everything in."""
        return bool(re.search(r"-static\b", self.flag("ldflags") or ""))

    @property
    def words_unclear(self) -> bool:
        """Whether a flag's value holds something that is not known here."""
        return self.unclear or any("$" in value and name in ("ldflags", "tags") for name, value in self.go.flags)


def compilations(repository: Repository) -> list[Compilation]:
    """Every compilation of a main package, `go run` left out."""
    known = repository.go.memo.get("compilations")
    if not isinstance(known, list):
        known = repository.go.memo["compilations"] = list(_all(repository))
    return known


def of_service(repository: Repository, service: Service) -> list[Compilation]:
    """Compilations of the service's main package: for its images only those in stages that its images hold."""
    images = {i.image.path for i in service.images}
    return [
        c
        for c in compilations(repository)
        if service.main is not None and service.main in c.mains and (c.image is None or c.image.path in images)
    ]


def builders_of(repository: Repository) -> Builders:
    mains = {d: p.path for d, p in sorted(repository.go.packages.items()) if p.is_main and p.files}
    return Builders(mains, repository.makefiles, repository.scripts)


def _all(repository: Repository) -> Iterator[Compilation]:
    builders = builders_of(repository)
    modules = tuple(sorted({m.directory for m in repository.modules}))
    seen: set[tuple[Place, str]] = set()

    def made(origin: str, outer: Place, command: Command, building: Building, outside: dict[str, Setting]) -> Compilation | None:
        go = gocommand.parse(building.command)
        if go is None or go.verb == "run":
            return None
        settings = dict(outside)
        if building.command is not command:
            settings.update(_assigned(command.words[1:], outer))
        settings.update({name: Setting(value, building.at) for name, value in go.variables.items()})
        return Compilation(origin, building.at, outer, building.command, go, building.mains, settings)

    for image in repository.images:
        for stage in image.stages:
            settings = stage_settings(image, stage)
            for command in stage.commands:
                own = {**settings, **{n: Setting(v, Place(image.path, command.line)) for n, v in command.variables}}
                outer = Place(image.path, command.line, command.column)
                for building in builders.find(image.path, command, stage_bases(image, stage, modules)):
                    found = made("image", outer, command, building, own)
                    if found is not None:
                        seen.add((found.at, "image"))
                        yield _with(found, image=image, stage=stage)
    for pipeline in repository.pipelines:
        for job in pipeline.jobs:
            for step in job.steps:
                settings = step_settings(pipeline, job, step.variables)
                for command in step.commands:
                    own = {**settings, **{n: Setting(v, Place(pipeline.path, command.line)) for n, v in command.variables}}
                    outer = Place(pipeline.path, command.line, command.column)
                    for building in builders.find(pipeline.path, command, (command.directory and "", "", *modules)):
                        found = made("pipeline", outer, command, building, own)
                        if found is not None:
                            yield _with(found, pipeline=pipeline, job=job)
    for makefile in repository.makefiles:
        folder = posixpath.dirname(makefile.path)
        for target in makefile.targets:
            for command in target.commands:
                for building in builders.find(makefile.path, command, (folder, "")):
                    found = made("makefile", building.at, command, building, {})
                    if found is not None and (found.at, "makefile") not in seen:
                        seen.add((found.at, "makefile"))
                        yield found
    for script in repository.scripts:
        for command in script.commands:
            for building in builders.find(script.path, command, ("", posixpath.dirname(script.path), *modules)):
                found = made("script", building.at, command, building, {})
                if found is not None and (found.at, "script") not in seen:
                    seen.add((found.at, "script"))
                    yield found
    for release in repository.releases:
        folder = posixpath.dirname(release.path) if release.kind == "ko" else ""
        for build in release.builds:
            directory = posixpath.normpath(posixpath.join(folder, build.directory or ".", build.main or "."))
            package = directory
            directory = posixpath.dirname(directory) if directory.endswith(".go") else directory
            at = Place(release.path, build.line)
            words = ("go", "build", *(f.value for f in build.flags), *(f"-ldflags={f.value}" for f in build.ldflags), package)
            go = gocommand.parse(Command(words, build.line))
            if go is not None:
                settings = _given(build.variables, release.path)
                yield Compilation("release", at, at, Command(words, build.line), go, ("" if directory == "." else directory,), settings)


def _with(found: Compilation, **parts: Image | Stage | Pipeline | Job) -> Compilation:
    return Compilation(**{**found.__dict__, **parts})


def _given(variables: tuple[Variable, ...], path: str) -> dict[str, Setting]:
    return {v.name: Setting(None if v.source else v.value, Place(v.path or path, v.line, v.column)) for v in variables}


def _assigned(words: tuple[str, ...], at: Place) -> dict[str, Setting]:
    """Variables of `make NAME=value`."""
    return {w.partition("=")[0]: Setting(w.partition("=")[2], at) for w in words if re.match(r"[A-Z_a-z]\w*=", w)}


def stage_settings(image: Image, stage: Stage) -> dict[str, Setting]:
    """ARG and ENV that a RUN at the end of `stage` sees; ENV wins."""
    settings: dict[str, Setting] = {}
    chain = list(reversed(libc.lineage(image, stage)))
    settings.update(_given(stage.arguments, image.path))
    for each in chain:
        settings.update(_given(each.variables, image.path))
        for command in each.commands:
            settings.update({n: Setting(v, Place(image.path, command.line)) for n, v in gocommand.written(command).items()})
    return settings


def step_settings(pipeline: Pipeline, job: Job, variables: tuple[Variable, ...]) -> dict[str, Setting]:
    """env: of the workflow, the job and a step, the innermost last; `go env -w` of the job's steps."""
    settings = {**_given(pipeline.variables, pipeline.path), **_given(job.variables, pipeline.path), **_given(variables, pipeline.path)}
    for step in job.steps:
        for command in step.commands:
            stated = gocommand.written(command)
            if "GITHUB_ENV" in step.script:
                stated.update(re.findall(r"\b(GO[A-Z0-9]+|CGO_ENABLED)=([^\s\"']+)", command.text))
            for name, value in stated.items():
                settings.setdefault(name, Setting(value, Place(pipeline.path, command.line)))
    return settings


def builds_with(repository: Repository, service: Service) -> goversions.Used | None:
    """The Go that compiles what ships: of the image's stage, else of the release job or the module."""
    for compilation in of_service(repository, service):
        if compilation.image is not None and compilation.stage is not None:
            used = goversions.in_stage(compilation.image, compilation.stage)
            if used is not None and used.version is not None:
                return used
    module = service.module
    chosen = goversions.chosen_by(module) if module is not None else None
    if module is None or chosen is None:
        return None
    return goversions.Used(chosen[0], goversions.shown(chosen[0]), chosen[1], module.path)
