"""Everything known about one repository: what rules get."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from steadygo.facts.commands import Command, Variable
from steadygo.facts.contracts import Contract, Migration, Unread
from steadygo.facts.gocode import GoCode
from steadygo.facts.images import Image, Stage
from steadygo.facts.modules import GoMod, GoSum, GoWork, VendorModules
from steadygo.facts.observing import AlertRules, Dashboard, ScrapeConfig
from steadygo.facts.pipelines import Makefile, Pipeline, Release, Script
from steadygo.facts.place import Amount, Text
from steadygo.facts.settings import Settings
from steadygo.facts.timekeeping import TimeSettings
from steadygo.facts.units import EnvironmentFile, Unit
from steadygo.facts.workloads import (
    Chart,
    ConfigData,
    Container,
    Kustomization,
    Manifests,
    Mount,
    NetworkService,
    OtherObject,
    Port,
    Probe,
    Workload,
)
from steadygo.findings import NotKnown, Place


@dataclass(frozen=True)
class Join:
    """Two artefacts of one service and why they belong together. `kind` names the second one: build image container unit pipeline …"""

    kind: str
    left: Place
    right: Place
    why: str


@dataclass(frozen=True)
class Build:
    """A `go build`/`go install`/ko/goreleaser build of a service's main package. `origin`: image pipeline makefile script release."""

    origin: str
    at: Place
    command: Command | None
    package: str  # directory of the main package
    output: str = ""  # path or name of the binary, "" when not given


@dataclass(frozen=True)
class ShippedImage:
    """A Dockerfile's stage that carries the service."""

    image: Image
    stage: int

    @property
    def final(self) -> Stage:
        return self.image.stages[self.stage]

    def lineage(self) -> list[Stage]:
        """The final stage and those it is built FROM, outermost first."""
        chain: list[Stage] = []
        index: int | None = self.stage
        while index is not None and len(chain) <= len(self.image.stages):
            chain.append(self.image.stages[index])
            index = self.image.stages[index].parent
        return chain


@dataclass(frozen=True)
class Running:
    """A container that runs the service."""

    workload: Workload
    container: Container

    def at(self, fact: int | Text | Amount | Variable | Port | Probe | Mount | None = None) -> Place:
        """Where a fact of this container stands. Pass the fact itself: after an overlay it may stand in a patch's file."""
        if isinstance(fact, int):
            return Place(self.workload.path, fact)
        if fact is None:
            return Place(self.container.path or self.workload.path, self.container.line)
        return Place((fact.file if isinstance(fact, Probe | Mount) else fact.path) or self.workload.path, fact.line)


@dataclass(frozen=True)
class Service:
    """One main package joined with what ships it. A service without a main package here has `main` None."""

    name: str
    main: str | None  # directory of the main package, "" is the root
    module: GoMod | None = None
    packages: frozenset[str] = frozenset()  # directories of this repository's packages that the binary holds
    builds: tuple[Build, ...] = ()
    images: tuple[ShippedImage, ...] = ()
    running: tuple[Running, ...] = ()
    units: tuple[Unit, ...] = ()  # drop-ins merged in
    joins: tuple[Join, ...] = ()
    not_joined: tuple[NotKnown, ...] = ()
    tool: bool = False  # a main package that does not ship

    @property
    def delivered(self) -> bool:
        """Whether an image, a workload, a unit or a release brings it to production; how an undelivered one runs is not known."""
        there = self.images or self.running or self.units or any(b.origin == "release" for b in self.builds)
        return bool(there) and self.main is not None and not self.tool

    def has(self, directory: str) -> bool:
        """Whether the package in `directory` is part of this service's binary."""
        return directory in self.packages


@dataclass(frozen=True)
class Repository:
    """All facts. Tuples are sorted by path."""

    root: str
    settings: Settings
    go: GoCode
    modules: tuple[GoMod, ...] = ()
    workspaces: tuple[GoWork, ...] = ()
    sums: tuple[GoSum, ...] = ()
    vendors: tuple[VendorModules, ...] = ()
    images: tuple[Image, ...] = ()
    pipelines: tuple[Pipeline, ...] = ()
    makefiles: tuple[Makefile, ...] = ()
    scripts: tuple[Script, ...] = ()
    releases: tuple[Release, ...] = ()
    manifests: tuple[Manifests, ...] = ()
    kustomizations: tuple[Kustomization, ...] = ()
    charts: tuple[Chart, ...] = ()
    workloads: tuple[Workload, ...] = ()  # after overlays were applied
    configs: tuple[ConfigData, ...] = ()
    network_services: tuple[NetworkService, ...] = ()
    others: tuple[OtherObject, ...] = ()
    units: tuple[Unit, ...] = ()  # drop-ins merged in
    environment_files: tuple[EnvironmentFile, ...] = ()
    alerts: tuple[AlertRules, ...] = ()
    scrapes: tuple[ScrapeConfig, ...] = ()
    dashboards: tuple[Dashboard, ...] = ()
    contracts: tuple[Contract, ...] = ()
    migrations: tuple[Migration, ...] = ()
    unread: tuple[Unread, ...] = ()
    paths: frozenset[str] = frozenset()  # every file of the tree, read or not
    services: tuple[Service, ...] = ()
    not_joined: tuple[NotKnown, ...] = field(default=())
    time_settings: tuple[TimeSettings, ...] = ()

    def ships(self, path: str) -> bool:
        """Whether `path` lies in the way of a shipped artefact (not a test's, example's or tool's file)."""
        from steadygo.facts.roles import ships

        return ships(self, path)

    def commands(self) -> Iterator[tuple[str, Place, Command]]:
        """Every command that some artefact runs: (origin, place, command). origin: image pipeline makefile script unit."""
        for image in self.images:
            for stage in image.stages:
                for c in stage.commands:
                    yield "image", Place(image.path, c.line, c.column), c
        for pipeline in self.pipelines:
            for job in pipeline.jobs:
                for step in job.steps:
                    for c in step.commands:
                        yield "pipeline", Place(pipeline.path, c.line, c.column), c
        for makefile in self.makefiles:
            for target in makefile.targets:
                for c in target.commands:
                    yield "makefile", Place(makefile.path, c.line, c.column), c
        for script in self.scripts:
            for c in script.commands:
                yield "script", Place(script.path, c.line, c.column), c
