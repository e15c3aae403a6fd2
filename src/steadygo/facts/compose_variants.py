"""compose.prod.yaml laid over compose.yaml: a variant's services get what they leave to the file that they extend."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from steadygo.facts.commands import Variable
from steadygo.facts.place import Amount, Text
from steadygo.facts.workloads import Container, Manifests, Mount, Port, Probe, Workload

_BY_NAME = {"variables": "name", "mounts": "path", "ports": "number"}


def with_bases(manifests: Iterable[Manifests]) -> tuple[Manifests, ...]:
    """`manifests` with every service that has neither image nor build joined with its namesake in the directory's own compose file."""
    files = tuple(manifests)
    bases = {
        (posixpath.dirname(file.path), workload.name): workload
        for file in files
        if file.kind == "compose"
        for workload in file.workloads
        if not workload.environment
    }
    found: list[Manifests] = []
    for file in files:
        if file.kind == "compose":
            directory = posixpath.dirname(file.path)
            workloads = tuple(_joined(workload, bases.get((directory, workload.name))) for workload in file.workloads)
            file = replace(file, workloads=workloads)
        found.append(file)
    return tuple(found)


def _joined(workload: Workload, base: Workload | None) -> Workload:
    own = workload.containers[0]
    if base is None or not workload.environment or own.image is not None or own.build is not None:
        return workload
    changed: dict[str, Any] = {
        name: _of_file(getattr(base, name), base.path)
        for name in Workload.__struct_fields__
        if name not in ("containers", "environment") and not getattr(workload, name)
    }
    return replace(workload, containers=(_container(own, base.containers[0], base.path),), **changed)


def _container(own: Container, base: Container, path: str) -> Container:
    changed: dict[str, Any] = {}
    for name in Container.__struct_fields__:
        mine, theirs = getattr(own, name), _of_file(getattr(base, name), path)
        key = _BY_NAME.get(name)
        if key is not None:
            taken = {getattr(fact, key) for fact in mine}
            changed[name] = (*(fact for fact in theirs if getattr(fact, key) not in taken), *mine)
        elif mine in (None, (), "", 0, False):
            changed[name] = theirs
    return replace(own, **changed)


def _of_file(value: Any, path: str) -> Any:
    """A fact, or a tuple of facts, that says which file it stands in."""
    if isinstance(value, tuple):
        return tuple(_of_file(part, path) for part in value)
    if isinstance(value, Text | Amount | Variable | Port):
        return replace(value, path=value.path or path)
    return replace(value, file=value.file or path) if isinstance(value, Probe | Mount) else value
