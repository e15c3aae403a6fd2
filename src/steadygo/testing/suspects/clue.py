"""One reason to look at a line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from steadygo.testing.suspects.source import Routine

_FURTHER = 0.9


@dataclass(frozen=True)
class Clue:
    """A line, why it is looked at, and how strongly: 100 is a line that explains the diagnosis by itself, 40 one that may."""

    path: str
    line: int
    why: str
    weight: float


def clue(routine: Routine, line: int, why: str, weight: float, depth: int = 0) -> Clue:
    """A clue in a function; what stands further from the test weighs less."""
    return Clue(routine.file.path, line, why, weight * _FURTHER**depth)


def calls_in(routine: Routine) -> Iterator[tuple[int, str, tuple[str, ...], str]]:
    """(line, full name, arguments, what its value feeds) of the calls in a function."""
    return ((c.line, c.name, c.args, c.use) for c in routine.calls)
