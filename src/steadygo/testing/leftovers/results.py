"""What was found, as it is printed and written as JSON."""

from __future__ import annotations

import msgspec

PACKAGE = "package"


class Left(msgspec.Struct, frozen=True, order=True):
    """One thing that stayed. `what`: file, directory, process or database. `how`: created, changed, deleted, alive.

    `place`: temporary, home, cache, package, module, process or server. `files` and `size_bytes` are of a directory's content too.
    `matters`: the test fails when it runs again on top of all that it left, and passes without this one thing.
    """

    place: str
    path: str
    what: str
    how: str
    files: int = 0
    size_bytes: int = 0
    ports: tuple[int, ...] = ()
    matters: bool = False


class Leaver(msgspec.Struct, frozen=True):
    """A test that ran on its own, or with test "" the package as a whole: `left` then is what no single test of it left.

    `passed` is of the run in fresh surroundings. `again`: "" when it was not run on top of what it left, else passes, fails or not-known;
    `because` says what was seen.
    """

    test: str
    passed: bool
    left: tuple[Left, ...]
    again: str = ""
    because: str = ""


class Package(msgspec.Struct, frozen=True):
    """One package; `leavers` are those that left something. `why`: why nothing, or not all, is known of it. `tests`: how many ran.

    `failed` are tests that failed on their own and left nothing: they may not have come to that.
    """

    package: str
    tests: int
    leavers: tuple[Leaver, ...]
    why: str = ""
    failed: tuple[str, ...] = ()


class Report(msgspec.Struct, frozen=True):
    """All packages. `not_isolated`: why the tests had no mounts of their own, "" when they had."""

    run: str
    not_isolated: str
    packages: tuple[Package, ...]

    @property
    def found(self) -> bool:
        return any(p.leavers or p.why for p in self.packages)
