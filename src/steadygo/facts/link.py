"""Join a repository's artefacts into services, say why each join holds, and admit the ones that could not be made."""

from __future__ import annotations

import dataclasses
import posixpath
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from steadygo.facts import stages
from steadygo.facts.builds import Builders, Building, stage_bases
from steadygo.facts.imagenames import base_name, named_images
from steadygo.facts.images import Image
from steadygo.facts.naming import binary_name, main_place, service_name
from steadygo.facts.repository import Build, Join, Repository, Running, Service, ShippedImage
from steadygo.facts.roles import aside, aside_name
from steadygo.facts.settings import StatedService
from steadygo.facts.starting import container_words, programs, start_words
from steadygo.facts.units import exec_words
from steadygo.facts.workloads import Container, Workload
from steadygo.findings import NotKnown, Place


@dataclass
class _Draft:
    """A service while it is put together."""

    name: str
    main: str | None
    at: Place
    stated: StatedService | None = None
    builds: list[Build] = field(default_factory=list)
    images: list[ShippedImage] = field(default_factory=list)
    running: list[Running] = field(default_factory=list)
    units: list[str] = field(default_factory=list)
    joins: list[Join] = field(default_factory=list)

    def join(self, kind: str, right: Place, why: str, left: Place | None = None) -> None:
        self.joins.append(Join(kind, left or self.at, right, why))


def link(repository: Repository) -> Repository:
    """The same repository with `services` and `not_joined` filled in."""
    return _Linker(repository).run()


