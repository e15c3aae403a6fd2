"""Every place a service runs in: a container of a workload or a systemd unit, with the environment it is given there."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from typing import cast

from steadygo.facts.commands import Variable
from steadygo.facts.place import Amount
from steadygo.facts.repository import Repository, Running, Service, ShippedImage
from steadygo.facts.roles import aside_name
from steadygo.facts.starting import container_words, programs, start_words
from steadygo.facts.units import EnvironmentFile, Unit, environment, exec_words, size
from steadygo.findings import Place


@dataclass(frozen=True)
class Given:
    """A variable that a runtime gets. `value` None: it comes from elsewhere (`source`, see Variable). `by` names the artefact."""

    name: str
    value: str | None
    at: Place
    by: str
    source: str = ""


@dataclass(frozen=True)
class Runtime:
    """`label` is for people: "Deployment orders (prod)", "orders.service". `variables` have the one that counts by name.

    `complete` is false when some of the environment is not in the repository (an EnvironmentFile or a secret that is not here, values
    that a Helm chart takes from whoever installs it).
    `memory` is the limit in bytes, `cpus` in cores, each with its place; None when not limited. `high` is a unit's MemoryHigh.
    `starts` is false when the container runs another program of the service's image.
    """

    label: str
    at: Place
    service: str
    running: Running | None = None
    unit: Unit | None = None
    variables: dict[str, Given] = field(default_factory=dict)
    complete: bool = True
    memory: tuple[float, Place] | None = None
    cpus: tuple[float, Place] | None = None
    starts: bool = True
    high: tuple[float, Place] | None = None


def shipped_runtimes(repository: Repository) -> list[tuple[Service, Runtime]]:
    """Where the programs built from this repository's code really run: no tools, no examples, no test or development environments."""
    memo = repository.go.memo
    if "shipped runtimes" not in memo:
        memo["shipped runtimes"] = [
            (service, runtime)
            for service in repository.services
            if not service.tool and service.main is not None
            for runtime in runtimes(repository, service)
            if runtime.starts
            and repository.ships(runtime.at.path)
            and not aside_name(runtime.running.workload.environment if runtime.running else "")
        ]
    return cast(list[tuple[Service, Runtime]], memo["shipped runtimes"])


def runtimes(repository: Repository, service: Service) -> list[Runtime]:
    """Where `service` runs, containers first. Init containers are left out."""
    image = service.images[0] if len(service.images) == 1 else None
    found = [_container(repository, service, r, _image_of(service, r) or image) for r in service.running if r.container.role != "init"]
    return found + [_unit(repository, service, u) for u in service.units]


def _image_of(service: Service, running: Running) -> ShippedImage | None:
    file = running.container.dockerfile
    return next((i for i in service.images if file is not None and i.image.path == file.value), None)


def _container(repository: Repository, service: Service, running: Running, image: ShippedImage | None) -> Runtime:
    workload, container = running.workload, running.container
    variables: dict[str, Given] = {}
    for stage in reversed(image.lineage()) if image else ():
        for v in stage.variables:
            variables[v.name] = Given(v.name, v.value, Place(image.image.path if image else "", v.line, v.column), "the image", v.source)
    complete = not any(m.partly and m.path == workload.path for m in repository.manifests)
    for reference in container.variables_from:
        kind, _, name = reference.value.partition(":")
        held, whole = _from(repository, kind, name, workload.environment)
        complete = complete and whole
        variables.update(held)
    label = f"{workload.kind} {workload.name}" + (f" ({workload.environment})" if workload.environment else "")
    if workload.kind == "compose":
        label = f"compose service {workload.name}"
    for v in container.variables:
        value = _resolved(repository, v, workload.environment)
        variables[v.name] = Given(v.name, value, Place(v.path or workload.path, v.line, v.column), label, v.source)
    words = container_words(container, image)
    variables.update(_scripted(repository, words))
    return Runtime(
        label,
        running.at(),
        service.name,
        running=running,
        variables=variables,
        complete=complete,
        memory=_limit(container.memory_limit, workload.path),
        cpus=_limit(container.cpu_limit, workload.path),
        starts=container.command is None or _starts(repository, service, words, image),
    )


def _starts(repository: Repository, service: Service, words: tuple[str, ...], image: ShippedImage | None) -> bool:
    own = {service.name, posixpath.basename(service.main or ""), *(posixpath.basename(b.output) for b in service.builds)}
    if image is not None:
        own.update(posixpath.basename(w) for w in start_words(image)[:1])
    if service.module is not None and service.module.module is not None:
        own.add(posixpath.basename(re.sub(r"/v\d+$", "", service.module.module.value)))
    started = programs(words, repository.scripts)
    return not started or started[0].endswith(".sh") or bool((own - {"", ".", "..."}) & set(started))


