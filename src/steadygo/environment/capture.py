"""Take the fingerprint of this process's environment, in a second at most: the slow parts ask their programs at the same time."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from steadygo.environment import cgroups, clock, gosettings, machine, module
from steadygo.environment.fingerprint import Fingerprint, Stated, gather
from steadygo.environment.secrets import Sealer
from steadygo.errors import ToolMissing
from steadygo.facts.modules import GoMod, GoWork
from steadygo.tools import git, guard, versions

_LOCALE = ("LC_ALL", "LC_CTYPE", "LANG")
_GIT_SECONDS = 0.7
# What a shell or a terminal sets for itself, new in each session.
_SESSION = frozenset({"_", "SHLVL", "PWD", "OLDPWD", "COLUMNS", "LINES", "WINDOWID", guard.VARIABLE})


@dataclass(frozen=True)
class Around:
    """The module that the fingerprint is taken for. `package` is the directory of the main package."""

    package: Path
    module: GoMod | None = None
    workspace: GoWork | None = None


def here(around: Around, environment: Mapping[str, str], sealer: Sealer, now: datetime.datetime) -> Fingerprint:
    """The fingerprint of this machine, this process and the module around."""
    parts: list[Callable[[], Iterator[Stated]]] = [
        lambda: gosettings.capture(around.package, environment),
        lambda: _git(around.package),
        _tools,
        lambda: clock.capture(environment),
        lambda: machine.capture(environment),
        lambda: cgroups.capture(_groups()),
    ]
    with ThreadPoolExecutor(len(parts)) as pool:
        stated = [s for found in pool.map(_run, parts) for s in found]
    stated += _environment(environment)
    known = {s.key: s.value for s in stated if s.value is not None}
    version = known.get("go.version", "")
    if version:
        deciding = module.deciding(around.module, around.workspace)
        root = Path(known["go.root"]) if "go.root" in known else None
        in_effect = module.effects(deciding, around.package, version, root, environment.get("GODEBUG", "")) if deciding else []
        stated += module.capture(around.module, in_effect, version)
        stated += module.capture_maxprocs(known, in_effect, version, environment.get("GOMAXPROCS", ""))
        stated.append(_selected(known, around))
    sealed = gather(_sealed(stated, sealer))
    closed = ("env.", "godebug.") if version and (around.module or around.workspace) else ("env.",)
    return Fingerprint("here", "here", sealed, closed, now.astimezone(datetime.UTC).isoformat(timespec="seconds"))


def _run(part: Callable[[], Iterator[Stated]]) -> list[Stated]:
    return list(part())


def _selected(known: Mapping[str, str], around: Around) -> Stated:
    lines = around.workspace or around.module
    go_line = lines.go.value if lines and lines.go else ""
    toolchain = lines.toolchain.value if lines and lines.toolchain else ""
    rule = known.get("go.env.GOTOOLCHAIN", "auto")
    return Stated(
        "go.selected",
        gosettings.selected(known["go.version"], go_line, toolchain, rule),
        f"GOTOOLCHAIN={rule}, go line {go_line or 'none'}",
    )


def _environment(environment: Mapping[str, str]) -> Iterator[Stated]:
    for name in sorted(environment):
        if name not in _SESSION:
            yield Stated(f"env.{name}", environment[name], "process environment")
    deciding = next((n for n in _LOCALE if environment.get(n)), None)
    yield Stated("locale", environment[deciding] if deciding else "C", deciding or "none of LC_ALL, LC_CTYPE, LANG is set")


def _sealed(stated: list[Stated], sealer: Sealer) -> Iterator[Stated]:
    for s in stated:
        name = s.key.rpartition(".")[2]
        yield s if s.value is None else Stated(s.key, sealer.seal(name, s.value), s.origin)


def _git(directory: Path) -> Iterator[Stated]:
    try:
        state = git.checkout(directory, _GIT_SECONDS)
    except ToolMissing:
        yield Stated("git.commit", None, "git is not installed")
        return
    if state is None:
        return
    yield Stated("git.commit", state.commit, "HEAD")
    if state.branch:
        yield Stated("git.branch", state.branch, "HEAD")
    yield Stated("git.described", state.described or "no tag", "git describe --tags")
    if state.changed < 0:
        yield Stated("git.dirty", None, f"git status took longer than {_GIT_SECONDS:g} s")
    else:
        yield Stated(
            "git.dirty", f"{state.changed} changed, {state.untracked} untracked" if state.changed or state.untracked else "no", "git status"
        )
    if state.shallow:
        yield Stated("git.shallow", "yes", "history was cut off when this was cloned")


def _tools() -> Iterator[Stated]:
    for name, version in versions.installed().items():
        yield Stated(f"tool.{name}", version, "asked of the program" if version else "it did not answer in time")


def _groups() -> list[cgroups.Group]:
    try:
        return cgroups.find_groups(Path("/proc/self/cgroup").read_text(), Path("/proc/self/mountinfo").read_text())
    except OSError:
        return []