class _Linker:
    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self.mains = {d: p for d, p in sorted(repository.go.packages.items()) if p.is_main and "main" in p.functions}
        self.not_joined: list[NotKnown] = []
        self.drafts: dict[str, _Draft] = {}
        self.names = named_images(repository.images, repository.commands(), repository.pipelines, repository.releases)
        self.by_image: dict[str, list[tuple[_Draft, Place]]] = defaultdict(list)  # Dockerfile -> services that its stages carry

    def run(self) -> Repository:
        self._start_drafts()
        self._join_builds()
        self._join_releases()
        self._join_workloads()
        self._join_units()
        services = tuple(self._finish(d) for d in self.drafts.values())
        return dataclasses.replace(self.repository, services=services, not_joined=tuple(self.not_joined))

    def _counts(self, path: str, key: str) -> bool:
        """Whether a file of tests, examples or documentation is left out; what steadygo.toml names is not."""
        stated = {reference.partition("#")[0] for s in self.repository.settings.services for reference in getattr(s, key)}
        return path in stated or not (aside(path) or aside_name(posixpath.basename(path)))

    # -- main packages -------------------------------------------------------------------------------------------------------

    def _start_drafts(self) -> None:
        stated = {s.main.strip("/").removeprefix("./"): s for s in self.repository.settings.services if s.main}
        taken = {s.name for s in self.repository.settings.services}
        for directory, package in sorted(self.mains.items(), key=lambda item: (item[0] == "" or aside(f"{item[0]}/x"), item[0])):
            s = stated.get(directory)
            name = s.name if s else service_name(package, self.repository.go.module_of(directory), taken)
            taken.add(name)
            self.drafts[directory] = _Draft(name, directory, main_place(package), s)
        for s in self.repository.settings.services:
            if s.main and s.main.strip("/").removeprefix("./") in self.mains:
                continue
            if s.main:
                self.not_joined.append(NotKnown(f"steadygo.toml: {s.main} holds no main package", Place("steadygo.toml"), s.name))
            self.drafts[f"stated:{s.name}"] = _Draft(s.name, None, Place("steadygo.toml"), s)

        for key in ("entry_points", "tools"):
            for directory in getattr(self.repository.settings, key):
                if directory.strip("/").removeprefix("./") not in self.mains:
                    self.not_joined.append(
                        NotKnown(f"steadygo.toml: {key} names {directory}, which holds no main package", Place("steadygo.toml"))
                    )

    # -- builds --------------------------------------------------------------------------------------------------------------

    def _join_builds(self) -> None:
        repository = self.repository
        builders = Builders({d: p.path for d, p in self.mains.items()}, repository.makefiles, repository.scripts)
        modules = tuple(sorted({m.directory for m in repository.modules}))
        for image in repository.images:
            if self._counts(image.path, "images"):
                self._join_image(image, builders, modules)
        for pipeline in repository.pipelines:
            for job in pipeline.jobs:
                for step in job.steps:
                    for command in step.commands:
                        for b in builders.find(pipeline.path, command, (command.directory and "", "", *modules)):
                            self._add_build("pipeline", b, f"the job {job.name} builds it")
        for makefile in repository.makefiles:
            folder = posixpath.dirname(makefile.path)
            for target in makefile.targets:
                for command in target.commands:
                    for b in builders.find(makefile.path, command, (folder, "")):
                        self._add_build("makefile", b, f"the target {target.name} builds it")
        for script in repository.scripts:
            for command in script.commands:
                for b in builders.find(script.path, command, ("", posixpath.dirname(script.path), *modules)):
                    self._add_build("script", b, "the script builds it")

    def _add_build(self, origin: str, building: Building, why: str) -> None:
        for main in building.mains:
            draft = self.drafts[main]
            if any(b.at == building.at for b in draft.builds):
                continue
            draft.builds.append(Build(origin, building.at, building.command, main, building.output))
            draft.join("build", building.at, why if building.exact else f"{why} (the package is a variable: {building.command.text[:80]})")

    def _join_image(self, image: Image, builders: Builders, modules: tuple[str, ...]) -> None:
        """The last stage and other targets carry what they, or stages they copy from, build. A main package belongs to one of them."""
        for index in stages.shipped(image) if image.stages else ():
            self._join_stage(ShippedImage(image, index), builders, modules)
        if image.stages and not self.by_image.get(image.path) and self._looks_like_go(image):
            self.not_joined.append(NotKnown(f"{image.path} builds Go, but which main package it ships is not known", Place(image.path)))

    def _join_stage(self, final: ShippedImage, builders: Builders, modules: tuple[str, ...]) -> None:
        """Copied files and the entry point decide between several main packages."""
        image = final.image
        built: dict[str, list[tuple[Building, int]]] = defaultdict(list)
        for number in stages.feeding(image, final.stage):
            stage = image.stages[number]
            for command in stage.commands:
                for b in builders.find(image.path, command, stage_bases(image, stage, modules)):
                    if command.words and _verb(command.words) == "run":
                        continue
                    for main in b.mains:
                        built[main].append((b, number))
        at = Place(image.path, final.final.line)
        for main, (why, building) in self._carried(final, built).items():
            draft = self.drafts[main]
            if any(d is draft for d, _ in self.by_image[image.path]):
                continue
            if building is not None:
                self._add_build("image", dataclasses.replace(building, mains=(main,)), "the image's build stage builds it")
            draft.images.append(final)
            draft.join("image", at, why, building.at if building else None)
            self.by_image[image.path].append((draft, at))

    def _carried(self, final: ShippedImage, built: dict[str, list[tuple[Building, int]]]) -> dict[str, tuple[str, Building | None]]:
        image = final.image
        stated = [d for d in self.drafts.values() if d.stated and any(i.partition("#")[0] == image.path for i in d.stated.images)]
        if stated:
            return {d.main: ("steadygo.toml states it", None) for d in stated if d.main is not None}
        start = start_words(final)
        program = posixpath.basename(start[0]) if start else ""
        if len(built) == 1:
            main, ((building, _), *_) = next(iter(built.items()))
            return {main: (f"its stage {final.final.name or final.final.base} ships what `{building.command.text[:100]}` builds", building)}
        matches: dict[str, tuple[str, Building | None]] = {}
        copied = {posixpath.basename(s) for stage in final.lineage() for c in stage.copies for s in c.sources}
        renamed = {posixpath.basename(c.target.rstrip("/")): {posixpath.basename(s) for s in c.sources} for c in final.final.copies}
        names = {program, *renamed.get(program, ())} - {""}
        names |= {posixpath.basename(w) for w in start[1:]} & copied  # an entry point that starts the program it is given
        for main, buildings in built.items():
            for building, _ in buildings:
                outputs = {posixpath.basename(building.output.rstrip("/")), self._binary(main)} - {""}
                if outputs & names:
                    matches.setdefault(main, (f"its entry point {start[0]} is what `{building.command.text[:100]}` builds", building))
        if not matches:
            for main, buildings in built.items():
                if self._binary(main) in copied:
                    matches.setdefault(main, (f"it copies {self._binary(main)}", buildings[0][0]))
        if matches or built:
            return matches
        for main, draft in self.drafts.items():  # a binary that was built outside and is copied in
            if draft.main is None or aside(f"{main}/x"):
                continue
            binary = self._binary(main)
            outputs = {binary, *(posixpath.basename(b.output) for b in draft.builds)} - {""}
            if program in outputs and (binary in copied or program in copied or not copied):
                matches[main] = (f"its entry point is called {program}, like this main package's binary", None)
        largest = self._largest(matches)
        return {main: why for main, why in matches.items() if main == largest}

    def _largest(self, mains: Iterable[str]) -> str | None:
        """Of main packages that would all fit, the one that holds most: a stub for go:generate may carry the same name."""
        return max(mains, key=lambda main: len(self.repository.go.reachable(main)), default=None)

    def _binary(self, main: str) -> str:
        return binary_name(self.mains[main], self.repository.go.module_of(main))

    def _looks_like_go(self, image: Image) -> bool:
        return any(
            re.search(r"(^|/)golang:|(^|/)go:", s.base) or any(_verb(c.words) == "build" for c in s.commands) for s in image.stages
        ) and not (aside(image.path) or aside_name(posixpath.basename(image.path)))

    def _join_releases(self) -> None:
        for release in self.repository.releases:
            folder = posixpath.dirname(release.path) if release.kind == "ko" else ""
            for build in release.builds:
                directory = posixpath.normpath(posixpath.join(folder, build.directory or ".", build.main or "."))
                directory = posixpath.dirname(directory) if directory.endswith(".go") else directory
                directory = "" if directory == "." else directory
                draft = self.drafts.get(directory)
                at = Place(release.path, build.line)
                if draft is None:
                    self.not_joined.append(
                        NotKnown(f"the {release.kind} build {build.id} names {build.main}, which is no main package", at)
                    )
                    continue
                draft.builds.append(Build("release", at, None, directory, build.binary))
                draft.join("release", at, f"{release.kind} builds it")

    # -- what runs it --------------------------------------------------------------------------------------------------------

    def _join_workloads(self) -> None:
        for workload in self.repository.workloads:
            for container in workload.containers if self._counts(workload.path, "workloads") else ():
                self._join_container(workload, container)

    def _join_container(self, workload: Workload, container: Container) -> None:
        found = self._stated_for(workload, container) or self._by_dockerfile(container) or self._by_image_name(container)
        running = Running(workload, container)
        image_at = Place(workload.path, container.image.line if container.image else container.line)
        if not found:
            image = container.image.value if container.image else ""
            if container.build is not None:
                what = f"{workload.name}/{container.name}: its image is built here, but no service was found in it"
                self.not_joined.append(NotKnown(what, image_at))
            elif not image:
                self.not_joined.append(NotKnown(f"{workload.name}/{container.name}: which image it runs is not known", image_at))
            else:
                self.not_joined.append(NotKnown(f"{workload.name}/{container.name}: the image {image} is not built here", image_at))
            return
        for draft, left, why in found:
            if running not in draft.running:
                draft.running.append(running)
                draft.join("container", image_at, why, left)

    def _stated_for(self, workload: Workload, container: Container) -> list[tuple[_Draft, Place, str]]:
        found = []
        for draft in self.drafts.values():
            for reference in draft.stated.workloads if draft.stated else ():
                path, _, name = reference.partition("#")
                wanted, _, inner = name.partition("/")
                if path == workload.path and wanted in ("", workload.name) and inner in ("", container.name):
                    found.append((draft, draft.at, "steadygo.toml states it"))
        return found

    def _by_dockerfile(self, container: Container) -> list[tuple[_Draft, Place, str]]:
        if container.dockerfile is None:
            return []
        path = container.dockerfile.value
        return [(d, at, f"it is built from {path}") for d, at in self._started(path, container)]

    def _started(self, path: str, container: Container) -> list[tuple[_Draft, Place]]:
        """Services of an image; of several, the one that the container starts last (a start script may migrate first)."""
        carried = self.by_image.get(path, [])
        if len(carried) < 2:
            return carried
        if container.build_target or len({at for _, at in carried}) > 1:
            called = {container.build_target, base_name(container.image.value) if container.image else ""} - {""}
            meant = [(d, at) for d, at in carried if any(called & {i.final.name, d.name} for i in d.images if i.final.line == at.line)]
            if meant:
                return meant
        image = next((i for d, _ in carried for i in d.images if i.image.path == path), None)
        for program in reversed(programs(container_words(container, image), self.repository.scripts)):
            for draft, at in carried:
                if draft.main is not None and program in {self._binary(draft.main), *(posixpath.basename(b.output) for b in draft.builds)}:
                    return [(draft, at)]
        return carried

    def _by_image_name(self, container: Container) -> list[tuple[_Draft, Place, str]]:
        if container.image is None or container.build is not None:
            return []
        name = base_name(container.image.value)
        if not name:
            return []
        for path, names in self.names.items():
            if name in names and self.by_image.get(path):
                return [
                    (d, at, f"{names[name].path}:{names[name].line} calls the image of {path} {name}")
                    for d, at in self._started(path, container)
                ]
        candidates = []
        for draft in self.drafts.values():
            if draft.main is None or aside(f"{draft.main}/x"):
                continue
            folders = {posixpath.basename(posixpath.dirname(i.image.path)) for i in draft.images} - {""}
            if name == draft.name or name == self._binary(draft.main):
                candidates.append((0, draft, f"its image is called {name}, like this main package"))
            elif name in folders:
                candidates.append((1, draft, f"its image is called {name}, like the folder of the Dockerfile that ships this main package"))
        if not candidates:
            return []
        best = min(c[0] for c in candidates)
        found = []
        for rank, draft, why in candidates:
            if rank == best:
                image = draft.images[0] if draft.images else None
                found.append((draft, Place(image.image.path, image.final.line) if image else draft.at, why))
        return found

    def _join_units(self) -> None:
        for unit in self.repository.units:
            if not unit.name.endswith(".service"):
                continue
            start = unit.find("Service", "ExecStart")
            for draft in self.drafts.values():
                if draft.stated and unit.path in draft.stated.units:
                    draft.units.append(unit.path)
                    draft.join("unit", Place(unit.path, start.line if start else 1), "steadygo.toml states it")
            if any(unit.path in d.units for d in self.drafts.values()) or start is None:
                continue
            words = exec_words(start.value)[1]
            program = posixpath.basename(words[0]) if words else ""
            started = [program, *reversed(programs(words, self.repository.scripts))]
            draft_found = next((d for name in started if (d := self._by_program(name)) is not None), None)
            if draft_found is None and program.endswith("sh"):
                draft_found = self._by_program(unit.name.removesuffix(".service").rstrip("@"))
            if draft_found is not None:
                draft_found.units.append(unit.path)
                draft_found.join("unit", Place(start.path or unit.path, start.line), f"its ExecStart starts {program}")
            else:
                self.not_joined.append(
                    NotKnown(f"{unit.name}: no main package here is called {program or '?'}", Place(unit.path, start.line))
                )

    def _by_program(self, program: str) -> _Draft | None:
        fits = []
        for main, draft in self.drafts.items():
            if draft.main is not None and program:
                outputs = {posixpath.basename(b.output) for b in draft.builds if b.output}
                if program in (self._binary(main), draft.name) or program in outputs:
                    fits.append(main)
        largest = self._largest(fits)
        return self.drafts[largest] if largest is not None else None

    # -- the end -------------------------------------------------------------------------------------------------------------

    def _finish(self, draft: _Draft) -> Service:
        repository = self.repository
        main = draft.main
        packages = repository.go.reachable(main) if main is not None else frozenset[str]()
        return Service(
            name=draft.name,
            main=main,
            module=repository.go.module_of(main) if main is not None else None,
            packages=packages,
            builds=tuple(draft.builds),
            images=tuple(draft.images),
            running=tuple(draft.running),
            units=tuple(u for u in repository.units if u.path in draft.units),
            joins=tuple(draft.joins),
            not_joined=tuple(n for n in self.not_joined if n.service == draft.name),
            tool=main is not None and self._is_tool(draft),
        )

    def _is_tool(self, draft: _Draft) -> bool:
        """A main package that nothing ships. Declared entry points and stated services are never tools."""
        main = draft.main or ""
        settings = self.repository.settings
        if main in settings.tools:
            return True
        if draft.stated is not None or main in settings.entry_points:
            return False
        if draft.running or draft.units:
            return False
        if aside(f"{main}/x"):
            return True
        if draft.images or any(b.origin == "release" for b in draft.builds):
            return False
        shipped = any(d.running or d.units or d.images or any(b.origin == "release" for b in d.builds) for d in self.drafts.values())
        return shipped or bool(settings.entry_points)


def _verb(words: tuple[str, ...]) -> str:
    return words[1] if len(words) > 1 and words[0].rpartition("/")[2] == "go" else ""
