"""When a program of one side meets the host of the other: what keeps it from starting, or makes it run otherwise.

These are not differences of one key but contradictions of two: a GODEBUG that the program's Go removed, a CPU below its GOAMD64, a C
library older than the symbols it asks for, a zone that is not installed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from steadygo.environment.fingerprint import Fingerprint
from steadygo.environment.godebug import table_for
from steadygo.environment.goimpact import setting
from steadygo.environment.impact import Impact
from steadygo.environment.versions import minor
from steadygo.facts.godebug import fatal_at_start, pairs

_ARCHITECTURES = {"amd64": "x86_64", "arm64": "aarch64", "386": "i686", "ppc64le": "ppc64le", "s390x": "s390x", "riscv64": "riscv64"}


class Meeting(NamedTuple):
    """`program` is what the program asks for, `host` what the other side has."""

    key: str
    program: str | None
    host: str | None
    impact: Impact
    why: str
    source: str


def meet(program: Fingerprint, host: Fingerprint) -> Iterator[Meeting]:
    """What happens to a program built as `program` says, started where `host` says."""
    yield from _godebug(program, host)
    yield from _processor(program, host)
    yield from _library(program, host)
    yield from _zone(program, host)
    yield from _procs(program, host)
    yield from _refused(host)


def built_with(side: Fingerprint) -> str:
    """The Go version that programs of this side are built with, "" when it says none."""
    return side.find("binary.go") or side.find("go.selected") or side.find("go.version") or ""


def _godebug(program: Fingerprint, host: Fingerprint) -> Iterator[Meeting]:
    version = built_with(program)
    godebug = host.find("env.GODEBUG")
    built = minor(version)
    if not godebug or built is None:
        return
    dying = fatal_at_start(godebug, built)
    if dying:
        yield Meeting(
            "env.GODEBUG", f"built with {version}", godebug, Impact.FATAL,
            f"{' and '.join(dying)} in the environment: a program built with {version} exits with status 2 before main",
            "golang/go#76163; runtime/runtime1.go parsegodebug, internal/godebugs/table.go",
        )  # fmt: skip
        return
    if not program.find("binary.go"):
        return
    table = table_for(version)
    for name, value in pairs(godebug):
        known = table.find(name)
        own = program.find(f"godebug.{name}")
        if known and known.changed and value != own and (own is not None or value == known.old):
            yield Meeting(
                "env.GODEBUG", f"{name}={own}" if own else f"{name} as in 1.{known.changed}", f"{name}={value}", Impact(setting(name)[0]),
                f"{name}={value} in the environment overrides what the program was built with: {setting(name)[1]}", "go.dev/doc/godebug",
            )  # fmt: skip


def applies(program: Fingerprint, host: Fingerprint) -> bool:
    """Whether there is a program on one side and a host on the other, so that no contradiction means something."""
    return bool(program.find("binary.go")) and "env." in host.closed


def _processor(program: Fingerprint, host: Fingerprint) -> Iterator[Meeting]:
    arch = program.find("binary.GOARCH")
    machine = host.find("kernel.arch")
    if arch and machine and _ARCHITECTURES.get(arch, machine) != machine and not (arch == "386" and machine == "x86_64"):
        yield Meeting(
            "binary.GOARCH", arch, machine, Impact.FATAL, f"a {arch} program does not run on {machine} (exec format error)", "execve(2)"
        )
        return
    system = program.find("binary.GOOS")
    if system and system != "linux" and host.find("kernel.release"):
        yield Meeting("binary.GOOS", system, "linux", Impact.FATAL, f"a {system} program does not run on Linux", "execve(2)")
    wanted = program.find("binary.GOAMD64") or (program.find("go.env.GOAMD64") if program.find("go.env.GOARCH") == "amd64" else None)
    level = host.find("cpu.level")
    if wanted and level and wanted > level:
        yield Meeting(
            "cpu.level", f"GOAMD64={wanted}", level, Impact.FATAL,
            f"the program refuses to start: this CPU has only x86-64-{level}", "runtime/asm_amd64.s; go.dev/wiki/MinimumRequirements",
        )  # fmt: skip


def _library(program: Fingerprint, host: Fingerprint) -> Iterator[Meeting]:
    loader = program.find("binary.interpreter")
    name = host.find("libc.name")
    if loader and name:
        wanted = "musl" if "musl" in loader else "glibc"
        if name != wanted:
            there = "no C library" if name == "none" else name
            yield Meeting(
                "libc.name", loader, name, Impact.FATAL,
                f"the program asks for {loader} ({wanted}), and there is {there}: exec says «no such file»", "execve(2), ld.so(8)",
            )  # fmt: skip
            return
    needed, version = program.find("binary.glibc"), host.find("libc.version")
    if needed and version and name == "glibc" and _numbers(needed) > _numbers(version):
        yield Meeting(
            "libc.version",
            f"GLIBC_{needed}",
            version,
            Impact.FATAL,
            f"the loader stops the program: version `GLIBC_{needed}' not found",
            "ld.so(8)",
        )


def _zone(program: Fingerprint, host: Fingerprint) -> Iterator[Meeting]:
    zone = host.find("env.TZ")
    carries = "timetzdata" in (program.find("binary.-tags") or "")
    if zone and zone.lstrip(":") not in ("", "UTC", "Etc/UTC") and host.find("time.tzdata") == "none" and not carries:
        yield Meeting(
            "time.zone", None, zone, Impact.BEHAVIOUR,
            f"TZ={zone} is set but no time zone database is installed: the program falls back to UTC without a word",
            "time/zoneinfo_unix.go",
        )  # fmt: skip


def _procs(program: Fingerprint, host: Fingerprint) -> Iterator[Meeting]:
    version = program.find("binary.go")
    quota = host.find("cgroup.cpu.max")
    built = minor(version or "")
    if built is None or not quota or quota == "none" or host.find("env.GOMAXPROCS") or program.find("go.maxprocs"):
        return
    off = program.find("godebug.containermaxprocs") == "0"
    if built < 25 or off:
        reason = "containermaxprocs=0" if built >= 25 else f"{version}"
        yield Meeting(
            "go.maxprocs", reason, f"{quota} CPUs", Impact.PERFORMANCE,
            f"GOMAXPROCS counts all CPUs of the host ({reason}), not the limit of {quota}: "
            f"set GOMAXPROCS={max(2, math.ceil(float(quota)))} or be throttled",
            "runtime/cgroup_linux.go, from Go 1.25 with a go line of 1.25",
        )  # fmt: skip


def _refused(host: Fingerprint) -> Iterator[Meeting]:
    for key, value in host.values.items():
        if key.startswith("unit.refused.") and value.value:
            yield Meeting(key, None, "refused", Impact.FATAL, value.value, "systemd.exec(5)")
        elif key.startswith("unit.ignored.") and value.value:
            yield Meeting(
                key,
                None,
                "ignored",
                Impact.BEHAVIOUR,
                f"systemd ignores a part of the unit: {value.value}",
                "systemd.exec(5), systemd.syntax(7)",
            )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(n) for n in version.split(".") if n.isdecimal())
