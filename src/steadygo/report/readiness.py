"""The readiness table as text: services × chapters, folded until it fits one screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from steadygo.findings import Verdict
from steadygo.report.escaping import clean
from steadygo.report.grouping import judged
from steadygo.report.terminal import MARKS, Look, cells, fit, pad
from steadygo.scan.result import CHAPTERS, ScanResult

LEGEND = "✗ fail   ? not known   ✓ pass   – not applicable"

_MOST_ROWS = 13  # with head, legend and summary this is one screen of 24 lines
_CELL = 4
_HEAD_ROWS = 4  # names of chapters take turns on these lines, so each has 4 × 4 columns
_LONGEST_NAME = 28
_VERDICTS = tuple(Verdict)  # worst first; not applicable gives way to everything


@dataclass(frozen=True)
class Row:
    """One service, or several that are shown as one."""

    names: tuple[str, ...]
    verdicts: tuple[Verdict, ...]
    label: str


def table(result: ScanResult, look: Look) -> list[str]:
    """The lines of the table; none when there is no service."""
    rows = rows_of(result)
    if not rows:
        return []
    name_width = min(_LONGEST_NAME, max(cells(row.label) for row in rows))
    if name_width + 2 + _CELL * len(CHAPTERS) <= look.width and len(rows) <= _MOST_ROWS:
        return [*_as_rows(rows, name_width, look), look.style(LEGEND, "dim")]
    columns = _as_columns(rows, look)
    if columns is not None:
        return [*columns, look.style(LEGEND, "dim") if look.width >= cells(LEGEND) else ""]
    return [line for row in rows for line in _in_words(row, look)]


def rows_of(result: ScanResult) -> list[Row]:
    """Services worst first. Services alike share a row; too many are folded, those without a failure first."""
    alike: dict[tuple[Verdict, ...], list[str]] = {}
    for name in judged(result):
        alike.setdefault(tuple(result.verdict(name, c) for c in CHAPTERS), []).append(name)
    rows = [Row(tuple(names), verdicts, _label(names)) for verdicts, names in alike.items()]
    if len(rows) > _MOST_ROWS:
        rows = _fold(
            [r for r in rows if Verdict.FAIL in r.verdicts], [r for r in rows if Verdict.FAIL not in r.verdicts], "nothing found in"
        )
    if len(rows) > _MOST_ROWS:
        rows = _fold(rows[: _MOST_ROWS - 1], rows[_MOST_ROWS - 1 :], "worst of")
    return rows


def _fold(kept: list[Row], folded: list[Row], words: str) -> list[Row]:
    """`kept` and one row for all of `folded` with the worst verdict of each chapter."""
    if not folded:
        return kept
    names = tuple(name for row in folded for name in row.names)
    verdicts = tuple(min(column, key=_VERDICTS.index) for column in zip(*(r.verdicts for r in folded), strict=True))
    return [*kept, Row(names, verdicts, f"({words} {len(names)} {'more' if kept else 'services'})")]


def _label(names: Sequence[str]) -> str:
    shown = [clean(n) for n in names]
    whole = ", ".join(shown)
    return whole if len(shown) == 1 or cells(whole) <= _LONGEST_NAME else f"{fit(shown[0], 18)} +{len(shown) - 1} alike"


def _as_rows(rows: list[Row], name_width: int, look: Look) -> list[str]:
    lines = []
    for turn in range(_HEAD_ROWS):
        line = " " * (name_width + 2)
        for n, chapter in enumerate(CHAPTERS):
            if n % _HEAD_ROWS == turn:
                line += pad(chapter, _CELL * _HEAD_ROWS) if n + _HEAD_ROWS < len(CHAPTERS) else chapter
            elif n < turn:
                line += pad("╷", _CELL)
        lines.append(_with_ticks(line, turn, name_width + 2))
    for row in rows:
        cells_ = "".join(look.graded(MARKS[v], v) + " " * (_CELL - 1) for v in row.verdicts)
        lines.append(f"{pad(row.label, name_width)}  {cells_}".rstrip())
    return [line.rstrip() for line in lines]


def _with_ticks(line: str, turn: int, indent: int) -> str:
    """Lead the eye from the names of the lines above down to their columns."""
    characters = list(line.ljust(indent + _CELL * len(CHAPTERS)))
    for n in range(len(CHAPTERS)):
        column = indent + n * _CELL
        if n % _HEAD_ROWS < turn and characters[column] == " ":
            characters[column] = "╷"
    return "".join(characters)


def _as_columns(rows: list[Row], look: Look) -> list[str] | None:
    """Chapters down, services across, for narrow terminals; None when that does not fit either."""
    first = max(cells(c) for c in CHAPTERS) + 2
    longest = min(_LONGEST_NAME, max(cells(r.label) for r in rows))
    width = min(longest, (look.width - first) // len(rows) - 2)
    if width < min(longest, 10):
        return None
    lines = [" " * first + "  ".join(pad(r.label, width) for r in rows)]
    for n, chapter in enumerate(CHAPTERS):
        marks = "  ".join(look.graded(MARKS[r.verdicts[n]], r.verdicts[n]) + " " * (width - 1) for r in rows)
        lines.append(pad(chapter, first) + marks)
    return [line.rstrip() for line in lines]


def _in_words(row: Row, look: Look) -> list[str]:
    """One paragraph for a service: what fails and what is not known by name, the rest as numbers."""
    lines = [look.style(fit(row.label, look.width), "bold")]
    for verdict in (Verdict.FAIL, Verdict.NOT_KNOWN):
        chapters = [c for c, v in zip(CHAPTERS, row.verdicts, strict=True) if v is verdict]
        if chapters:
            lines += look.wrap(", ".join(chapters), f"  {look.graded(MARKS[verdict], verdict)} ", "    ")
    passed, none = (row.verdicts.count(v) for v in (Verdict.PASS, Verdict.NOT_APPLICABLE))
    return [*lines, f"  ✓ {passed} pass   – {none} not applicable"]
