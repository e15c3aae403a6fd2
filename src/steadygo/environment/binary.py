"""What a program's build information says about its environment: how it was built, and what it asks of its host."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from steadygo.environment import godebug
from steadygo.environment.fingerprint import Stated

# Build settings that are the go command's own: they compare with what a machine would build with.
_AS_SETTINGS = frozenset({"GOARCH", "GOOS", "GOAMD64", "GOARM64", "GOEXPERIMENT", "GOFIPS140", "CGO_ENABLED"})


@dataclass(frozen=True)
class Program:
    """A Go program, read without Go. `interpreter` is "" for a static one; `glibc` the newest GLIBC_ version that it asks for.

    `dependencies` are (module path, version that was built in).
    """

    go_version: str
    path: str
    main: str
    settings: tuple[tuple[str, str], ...]
    dependencies: tuple[tuple[str, str], ...]
    interpreter: str = ""
    glibc: str = ""


def capture(program: Program, name: str) -> Iterator[Stated]:
    """binary.* and godebug.*"""
    yield Stated("binary.go", program.go_version, name)
    yield Stated("go.selected", program.go_version, f"the toolchain that built {name}")
    for key, value in program.settings:
        if key in _AS_SETTINGS:
            yield Stated(f"go.env.{key}", value, f"build setting of {name}")
        elif key == "vcs.revision":
            yield Stated("git.commit", value, f"stamped into {name}")
    yield Stated("binary.path", program.path, name)
    if program.main:
        yield Stated("binary.main", program.main, name)
        yield Stated("module.path", program.main.split()[0], name)
    for key, value in program.settings:
        if key != "DefaultGODEBUG":
            yield Stated(f"binary.{key}", value, f"build setting of {name}")
    for path, version in program.dependencies:
        yield Stated(f"binary.dep.{path}", version, f"dependency of {name}")
    if program.interpreter:
        yield Stated("binary.interpreter", program.interpreter, f"dynamic loader of {name}")
    if program.glibc:
        yield Stated("binary.glibc", program.glibc, f"symbol versions of {name}")
    for effect in godebug.effective(
        godebug.table_for(program.go_version), "", (), dict(program.settings).get("DefaultGODEBUG", ""), "DefaultGODEBUG"
    ):
        yield Stated(f"godebug.{effect.name}", effect.value, f"{effect.origin} of {name}")
