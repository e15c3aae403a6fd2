"""Everything that a diagnosis of one test needs, put together."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from steadygo.testing.diagnosis import factors
from steadygo.testing.diagnosis.case import Budget, Case, Diagnosis, Found, Tell
from steadygo.testing.diagnosis.decide import Means, decide, doubted, unknown
from steadygo.testing.diagnosis.probe import OVERRIDDEN, compiled
from steadygo.testing.diagnosis.reproduce import Commands, conclude
from steadygo.testing.engine import Setting
from steadygo.testing.plan import Planned
from steadygo.tools import go_seed
from steadygo.tools.run import Outcome, run

_MOST_TOOLCHAINS = 2  # the oldest and the newest: each compiles all that the tests import
_LONGEST_COMMAND_SECONDS = 900.0
_BEFORE = {"beta": -2, "rc": -1}  # any number that follows
_NAMED = re.compile(r"^\s*--- FAIL: (?:\S+ )?(\S+) \(", re.MULTILINE)  # nobody is where the process crashed
_NOT_RUN = re.compile(r"\[(build|setup) failed\]|It does not compile|It was not built|Go cannot load it")


def diagnose(package: Planned, test: str, setting: Setting, scratch: Path, budget: Budget, tell: Tell) -> tuple[Diagnosis, bool]:
    """(what was found, whether Ctrl-C ended the search). Raises UserError: no such test, or the package does not compile."""
    top = test.partition("/")[0]
    if package.known and top not in package.tests and not package.error:
        raise unknown(test, package.tests)
    scratch.chmod(0o755)  # experiments as another user enter it
    prober = compiled(package, test, setting, scratch)
    case = Case(prober.ask, test, budget, tell)
    prober.until = case.until
    here = factors.Surroundings(
        setting.environment, scratch, prober.module, package.directory, _toolchains(setting), bool(setting.lenders), setting.shell_go
    )
    commands = Commands(
        package.path,
        setting.shell_go,
        (*setting.flags.build, *setting.flags.but(OVERRIDDEN)),
        lambda line: _fails(line, test, setting, scratch, min(case.command_seconds, _LONGEST_COMMAND_SECONDS)),
        setting.flags.arguments,
    )
    names = package.tests

    def seeds(order: Sequence[str], first: str, last: str, wanted: int) -> list[str]:
        tests = [n for n in (names or order) if n.startswith("Test")]  # examples and fuzz tests keep their places
        if last not in tests or (first and first not in tests):
            return []
        ends = (tests.index(first) if first else -1, tests.index(last))
        return go_seed.find(setting.go, scratch, setting.environment, len(tests), *ends, wanted)

    means = Means(
        names=names,
        seeds=seeds,
        cheap=lambda: factors.cheap(here),
        variables=lambda: factors.variables(prober.asked_for, package.directory, setting.environment),
        dear=lambda: factors.dear(here),
        likely_first=lambda changes: factors.likely_first(changes, package.directory),
    )
    try:
        return conclude(case, decide(case, means), commands, lambda found: doubted(case, means, found)), False
    except KeyboardInterrupt:
        case.because.append(f"stopped after {case.runs} runs, while trying {case.trying}")
        return conclude(case, Found("not-known"), commands, lambda found: found), True


def _fails(line: str, test: str, setting: Setting, scratch: Path, seconds: float) -> bool | None:
    """Whether a shell line fails as this test does, and not another beside it; None where it takes longer than so many seconds.

    steadygo's own record of that is thrown away.
    """
    state = {"XDG_STATE_HOME": str(scratch / "state"), "STEADYGO_DATABASE": ""}
    own = f"{shlex.quote(sys.executable)} -P -m steadygo test"
    environment = {k: v for k, v in {**setting.environment, **state}.items() if v}
    ran = run(
        ["sh", "-c", line.replace("steadygo test", own)],
        directory=setting.directory,
        environment=environment,
        timeout_seconds=seconds,
    )
    if ran.outcome is Outcome.TIMED_OUT:
        return None
    named = _NAMED.findall(ran.text)
    its_own = not named or any(name == test or name.startswith(f"{test}/") for name in named)
    return ran.status == 1 and "FAIL" in ran.text and not _NOT_RUN.search(ran.text) and its_own


def _toolchains(setting: Setting) -> tuple[Path, ...]:
    """Other go programs: on PATH, and beside the one that is used."""
    root = Path(setting.root) if setting.root else setting.go.resolve().parent.parent
    home = Path(setting.environment.get("HOME") or "/nonexistent")
    found = [Path(p) / "go" for p in setting.environment.get("PATH", "").split(os.pathsep) if p]
    for place, shape in (
        (root.parent, "*/bin/go"),
        (root.parent.parent, "*/go/bin/go"),
        (home / "sdk", "*/bin/go"),
        (Path("/usr/local"), "go*/bin/go"),
    ):
        found += sorted(place.glob(shape)) if place != Path("/") else []
    others: dict[str, Path] = {}
    for go in found:
        own = go.resolve().parent.parent
        if go.is_file() and own != root.resolve() and (version := _version(own)):
            others.setdefault(version, go)
    others.pop(_version(root), None)
    chosen = [others[v] for v in sorted(others, key=_by_number)]
    return (*chosen[:1], *chosen[1:][-(_MOST_TOOLCHAINS - 1) :])


def _version(root: Path) -> str:
    """What the file VERSION of a toolchain says; "" where there is none."""
    try:
        return ((root / "VERSION").read_text(errors="replace").split() or [""])[0]
    except OSError:
        return ""


def _by_number(version: str) -> tuple[tuple[int, ...], str]:
    """go1.21.9 before go1.21.10."""
    return tuple(_BEFORE.get(part) or int(part) for part in re.findall(r"\d+|beta|rc", version)), version
