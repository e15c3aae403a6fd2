"""What go says and hands over while it builds the tests of several packages, package by package."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from steadygo.testing.plan import Planned
from steadygo.testing.verdict import own_complaint

_FAILED = re.compile(r"FAIL\t(\S+) \[(?:build|setup) failed\]")
_RESULT = re.compile(r"(?:ok  |\?   |FAIL|PASS)(?:\t|$)|\t\S+\t")


class Building:
    """The packages whose binary is not there yet. `refuse` is told of those that get none: (package, what happened, the complaint).

    Packages without tests get none anyway; they are refused when they cannot be built.
    """

    def __init__(self, packages: Sequence[Planned], refuse: Callable[[Planned, str, str], None]) -> None:
        self._left = {str(p.directory): p for p in packages if p.has_files}
        self._untested = {p.path: p for p in packages if not p.has_files}
        self._refuse = refuse
        self._said: list[str] = []

    def __len__(self) -> int:
        return len(self._left)

    def take(self, directory: str) -> Planned | None:
        """The package of this directory has its binary. None when it is not one of these."""
        return self._left.pop(directory, None)

    def hear(self, line: str) -> None:
        """go printed a line."""
        failed = _FAILED.match(line)
        if failed:
            for directory in [d for d, p in self._left.items() if p.path == failed[1]]:
                self._give_up(self._left.pop(directory))
            if failed[1] in self._untested:
                self._give_up(self._untested.pop(failed[1]))
        elif not _RESULT.match(line):
            self._said.append(line)

    def end(self, complaint: str) -> None:
        """go has ended; `complaint` is what kept it from starting, or how it was killed."""
        for package in self._left.values():
            self._give_up(package, complaint.strip())
        self._left.clear()

    def _give_up(self, package: Planned, cut_short: str = "") -> None:
        self._refuse(package, *own_complaint("\n".join(self._said), package.path, cut_short))
