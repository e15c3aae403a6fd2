"""Prove vendor/ against go.sum without a network.

vendor/ holds only the packages that are built, so a module's h1 hash cannot be computed from it. What can be done: find the module's zip
or folder in the module cache, show that *it* has the hash that go.sum states, and then that every vendored file is in it byte by byte.
Where the cache does not have a module the answer is "not known". `go mod verify` looks at the cache only and never at vendor/.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from steadygo.build import dirhash
from steadygo.build.semver import escaped
from steadygo.build.verify import Check
from steadygo.facts.modules import GoSum, VendorModules
from steadygo.findings import Verdict

_IGNORED = re.compile(rb"(?m)^//\s*(?:go:build|\+build)\s.*\bignore\b")
_NAMED = 3


class Source(NamedTuple):
    """The module whose files vendor/ must hold for a path."""

    path: str
    version: str


def prove(root: Path, sums: GoSum | None, vendored: VendorModules, cache: Path) -> Iterator[Check]:
    """One check for each vendored module, and one for files of no module. `cache` is GOMODCACHE."""
    stated = {(path, version): digest for path, version, digest in (sums.entries if sums else ())}
    replaced = {(r.path, r.version): r for r in vendored.replacements} | {(r.path, ""): r for r in vendored.replacements if not r.version}
    paths = sorted({module.path for module in vendored.modules}, key=len, reverse=True)
    files = _files(root / "vendor", paths)
    for module in vendored.modules:
        name = f"{module.path} {module.version}".strip()
        mine = files.pop(module.path, {})
        replacement = replaced.get((module.path, module.version)) or replaced.get((module.path, ""))
        if replacement is not None and not replacement.by_version:
            yield Check(name, Verdict.NOT_KNOWN, f"Replaced by the directory {replacement.by}: no hash says what it must hold.")
            continue
        source = Source(replacement.by, replacement.by_version) if replacement else Source(module.path, module.version)
        yield _prove(name, root / "vendor" / module.path, mine, source, stated.get((source.path, source.version), ""), cache)
    strays = sorted(path for path in files.get("", {}) if path != "modules.txt")
    if strays:
        yield Check("vendor/", Verdict.FAIL, f"vendor/{strays[0]} belongs to no module of vendor/modules.txt ({len(strays)} such files).")


def _files(vendor: Path, paths: list[str]) -> dict[str, dict[str, Path]]:
    """{module path: {file below it: place}}; files of no module are under "". The longest module path counts."""
    found: dict[str, dict[str, Path]] = {}
    known = set(paths)
    for place in sorted(vendor.rglob("*")):
        if not place.is_file() and not place.is_symlink():
            continue
        relative = place.relative_to(vendor).as_posix()
        owner = relative
        while owner and owner not in known:
            owner = owner.rpartition("/")[0]
        found.setdefault(owner, {})[relative[len(owner) :].lstrip("/")] = place
    return found


def _prove(name: str, folder: Path, mine: Mapping[str, Path], source: Source, stated: str, cache: Path) -> Check:
    if not mine:
        return Check(name, Verdict.NOT_APPLICABLE, "No package of it is vendored.")
    if not stated:
        return Check(name, Verdict.FAIL, f"go.sum has no hash of {source.path} {source.version}.")
    prefix = f"{source.path}@{source.version}"
    archive = cache / "cache" / "download" / escaped(source.path) / "@v" / f"{escaped(source.version)}.zip"
    theirs = dirhash.of_zip(archive)
    if theirs is None:
        theirs = dirhash.of_directory(cache / f"{escaped(source.path)}@{escaped(source.version)}", prefix)
    if theirs is None:
        return Check(name, Verdict.NOT_KNOWN, "The module cache does not have it: run `go mod download` once where there is a network.")
    if dirhash.h1(theirs) != stated:
        return Check(name, Verdict.FAIL, f"The module cache's copy is {dirhash.h1(theirs)}, go.sum says {stated}: the cache was changed.")
    wrong = sorted(_wrong(mine, theirs, prefix))
    if wrong:
        more = f" and {len(wrong) - _NAMED} more" if len(wrong) > _NAMED else ""
        return Check(name, Verdict.FAIL, f"vendor/ does not hold what go.sum states: {', '.join(wrong[:_NAMED])}{more}.")
    missing = sorted(_missing(mine, theirs, prefix, cache, source))
    if missing:
        return Check(name, Verdict.FAIL, f"vendor/ lacks files of packages that it holds: {', '.join(missing[:_NAMED])}.")
    return Check(name, Verdict.PASS, f"{len(mine)} vendored files are those of {stated}.")


def _wrong(mine: Mapping[str, Path], theirs: Mapping[str, str], prefix: str) -> Iterator[str]:
    for relative, place in mine.items():
        expected = theirs.get(f"{prefix}/{relative}")
        if place.is_symlink():
            yield f"{relative} (a symbolic link)"
        elif expected is None:
            yield f"{relative} (added)"
        elif hashlib.sha256(place.read_bytes()).hexdigest() != expected:
            yield f"{relative} (changed)"


def _missing(mine: Mapping[str, Path], theirs: Mapping[str, str], prefix: str, cache: Path, source: Source) -> Iterator[str]:
    """Go files of vendored packages that `go mod vendor` would have copied: no tests, none that every build ignores."""
    packages = {relative.rpartition("/")[0] for relative in mine if relative.endswith(".go")}
    unpacked = cache / f"{escaped(source.path)}@{escaped(source.version)}"
    for name in theirs:
        relative = name[len(prefix) + 1 :]
        if relative in mine or not relative.endswith(".go") or relative.endswith("_test.go") or relative.rpartition("/")[0] not in packages:
            continue
        place = unpacked / relative
        if place.is_file() and not _IGNORED.search(place.read_bytes()):
            yield f"{relative} (removed)"
