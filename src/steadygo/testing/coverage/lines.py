"""Coverage by line, and what changed lines it leaves out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from steadygo.testing.coverage.profile import Block
from steadygo.tools.git_diff import Hunk

_LITERALS = re.compile(r"//[^\n]*|/\*.*?(?:\*/|\Z)|\"(?:\\.|[^\"\\\n])*\"|`[^`]*(?:`|\Z)|'(?:\\.|[^'\\\n])*'", re.DOTALL)
_NOTHING = str.maketrans("", "", "{}()[];, \t\r\ufeff")

Range = tuple[int, int]


class Hits(NamedTuple):
    """`most`: how often the busiest block of a line ran (0 or 1 with mode set). `whole`: no block of the line was left out."""

    most: int
    whole: bool


class Heat(StrEnum):
    """A line against the base. Lines of which nothing is known at the base are as good as changed lines."""

    COVERED = "covered"  # changed, and it runs
    PARTLY = "partly"  # changed, and a part of it runs
    UNCOVERED = "uncovered"  # changed, and no test runs it
    LOST = "lost"  # unchanged, ran at the base, runs no more
    GAINED = "gained"  # unchanged, did not run at the base, runs now
    SAME = "same"  # unchanged, ran and runs
    NEVER = "never"  # unchanged, did not run and does not run


@dataclass(frozen=True)
class Heated:
    """One file. `hits` and `heat` have the lines with code that can run; `changed` all lines that the base does not have."""

    path: str
    was: str = ""
    generated: bool = False
    changed: frozenset[int] = frozenset()
    hits: Mapping[int, Hits] = field(default_factory=dict)
    heat: Mapping[int, Heat] = field(default_factory=dict)

    def ranges(self, *heats: Heat) -> tuple[Range, ...]:
        """Lines of these heats as (first, last). Lines between two that hold no code that can run join them."""
        return tuple(_ranges((n for n in sorted(self.hits) if self.heat[n] in heats), sorted(self.hits)))

    def count(self, *heats: Heat) -> int:
        """How many lines are of these heats."""
        return sum(heat in heats for heat in self.heat.values())


def hits(text: bytes, blocks: Iterable[Block]) -> dict[int, Hits]:
    """Lines with code that can run. Blank lines, comments and lone brackets have none, whatever block they lie in."""
    lines = _LITERALS.sub(_blank, text.decode("latin-1")).split("\n")  # one character a byte, as columns count
    found: dict[int, Hits] = {}
    for block in blocks:
        for number in range(max(block.line, 1), min(block.end_line, len(lines)) + 1):
            line = lines[number - 1]
            part = line[
                max(block.column - 1, 0) if number == block.line else 0 : block.end_column - 1 if number == block.end_line else len(line)
            ]
            if part.translate(_NOTHING):
                known = found.get(number)
                found[number] = Hits(
                    max(block.runs, known.most) if known else block.runs, bool(block.runs) and (known is None or known.whole)
                )
    return found


def _blank(match: re.Match[str]) -> str:
    """Comments as spaces, literals as letters: both with their line ends."""
    return re.sub(r"[^\n]", " " if match[0].startswith("/") else "x", match[0])


def before(line: int, hunks: Sequence[Hunk]) -> int | None:
    """The number that a line had in the old file; None for a line that is new or changed. `hunks` are in order."""
    shift = 0
    for hunk in hunks:
        if line < hunk.first:
            break
        if line < hunk.first + hunk.many:
            return None
        shift += hunk.was_many - hunk.many
    return line + shift


def heated(path: str, was: str, hunks: Sequence[Hunk], now: Mapping[int, Hits], then: Mapping[int, Hits] | None, generated: bool) -> Heated:
    """The heat of a file. `then` is None when nothing is known of it at the base; `was` its path there, "" for a new file."""
    changed: set[int] = set()
    for hunk in hunks:
        changed.update(range(hunk.first, hunk.first + hunk.many))
    heat: dict[int, Heat] = {}
    for number, hit in now.items():
        old = before(number, hunks) if was else None
        if old is None:
            changed.add(number)
            heat[number] = Heat.UNCOVERED if not hit.most else Heat.COVERED if hit.whole else Heat.PARTLY
        else:
            ran = then[old].most > 0 if then is not None and old in then else hit.most > 0
            heat[number] = (Heat.SAME if ran else Heat.GAINED) if hit.most else (Heat.LOST if ran else Heat.NEVER)
    return Heated(path, was if was != path else "", generated, frozenset(changed), dict(sorted(now.items())), heat)


def _ranges(lines: Iterable[int], all_lines: Sequence[int]) -> Iterator[Range]:
    """Runs of `lines` that no other one of `all_lines` interrupts."""
    follows = dict(pairwise(all_lines))
    first = last = 0
    for line in lines:
        if first and follows.get(last) == line:
            last = line
            continue
        if first:
            yield first, last
        first = last = line
    if first:
        yield first, last
