"""What go says and hands over while it builds the tests of several packages, package by package."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from steadygo.testing.plan import Planned
from steadygo.testing.verdict import own_complaint

_FAILED = re.compile(r"FAIL\t(\S+) \[(?:build|setup) failed\]")
_RESULT = re.compile(r"(?:ok  |\?   |FAIL|PASS)(?:\t|$)|\t\S+\t")


class Building:
    """The packages whose binary is not there yet. `refuse` is told of those that get none: (package, what happened, the complaint)."""

    def __init__(self, packages: Sequence[Planned], refuse: Callable[[Planned, str, str], None]) -> None:
        self._left = {str(p.directory): p for p in packages}
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
                self._give_up(directory)
        elif not _RESULT.match(line):
            self._said.append(line)

    def end(self, complaint: str) -> None:
        """go has ended; `complaint` is what kept it from starting."""
        self._said += [complaint] if complaint else []
        for directory in list(self._left):
            self._give_up(directory)

    def _give_up(self, directory: str) -> None:
        package = self._left.pop(directory)
        self._refuse(package, *own_complaint("\n".join(self._said), package.path))
