"""Releases that were made before, and what a new one should not surprise with."""

from __future__ import annotations

import msgspec

from steadygo.build import semver
from steadygo.build.make import Release
from steadygo.build.semver import Version
from steadygo.errors import UserError


class Part(msgspec.Struct, frozen=True):
    """One module of a release: where its source is from (`h1`) and its licence; "" where it is not known."""

    path: str
    version: str
    h1: str = ""
    licence: str = ""


class Kept(msgspec.Struct, frozen=True):
    """One program of one release. `made` is UTC, `2026-01-02T03:04:05Z`."""

    package: str
    target: str
    version: str
    sha256: str
    size: int
    go_version: str
    revision: str
    modified: bool
    made: str
    parts: tuple[Part, ...] = ()


def kept(release: Release, made: str) -> Kept:
    """What is kept of a release."""
    info = release.info
    parts = tuple(Part(m.path, m.built.version, m.built.sum, release.licences.get(m.path, "")) for m in info.deps)
    return Kept(
        package=info.path,
        target=str(release.target),
        version=release.version,
        sha256=release.sha256,
        size=release.size,
        go_version=info.go_version,
        revision=info.setting("vcs.revision"),
        modified=info.setting("vcs.modified") == "true",
        made=made,
        parts=parts,
    )


def encode(build: Kept) -> str:
    """The text that is stored."""
    return msgspec.json.encode(build).decode()


def decode(text: str) -> Kept:
    """Read what was stored. Raises UserError when another program wrote it."""
    try:
        return msgspec.json.decode(text, type=Kept)
    except msgspec.DecodeError as error:
        raise UserError(f"A stored build cannot be read: {error}.", "Was the database written by another steadygo?") from None


def remarks(earlier: list[Kept], new: Kept) -> list[str]:
    """What is odd about a release next to the earlier ones of its package and target: version, bytes, lost sources."""
    line = [build for build in earlier if (build.package, build.target) == (new.package, new.target)]
    found = list(_version(line, new))
    if line:
        found += _lost(line[-1], new)
    return found


def _version(line: list[Kept], new: Kept) -> list[str]:
    version = semver.parse(new.version)
    if version is None or semver.pseudo(new.version):
        return [f"{new.version or 'No version'} is no release version."] if line else []
    same = [build for build in line if build.version == new.version and build.sha256 != new.sha256]
    if same:
        return [f"{new.version} was already made on {same[-1].made[:10]} with other bytes ({same[-1].sha256[:12]}…)."]
    released = sorted({v for build in line if (v := semver.parse(build.version)) and not semver.pseudo(build.version)})
    if not released or version in released:
        return []
    before = [v for v in released if v < version]
    if not before:
        return [f"{new.version} is older than every release so far; the newest is {_text(released[-1])}."]
    last = before[-1]
    following = _next(last)
    if version.prerelease or last.prerelease or (version.major, version.minor, version.patch) in following:
        return []
    words = ", ".join("v" + ".".join(map(str, numbers)) for numbers in following)
    return [f"{new.version} is not the next version after {_text(last)}: that would be {words}."]


def _next(version: Version) -> list[tuple[int, int, int]]:
    return [
        (version.major, version.minor, version.patch + 1),
        (version.major, version.minor + 1, 0),
        (version.major + 1, 0, 0),
    ]


def _text(version: Version) -> str:
    return f"v{version.major}.{version.minor}.{version.patch}" + (f"-{version.prerelease}" if version.prerelease else "")


def _lost(last: Kept, new: Kept) -> list[str]:
    """Modules whose source or licence was known in the last release and is not any more."""
    before = {part.path: part for part in last.parts}
    found = []
    for part in new.parts:
        old = before.get(part.path)
        if old and old.h1 and not part.h1:
            found.append(f"{part.path} {part.version} has no source hash any more; in {last.version} it had one (vendored, or replaced).")
        if old and old.licence and not part.licence:
            found.append(f"{part.path} {part.version} has no known licence any more; in {last.version} it was {old.licence}.")
    return found
