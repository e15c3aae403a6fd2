"""What a run of tests is going to do: which packages, which tests of each, and the hash of the source that decides about them."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from steadygo.errors import UserError
from steadygo.testing.declared import find_tests, selected
from steadygo.testing.flags import Flags
from steadygo.tools.go_test import Listed


@dataclass(frozen=True)
class Planned:
    """One package. `tests` are the top-level names that should run; `known` is false where that cannot be told here.

    `has_files`: it has test files. `error`: why go cannot load it.
    """

    path: str
    directory: Path
    source: str
    tests: tuple[str, ...] = ()
    known: bool = True
    has_files: bool = True
    error: str = ""


def plan(listed: Sequence[Listed], patterns: Sequence[str], flags: Flags) -> list[Planned]:
    """The packages that were asked for, sorted. Raises UserError when the patterns name none."""
    asked = sorted((p for p in listed if p.asked), key=lambda p: p.import_path)
    if not asked:
        raise UserError(f"{' '.join(patterns)} matches no packages.", "Name a package's directory, or ./... in a module.")
    sources = _Sources(listed)
    return [_planned(p, sources, flags) for p in asked]


def longest_first(planned: Sequence[Planned], seconds: Mapping[str, float]) -> list[Planned]:
    """The same packages in the order in which they should start; those never timed come first, for they may be long."""
    return sorted(planned, key=lambda p: -seconds.get(p.path, float("inf")))


def _planned(package: Listed, sources: _Sources, flags: Flags) -> Planned:
    directory = Path(package.directory)
    broken = package.error or sources.error(package.import_path)
    if broken:
        return Planned(package.import_path, directory, "", error=broken, has_files=True)
    names = [n for file in package.tests for n in find_tests((directory / file).read_text("utf-8", "replace"))]
    chosen = selected(names, flags.run, flags.skip) if flags.selects else None
    source = sources.of(package.import_path)
    return Planned(package.import_path, directory, source, chosen or (), chosen is not None, bool(package.tests))


class _Sources:
    """Hashes of packages with all that they import, tests included."""

    def __init__(self, listed: Iterable[Listed]) -> None:
        self._imports: dict[str, set[str]] = defaultdict(set)
        self._own: dict[str, str] = {}
        self._errors: dict[str, str] = {}
        for package in listed:
            bare = package.import_path.partition(" ")[0]
            self._imports[bare] |= {i.partition(" ")[0] for i in package.imports}
            if package.error:
                self._errors.setdefault(bare, package.error)
            if " " not in package.import_path or bare not in self._own:
                self._own[bare] = package.fixed or _hash(Path(package.directory), package.files)

    def _closure(self, path: str) -> list[str]:
        seen: set[str] = set()
        left = [path, f"{path}.test", f"{path}_test"]
        while left:
            one = left.pop()
            if one not in seen:
                seen.add(one)
                left += self._imports.get(one, ())
        return sorted(p for p in seen if p in self._own)

    def of(self, path: str) -> str:
        """Hexadecimal SHA-256, shortened to 32 digits."""
        parts = [f"{p} {self._own[p]}" for p in self._closure(path) if self._own[p] != "go"]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]

    def error(self, path: str) -> str:
        """Why the package's tests cannot be loaded, "" when they can."""
        return next((self._errors[p] for p in self._closure(path) if p in self._errors), "")


def _hash(directory: Path, files: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for name in sorted(set(files)):
        try:
            with (directory / name).open("rb") as file:
                digest.update(f"{name} {hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
        except OSError:
            digest.update(f"{name} unreadable\n".encode())
    return digest.hexdigest()
