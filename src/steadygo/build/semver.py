"""Module versions as Go orders them (golang.org/x/mod/semver, golang.org/x/mod/module)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import NamedTuple

_VERSION = re.compile(
    r"v(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)"
    r"(?:-((?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(?:\.(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*))?"
    r"(?:\+([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?"
)
_PSEUDO = re.compile(r"(?:^|\.)(?:0\.)?(\d{14})-([0-9a-f]{12})$")


class Version(NamedTuple):
    """A canonical version. Build metadata (`+incompatible`, `+dirty`) does not take part in the order."""

    major: int
    minor: int
    patch: int
    prerelease: str = ""
    build: str = ""

    @property
    def _key(self) -> tuple[object, ...]:
        # A release comes after its prereleases; numbers come before words.
        words = [(0, int(word), "") if word.isdecimal() else (1, 0, word) for word in self.prerelease.split(".")] if self.prerelease else []
        return self.major, self.minor, self.patch, not self.prerelease, words

    def __lt__(self, other: object) -> bool:
        return isinstance(other, Version) and self._key < other._key

    def __gt__(self, other: object) -> bool:
        return isinstance(other, Version) and self._key > other._key

    def __le__(self, other: object) -> bool:
        return isinstance(other, Version) and self._key <= other._key

    def __ge__(self, other: object) -> bool:
        return isinstance(other, Version) and self._key >= other._key


class Pseudo(NamedTuple):
    """What a pseudo-version says of its commit."""

    time: datetime
    revision: str


def parse(text: str) -> Version | None:
    """`v1.2.3-rc.1+incompatible`; None for anything that is no canonical version."""
    found = _VERSION.fullmatch(text)
    return Version(int(found[1]), int(found[2]), int(found[3]), found[4] or "", found[5] or "") if found else None


def pseudo(text: str) -> Pseudo | None:
    """The commit behind v0.0.0-20260102030405-abcdefabcdef and its kin, else None."""
    version = parse(text)
    found = _PSEUDO.search(version.prerelease) if version else None
    if not found:
        return None
    try:
        return Pseudo(datetime.strptime(found[1], "%Y%m%d%H%M%S").replace(tzinfo=UTC), found[2])
    except ValueError:
        return None


def fits_path(path: str, version: Version) -> bool:
    """Whether a module path's major suffix (/v2, gopkg.in's .v2) agrees with its version."""
    if path.startswith("gopkg.in/"):
        found = re.search(r"\.v(\d+)(?:-unstable)?$", path)
        return bool(found) and int(found[1] if found else 0) == version.major
    found = re.search(r"/v([2-9]|[1-9]\d+)$", path)
    if found:
        return int(found[1]) == version.major
    return version.major < 2 or version.build.startswith("incompatible")


def escaped(text: str) -> str:
    """A path or version as the module cache and proxies spell it: upper case letters become `!` and the lower one."""
    return re.sub(r"[A-Z]", lambda found: "!" + found[0].lower(), text)
