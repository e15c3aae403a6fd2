"""What tests covered at the base against what they cover here: by function, by package, by line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum

import msgspec

from steadygo.testing.coverage.functions import Row, Share, Table, total
from steadygo.testing.coverage.lines import Heat, Heated, Range


class State(StrEnum):
    """What became of a function. NOT_KNOWN: its package was not measured on one side, though it is there."""

    LOST = "lost"
    GAINED = "gained"
    NEW = "new"
    DELETED = "deleted"
    SAME = "same"
    NOT_KNOWN = "not-known"


class Measure(msgspec.Struct, frozen=True):
    """A share with its percentage, rounded to three digits."""

    covered: int
    statements: int
    percent: float


class Was(msgspec.Struct, frozen=True):
    """Where a function that moved to another file was at the base."""

    path: str
    line: int


class Function(msgspec.Struct, frozen=True):
    """A function on both sides. `change` is in percentage points, None unless both sides are known. `at` the base if it was deleted."""

    state: State
    package: str
    function: str
    path: str
    line: int
    before: Measure | None
    after: Measure | None
    change: float | None
    was: Was | None = None


class Package(msgspec.Struct, frozen=True):
    """A package on both sides, None where it is not there or not known."""

    package: str
    before: Measure | None
    after: Measure | None


class File(msgspec.Struct, frozen=True):
    """Lines of a file that is changed, or whose coverage is. Numbers of ranges include both ends.

    `uncovered` and `partly`: changed lines that no test runs, or only in part; `lost` and `gained`: unchanged ones that ran only at the
    base, or only here. `lines` counts changed lines with code that can run, `covered` those of them that a test runs, if only in part.
    """

    path: str
    was: str
    generated: bool
    lines: int
    covered: int
    uncovered: tuple[Range, ...]
    partly: tuple[Range, ...]
    lost: tuple[Range, ...]
    gained: tuple[Range, ...]


class Diff(msgspec.Struct, frozen=True):
    """Changed lines with code that can run, generated files left out. `percent` is None when there are none."""

    lines: int
    covered: int
    percent: float | None
    files: tuple[File, ...]


class Total(msgspec.Struct, frozen=True):
    """All statements in functions. `before` is None when nothing is known of the base."""

    before: Measure | None
    after: Measure
    change: float | None


class Difference(msgspec.Struct, frozen=True):
    """`functions` has all but those that are the same; `same` counts these. `threshold` in percentage points."""

    threshold: float
    total: Total
    diff: Diff
    functions: tuple[Function, ...]
    same: int
    packages: tuple[Package, ...]


_CHANGED = (Heat.COVERED, Heat.PARTLY, Heat.UNCOVERED)
_ORDER = {state: number for number, state in enumerate((State.LOST, State.GAINED, State.NEW, State.DELETED, State.NOT_KNOWN, State.SAME))}


Stands = Callable[[Row], bool]


def compare(
    before: Table | None, after: Table, *, stands: tuple[Stands, Stands], renamed: Mapping[str, str], threshold: float
) -> tuple[Function, ...]:
    """Every function with statements, lost ones first; none when nothing is known of the base.

    `stands`: whether the source at the base, and the source here, declares the function of a row that was measured on the other side only.
    `renamed`: path at the base -> path here.
    """
    if before is None:
        return ()
    pairs = _pairs(before.rows, after.rows, renamed)
    found = [_function(one, two, stands, threshold) for one, two in pairs if any(r and r.share.statements for r in (one, two))]
    return tuple(sorted(found, key=lambda f: (_ORDER[f.state], f.change if f.state is State.LOST else -(f.change or 0), f.path, f.line)))


def _function(one: Row | None, two: Row | None, stands: tuple[Stands, Stands], threshold: float) -> Function:
    row = two or one
    assert row is not None
    then, now = (measure(r.share) if r else None for r in (one, two))
    change, was = None, None
    if one and two:
        change = round(two.share.percent - one.share.percent, 6)
        beyond = change != 0 and abs(change) >= threshold
        state = (State.GAINED if change > 0 else State.LOST) if beyond else State.SAME
        was = Was(one.path, one.line) if one.path != two.path else None
    elif two:
        state = State.NOT_KNOWN if stands[0](two) else State.NEW
    else:
        state = State.NOT_KNOWN if stands[1](row) else State.DELETED
    return Function(state, row.package, row.name, row.path, row.line, then, now, change, was)


def _pairs(before: Sequence[Row], after: Sequence[Row], renamed: Mapping[str, str]) -> Iterator[tuple[Row | None, Row | None]]:
    """The same function on both sides: by directory and name, of several (init) by file, then in order; else by renamed file."""
    old, new = _grouped(before), _grouped(after)
    lonely: list[Row] = []
    gone: list[Row] = []
    for key in old.keys() | new.keys():
        ones, twos = list(old.get(key, ())), list(new.get(key, ()))
        if len(ones) > 1 or len(twos) > 1:
            for two in list(twos):
                one = next((r for r in ones if renamed.get(r.path, r.path) == two.path), None)
                if one:
                    yield one, two
                    ones.remove(one)
                    twos.remove(two)
        yield from zip(ones, twos, strict=False)
        gone += ones[len(twos) :]
        lonely += twos[len(ones) :]
    waiting: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in gone:
        waiting[renamed.get(row.path, ""), row.name].append(row)
    for row in lonely:
        found = waiting.get((row.path, row.name))
        yield (found.pop(0) if found else None), row
    yield from ((row, None) for rows in waiting.values() for row in rows)


def _grouped(rows: Iterable[Row]) -> dict[tuple[str, str], list[Row]]:
    found: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        found[row.directory, row.name].append(row)
    return found


def difference(before: Table | None, after: Table, functions: Sequence[Function], files: Iterable[Heated], threshold: float) -> Difference:
    """The whole, from the parts."""
    shown = tuple(f for f in functions if f.state is not State.SAME)
    then = before.total if before else None
    now = after.total
    change = round(now.percent - then.percent, 6) if then and then.statements and now.statements else None
    return Difference(
        threshold,
        Total(measure(then) if then else None, measure(now), change),
        _diff([_file(f) for f in files]),
        shown,
        len(functions) - len(shown),
        tuple(_packages(before, after)),
    )


def _file(heated: Heated) -> File:
    lines, uncovered = heated.count(*_CHANGED), heated.count(Heat.UNCOVERED)
    return File(
        heated.path, heated.was, heated.generated, lines, lines - uncovered,
        heated.ranges(Heat.UNCOVERED), heated.ranges(Heat.PARTLY), heated.ranges(Heat.LOST), heated.ranges(Heat.GAINED),
    )  # fmt: skip


def _diff(files: Sequence[File]) -> Diff:
    lines, covered = (sum(getattr(f, name) for f in files if not f.generated) for name in ("lines", "covered"))
    return Diff(lines, covered, round(100.0 * covered / lines, 3) if lines else None, tuple(sorted(files, key=lambda f: f.path)))


def _packages(before: Table | None, after: Table) -> Iterator[Package]:
    """By directory, so that a module may change its path."""
    sides = [_by_directory(t) for t in (before or Table(), after)]
    for directory in sorted(sides[0].keys() | sides[1].keys()):
        one, two = (side.get(directory) for side in sides)
        then, now = (measure(total(r.share for r in rows)) if rows else None for rows in (one, two))
        yield Package((two or one or [])[0].package, then, now)


def _by_directory(table: Table) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in table.rows:
        found[row.directory].append(row)
    return found


def measure(share: Share) -> Measure:
    """A share as it is shown."""
    return Measure(share.covered, share.statements, round(share.percent, 3))
