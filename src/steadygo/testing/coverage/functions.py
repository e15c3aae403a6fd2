"""Statements by function, counted as `go tool cover -func` counts them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import msgspec

from steadygo.facts.go import Function
from steadygo.testing.coverage.profile import Block, Profile


class Share(msgspec.Struct, frozen=True):
    """How many of the statements ran."""

    covered: int = 0
    statements: int = 0

    @property
    def percent(self) -> float:
        """Of nothing, all is covered."""
        return 100.0 * self.covered / self.statements if self.statements else 100.0

    def __add__(self, other: Share) -> Share:
        return Share(self.covered + other.covered, self.statements + other.statements)


@dataclass(frozen=True)
class Row:
    """A declared function. `name` is `Type.Method` for a method; `path` is relative to the repository, or the profile's name for the file.

    `package` is the import path as the profile has it, `directory` that of `path`. Closures belong to the function around them.
    """

    package: str
    directory: str
    name: str
    path: str
    line: int
    end_line: int
    share: Share


@dataclass(frozen=True)
class Table:
    """`rows` in order of files and lines. `outside`: statements of files by path that belong to no function that could be read:
    closures at package level, and all of a file whose functions are not known (`unread`).
    """

    rows: tuple[Row, ...] = ()
    outside: tuple[tuple[str, Share], ...] = ()
    unread: tuple[str, ...] = ()

    @property
    def total(self) -> Share:
        """As the last line of `go tool cover -func`; files that could not be read count whole."""
        unread = set(self.unread)
        return total([r.share for r in self.rows] + [share for path, share in self.outside if path in unread])


def total(shares: Iterable[Share]) -> Share:
    """The sum."""
    covered = statements = 0
    for share in shares:
        covered += share.covered
        statements += share.statements
    return Share(covered, statements)


def share_of(blocks: Iterable[Block]) -> Share:
    """Statements of these blocks."""
    covered = statements = 0
    for block in blocks:
        statements += block.statements
        if block.runs:
            covered += block.statements
    return Share(covered, statements)


def table(profile: Profile, path_of: Callable[[str], str], functions_of: Callable[[str], Sequence[Function] | None]) -> Table:
    """`path_of`: a file's name in the profile -> its path; `functions_of`: a path -> what the file declares, None when not known."""
    rows: list[Row] = []
    outside: list[tuple[str, Share]] = []
    unread: list[str] = []
    for name, blocks in profile.files.items():
        path = path_of(name)
        declared = functions_of(path)
        if declared is None:
            unread.append(path)
            outside.append((path, share_of(blocks)))
            continue
        spans = sorted((f for f in declared if f.name), key=lambda f: (f.line, f.column))
        inside, rest = _assign(blocks, spans)
        package, directory = name.rpartition("/")[0], path.rpartition("/")[0]
        for function, found in zip(spans, inside, strict=True):
            called = f"{function.receiver}.{function.name}" if function.receiver else function.name
            rows.append(Row(package, directory, called, path, function.line, function.end_line, share_of(found)))
        if rest:
            outside.append((path, share_of(rest)))
    return Table(tuple(rows), tuple(outside), tuple(unread))


def _assign(blocks: Sequence[Block], spans: Sequence[Function]) -> tuple[list[list[Block]], list[Block]]:
    """Blocks by function, and those in none. A block belongs to the last function that starts before it, unless that one has ended."""
    starts = [(f.line, f.column) for f in spans]
    inside: list[list[Block]] = [[] for _ in spans]
    rest: list[Block] = []
    for block in blocks:
        at = bisect_right(starts, (block.line, block.column)) - 1
        if at >= 0 and block.line <= spans[at].end_line:
            inside[at].append(block)
        else:
            rest.append(block)
    return inside, rest
