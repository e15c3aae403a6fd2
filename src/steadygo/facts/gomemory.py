"""What Go's runtime is told about its memory and processors where a service runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from steadygo.facts.go import Call, GoFile
from steadygo.facts.repository import Repository, Service
from steadygo.facts.runtimes import Runtime
from steadygo.findings import Place

_BYTES = re.compile(r"(\d+)(?:(B)|([KMGT])iB)?", re.ASCII)
_LARGEST = 2**63 - 1
AUTOMEMLIMIT = "github.com/KimMachineGun/automemlimit"
AUTOMAXPROCS = "go.uber.org/automaxprocs"


@dataclass(frozen=True)
class GoLimit:
    """The runtime's soft memory limit in bytes, inf for none at all, None when it is set to what is not known here.

    `by`: GOMEMLIMIT automemlimit SetMemoryLimit. `text` is what stands there.
    """

    size: float | None
    text: str
    at: Place
    by: str


def byte_count(text: str) -> float | None:
    """GOMEMLIMIT in bytes as the runtime reads it (B, KiB, MiB, GiB, TiB, nothing else), inf for off; None stops the program at start."""
    if text in ("", "off"):
        return float("inf")
    match = _BYTES.fullmatch(text)
    if match is None:
        return None
    number = int(match[1]) << (10 * " KMGT".index(match[3]) if match[3] else 0)
    return float(number) if number <= _LARGEST else None


def limit_of(repository: Repository, service: Service, runtime: Runtime) -> GoLimit | None:
    """The memory limit that the runtime knows of there; None when nothing tells it."""
    for file, call in own_calls(repository, service, "runtime/debug.SetMemoryLimit"):
        number = repository.go.number(file, call.args[0], call.block) if call.args else None
        if number is None or number >= 0:
            return GoLimit(number, f"debug.SetMemoryLimit({', '.join(call.args)})", file.at(call), "SetMemoryLimit")
    given = runtime.variables.get("GOMEMLIMIT")
    if given is not None and given.value != "":
        size = byte_count(given.value) if given.value is not None else None
        if given.source.startswith("field:") and "memory" in given.source and runtime.memory is not None:
            size = runtime.memory[0]
        return GoLimit(size, given.value or given.source, given.at, "GOMEMLIMIT")
    for file in repository.go.importers(AUTOMEMLIMIT):
        if service.has(file.directory):
            line = next(i.line for i in file.imports if i.path.startswith(AUTOMEMLIMIT))
            return _automatic(runtime, Place(file.path, line))
    return None


def _automatic(runtime: Runtime, at: Place) -> GoLimit:
    ratio = runtime.variables.get("AUTOMEMLIMIT")
    if ratio is not None and ratio.value and re.fullmatch(r"[01]?(\.\d+)?", ratio.value):
        part = float(ratio.value)
        return GoLimit(part * runtime.memory[0] if runtime.memory else None, f"AUTOMEMLIMIT={ratio.value}", ratio.at, "automemlimit")
    return GoLimit(0.9 * runtime.memory[0] if runtime.memory else None, "automemlimit", at, "automemlimit")


def own_calls(repository: Repository, service: Service, *names: str) -> Iterator[tuple[GoFile, Call]]:
    """Calls in the packages of the service's binary."""
    for file, call in repository.go.calls(*names):
        if service.has(file.directory):
            yield file, call


def shown(size: float) -> str:
    """`512 MiB`, `1.5 GiB`: at most one digit after the point."""
    for unit, factor in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if size >= factor:
            return f"{size / factor:.1f}".removesuffix(".0") + f" {unit}"
    return f"{size:.0f} bytes"


def main_place(repository: Repository, service: Service) -> Place:
    """Where the service's main function stands."""
    package = repository.go.packages.get(service.main or "")
    for file in package.files if package else ():
        for function in file.functions:
            if function.name == "main" and not function.receiver:
                return Place(file.path, function.line, function.column)
    return Place(package.files[0].path) if package and package.files else Place(service.main or ".")