def _scripted(repository: Repository, words: tuple[str, ...]) -> dict[str, Given]:
    """What a start script sets before the program runs."""
    found: dict[str, Given] = {}
    by_name = {posixpath.basename(s.path): s for s in repository.scripts}
    for script in (by_name[n] for w in words[:3] if (n := posixpath.basename(w)) in by_name):
        set_there = [(v.name, v.value or "", v.line) for v in script.variables]
        for name, value, line in set_there + [(n, v, c.line) for c in script.commands for n, v in c.variables]:
            computed = "$" in value or "`" in value
            source = "expression" if computed else ""
            found[name] = Given(name, None if computed else value, Place(script.path, line), script.path, source)
    return found


def _limit(amount: Amount | None, path: str) -> tuple[float, Place] | None:
    if amount is None or amount.value <= 0:
        return None
    return amount.value, Place(amount.path or path, amount.line, amount.column)


def _from(repository: Repository, kind: str, name: str, environment_name: str) -> tuple[dict[str, Given], bool]:
    if kind == "file":
        file = next((f for f in repository.environment_files if f.path == name), None)
        if file is None:
            return {}, False
        return {v.name: Given(v.name, v.value, Place(file.path, v.line, v.column), file.path, v.source) for v in file.variables}, True
    named = [c for c in repository.configs if c.kind == kind and c.name == name]
    config = next((c for c in named if c.environment == environment_name), named[0] if named else None)
    if config is None:
        return {}, False
    by = f"{kind} {name}"
    return {v.name: Given(v.name, v.value, Place(v.path or config.path, v.line, v.column), by, v.source) for v in config.variables}, True


def _resolved(repository: Repository, variable: Variable, environment_name: str) -> str | None:
    if variable.value is not None or not variable.source.startswith("configmap:"):
        return variable.value
    name, _, key = variable.source.removeprefix("configmap:").partition("/")
    held, _ = _from(repository, "configmap", name, environment_name)
    return held[key].value if key in held else None


def _unit(repository: Repository, service: Service, unit: Unit) -> Runtime:
    variables: dict[str, Given] = {}
    complete = True
    for directive in unit.find_all("Service", "Environment"):
        for name, value in environment(directive.value):
            at = Place(directive.path or unit.path, directive.line)
            variables[name] = Given(name, value, at, unit.name)
    for directive in unit.find_all("Service", "EnvironmentFile"):
        target = directive.value.removeprefix("-")
        file = find_environment_file(repository, target, unit.path)
        if file is None:
            complete = False
            continue
        for v in file.variables:
            variables[v.name] = Given(v.name, v.value, Place(file.path, v.line, v.column), file.path, v.source)
    start = unit.find("Service", "ExecStart")
    variables.update(_scripted(repository, exec_words(start.value)[1] if start else ()))
    high = unit.find("Service", "MemoryHigh")
    above = size(high.value) if high else None
    limit = unit.find("Service", "MemoryMax") or unit.find("Service", "MemoryLimit")
    memory = size(limit.value) if limit else None
    quota = unit.find("Service", "CPUQuota")
    cpus = float(quota.value.rstrip("%")) / 100 if quota and quota.value.rstrip("%").replace(".", "", 1).isdigit() else None
    return Runtime(
        unit.name,
        Place(unit.path),
        service.name,
        unit=unit,
        variables=variables,
        complete=complete,
        memory=(memory, Place(limit.path or unit.path, limit.line)) if limit and memory and memory != float("inf") else None,
        cpus=(cpus, Place(quota.path or unit.path, quota.line)) if quota and cpus else None,
        high=(above, Place(high.path or unit.path, high.line)) if high and above and above != float("inf") else None,
    )


def find_environment_file(repository: Repository, target: str, beside: str) -> EnvironmentFile | None:
    """The environment file of the repository that is installed as `target`: by the end of its path, else by its name beside the unit."""
    name = posixpath.basename(target)
    folder = posixpath.dirname(beside)
    by_path = [f for f in repository.environment_files if target.endswith("/" + f.path) or f.path.endswith(target)]
    near = [f for f in repository.environment_files if posixpath.basename(f.path) == name and posixpath.dirname(f.path).startswith(folder)]
    return next(iter(by_path or near), None)
