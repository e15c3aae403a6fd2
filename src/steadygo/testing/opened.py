"""Files that the tests of two runs looked at, and that were not the same."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath

from steadygo.testing.filestate import WRITTEN
from steadygo.testing.results import Package, Run

_MOST = 3  # names in a sentence
_VERBS = {"open": "opened", "stat": "asked about"}


@dataclass(frozen=True)
class Differing:
    """A file by the name that tests of `packages` gave it, with what it was in each run. `verb`: what they did with it."""

    name: str
    a: str
    b: str
    verb: str
    packages: tuple[str, ...]


@dataclass(frozen=True)
class Files:
    """`hidden`: {package: names that both runs looked at, where what one found is not known}."""

    differing: tuple[Differing, ...]
    hidden: Mapping[str, tuple[str, ...]]


def compare(a: Run, b: Run) -> Files:
    """Names that packages looked at in both runs. A name below the run's directory counts from there: checkouts lie elsewhere."""
    there = {p.path: p for p in b.packages}
    differing, hidden = dict[tuple[str, str, str, str], list[str]](), dict[str, tuple[str, ...]]()
    for package in a.packages:
        if package.path not in there:
            continue
        one, two = _states(package, a), _states(there[package.path], b)
        both = {look: (one[look], two[look]) for look in sorted(one) if look in two}
        hidden[package.path] = tuple(dict.fromkeys(name for (name, _), states in both.items() if {*states} & {"", WRITTEN}))
        found = {look: states for look, states in both.items() if states[0] != states[1] and look[0] not in hidden[package.path]}
        for (name, what), states in found.items():
            if what == "open" or (name, "open") not in found:
                differing.setdefault((name, *states, _VERBS[what]), []).append(package.path)
    return Files(tuple(Differing(*key, tuple(paths)) for key, paths in differing.items()), hidden)


def not_known(a: Run, b: Run, files: Files, concerned: Collection[str]) -> Iterator[str]:
    """Sentences: what cannot be said about the packages that are `concerned`."""
    for run in (a, b):
        if run.context.origin != "here":
            yield f"Run {run.id} is a foreign log: which files and variables its tests looked at is not known."
    for path in sorted(concerned):
        names = files.hidden.get(path, ())
        if names:
            more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
            yield f"Tests of {path} looked at {', '.join(names[:_MOST])}{more}: whether it was the same for both runs is not known."


def _states(package: Package, run: Run) -> dict[tuple[str, str], str]:
    """{(name, open or stat): what it was}."""
    found = dict[tuple[str, str], str]()
    for one in package.looked:
        if one.what in _VERBS:
            look = (_from_directory(one.name, run.context.directory), one.what)
            found[look] = one.found if found.get(look, one.found) == one.found else ""  # parts of a package saw different files
    return found


def _from_directory(name: str, directory: str) -> str:
    path = PurePath(name)
    return f"./{path.relative_to(directory)}" if directory and path.is_absolute() and path.is_relative_to(directory) else name
