"""Passes out of Go's test cache, held against the context of the run in which their source really passed.

Go's key has the test binary, the flags, and the variables and files of the module that the tests asked for. It lacks TZ, umask, GOMAXPROCS
and what decides about it, files outside of the module (golang/go#53053, #44625, #23799), and variables read in TestMain before m.Run.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from steadygo.testing.compare import Stated
from steadygo.testing.plan import Planned
from steadygo.testing.results import Outcome, Package, Run

_NOT_IN_THE_KEY = ("env.TZ", "time.zone", "process.umask", "env.GOMAXPROCS", "go.maxprocs", "cpu.count", "cgroup.cpu", "locale")
_MOST = 5


class Stale(msgspec.Struct, frozen=True):
    """A cached pass and why it proves nothing here."""

    package: str
    reasons: tuple[str, ...]


def find_stale(
    cached: Iterable[Package], planned: Sequence[Planned], kept: Sequence[Run], differences: Callable[[Run], Iterable[Stated]], module: Path
) -> list[Stale]:
    """The cached passes that no kept run justifies.

    `kept`: runs with the same flags, oldest first; `differences`: those of a run's context from the one here.
    """
    here = {p.path: p for p in planned}
    found = []
    for package in cached:
        proof = next(
            (
                (run, p)
                for run in reversed(kept)
                for p in run.packages
                if p.path == package.path
                and p.path in here
                and p.source == here[p.path].source
                and p.outcome is Outcome.PASSED
                and not p.cached
            ),
            None,
        )
        if proof is None:
            found.append(Stale(package.path, ("no kept run of this source and these flags says in which context it passed",)))
            continue
        run, passed = proof
        differing = list(differences(run))
        reasons = [*_context(differing, run.id), *_unrecorded(differing, passed, here[package.path]), *_files(passed, run, module)]
        if reasons:
            found.append(Stale(package.path, tuple(reasons)))
    return found


def _context(differences: Iterable[Stated], run: str) -> Iterable[str]:
    for d in differences:
        if d.key.startswith(_NOT_IN_THE_KEY):
            yield f"{d.key} is {d.b or 'unset'} here and was {d.a or 'unset'} in run {run}"


def _unrecorded(differences: Iterable[Stated], passed: Package, planned: Planned) -> Iterable[str]:
    """Variables that differ, that the package's files name, and that the log of what its tests asked for lacks: so Go's key lacks them."""
    recorded = {f"env.{one.name}" for one in passed.looked if one.what == "getenv"}
    left = [d for d in differences if d.key.startswith("env.") and not d.key.startswith(_NOT_IN_THE_KEY) and d.key not in recorded]
    if left:
        text = "\n".join(file.read_text("utf-8", "replace") for file in sorted(planned.directory.glob("*.go")))
        named = [d.key.removeprefix("env.") for d in left if f'"{d.key.removeprefix("env.")}"' in text]
        yield from (f"{name} differs here, its files name it, and Go's log of what its tests ask for lacks it" for name in named[:_MOST])


def _files(package: Package, run: Run, module: Path) -> Iterable[str]:
    """Files outside of the module that changed after the run began."""
    began = datetime.strptime(run.context.started, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()
    names = sorted({one.name for one in package.looked if one.what in ("open", "stat") and os.path.isabs(one.name)})
    outside = [n for n in names if not Path(n).is_relative_to(module) and not n.startswith(("/proc/", "/dev/", "/sys/"))]
    changed = [n for n in outside if _changed(n) > began]
    yield from (f"{name} changed since run {run.id}, and Go does not watch files outside of the module" for name in changed[:_MOST])


def _changed(path: str) -> float:
    try:
        return os.stat(path).st_mtime if os.path.isfile(path) else 0.0
    except OSError:
        return 0.0
