"""The module here: its go line, toolchain line, GODEBUG in effect, and the GOMAXPROCS that its binary would start with."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path

from steadygo.environment import godebug
from steadygo.environment.fingerprint import Stated
from steadygo.environment.versions import minor
from steadygo.facts.modules import GoMod, GoWork

_GO_DEBUG = re.compile(r"^//go:debug[ \t]+(\w+)=(\S*)", re.MULTILINE)
_PACKAGE = re.compile(r"^package\s+(\w+)", re.MULTILINE)
_MOST_BYTES = 1 << 20
GOPATH_LINE = "1.20"  # what GOPATH mode counts as, and a go.mod without a go line counts as 1.16 for GODEBUG


def go_line(module: GoMod | GoWork | None) -> str:
    """The go line that decides GODEBUG: 1.20 without a module, 1.16 for a go.mod without the line."""
    if module is None:
        return GOPATH_LINE
    return module.go.value if module.go else "1.16"


def deciding(module: GoMod | None, workspace: GoWork | None) -> GoMod | GoWork | None:
    """Whose go and godebug lines count: a workspace's, where there is one (cmd/go/internal/modload, MainModules)."""
    return workspace or module


def find_directives(package: Path) -> list[tuple[str, str, str]]:
    """`//go:debug` lines of a main package's non-test files: (name, value, place). Other packages' are ignored by go, so here too."""
    found: list[tuple[str, str, str]] = []
    for file in sorted(package.glob("*.go")):
        if file.name.endswith("_test.go") or not file.is_file() or file.stat().st_size > _MOST_BYTES:
            continue
        text = file.read_text("utf-8", "replace")
        clause = _PACKAGE.search(text)
        if clause is None or clause[1] != "main":
            continue
        found.extend(
            (m[1], m[2], f"//go:debug in {file.name}:{text.count(chr(10), 0, m.start()) + 1}")
            for m in _GO_DEBUG.finditer(text[: clause.start()])
        )
    return found


def effects(module: GoMod | GoWork | None, package: Path, version: str, goroot: Path | None, environment: str) -> list[godebug.Effect]:
    """GODEBUG in effect for the main package at `package`, built here and started here."""
    stated: list[tuple[str, str, str]] = []
    for text in module.godebug if module else ():
        name, _, value = text.value.partition("=")
        stated.append((name.strip(), value.strip(), f"{module.path if module else ''}:{text.line}"))
    stated.extend(find_directives(package))
    return godebug.effective(godebug.table_for(version, goroot), go_line(module), stated, environment)


def capture(module: GoMod | None, in_effect: list[godebug.Effect], version: str) -> Iterator[Stated]:
    """module.* and godebug.*"""
    if module is not None:
        yield Stated("module.path", module.module.value if module.module else "", module.path)
        line = module.go.line if module.go else 1
        yield Stated("module.go", go_line(module), f"{module.path}:{line}" if module.go else "no go line: counts as 1.16")
        if module.toolchain:
            yield Stated("module.toolchain", module.toolchain.value, f"{module.path}:{module.toolchain.line}")
    for effect in in_effect:
        yield Stated(f"godebug.{effect.name}", effect.value, f"{effect.origin} (table of {version})")


def maxprocs(go_minor: int, settings: dict[str, str], cpus: int, quota: float | None, stated: str) -> tuple[int, str]:
    """GOMAXPROCS that a binary starts with, and why.

    From 1.25 (unless containermaxprocs=0): the smaller of the CPUs and the leaf group's quota, rounded up, never below 2 for the
    quota's sake. Source: runtime/cgroup_linux.go.
    """
    if stated.isdecimal() and int(stated) > 0:
        return int(stated), "GOMAXPROCS in the environment"
    if go_minor < 25:
        return cpus, f"Go 1.{go_minor} counts CPUs only"
    if settings.get("containermaxprocs") == "0":
        return cpus, "containermaxprocs=0: CPUs only"
    if quota is None:
        return cpus, "CPUs; no CPU limit on this group"
    limit = max(math.ceil(quota), 2)
    return (limit, f"CPU limit of {quota:g} cores, rounded up, at least 2") if limit < cpus else (cpus, "CPUs, fewer than the CPU limit")


def capture_maxprocs(values: dict[str, str], in_effect: list[godebug.Effect], version: str, environment_value: str) -> Iterator[Stated]:
    """go.maxprocs from what the other parts found (`values`: cpu.count, cgroup.cpu.max)."""
    go_minor = minor(version)
    if go_minor is None or "cpu.count" not in values:
        return
    limit = values.get("cgroup.cpu.max", "none")
    quota = None if limit == "none" else float(limit)
    procs, why = maxprocs(go_minor, {e.name: e.value for e in in_effect}, int(values["cpu.count"]), quota, environment_value)
    yield Stated("go.maxprocs", str(procs), why)
