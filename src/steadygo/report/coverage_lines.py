"""Lines of a file around what changed, in its code or in its coverage, as rows of an HTML table. The rest is folded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

from steadygo.facts.secrets import without_secrets
from steadygo.report.escaping import clean
from steadygo.testing.coverage.lines import Heat, Heated, Hits
from steadygo.tools.git_diff import Hunk

SIGNS = {
    Heat.UNCOVERED: ("u", "✗", "no test runs it"),
    Heat.PARTLY: ("p", "◐", "runs in part"),
    Heat.COVERED: ("c", "✓", "runs"),
    Heat.LOST: ("l", "▼", "ran at the base, runs no more"),
    Heat.GAINED: ("g", "▲", "runs now"),
    Heat.NEVER: ("n", "○", "did not run and does not run"),
    Heat.SAME: ("s", "", ""),
}
_SPOKEN = (Heat.UNCOVERED, Heat.PARTLY, Heat.LOST, Heat.GAINED)
_BAD = (Heat.UNCOVERED, Heat.PARTLY, Heat.LOST)
_CONTEXT = 3  # lines shown around what changed
_MOST_ROWS = 600  # of one file; of a longer difference only what no test runs is shown
_LONGEST = 240  # characters of a line


@dataclass(frozen=True)
class Lines:
    """A file with its text, here and at the base."""

    heated: Heated
    text: bytes
    before: bytes
    hunks: Sequence[Hunk]


def bad_ranges(lines: Lines) -> list[tuple[tuple[int, int], Heat]]:
    """Where to look, in order: changed lines that do not run, or only in part, and lines that run no more."""
    return sorted((span, heat) for heat in _BAD for span in lines.heated.ranges(heat))


def rows(lines: Lines, number: int, *, counted: bool) -> Iterator[str]:
    """The rows of the file with this `number` on the page. `counted`: the profile counts, so that numbers mean something."""
    text = lines.text.decode("utf-8", "replace").split("\n")
    old = lines.before.decode("utf-8", "replace").split("\n")
    if not text[-1]:
        text.pop()  # what stands behind the last line end
    removed = {h.first: range(h.was_first, h.was_first + h.was_many) for h in lines.hunks if h.was_many and lines.before}
    shown = _shown(lines, max(len(text), *removed, 0), removed)
    if len(shown) > _MOST_ROWS:
        shown, removed = _around({n for n, heat in lines.heated.heat.items() if heat in _BAD}, len(text), 1)[:_MOST_ROWS], {}
    anchors = {span[0]: heat for span, heat in bad_ranges(lines)}
    width = 4 if counted else 3
    last = 0
    for at in shown:
        if at > last + 1:
            yield f'<tr class="fold"><td colspan="{width}">⋯ {_many(at - last - 1)}'
        for gone in removed.get(at, ()):
            if gone <= len(old):
                yield f'<tr class="r"><td><td>−{"<td>" if counted else ""}<td>{_code(old, gone)}'
        last = at
        if at <= len(text):
            yield _row(lines.heated, text, at, f"l{number}-{at}" if at in anchors else "", counted)
    if last < len(text):
        yield f'<tr class="fold"><td colspan="{width}">⋯ {_many(len(text) - last)}'


def _shown(lines: Lines, total: int, removed: Iterable[int]) -> list[int]:
    """Numbers of the lines to show, in order."""
    heated = lines.heated
    touched = {*heated.changed, *removed, *(n for n, heat in heated.heat.items() if heat in (Heat.LOST, Heat.GAINED))}
    return _around(touched, total, _CONTEXT)


def _around(touched: Iterable[int], total: int, context: int) -> list[int]:
    found: set[int] = set()
    for line in touched:
        found.update(range(max(1, line - context), min(total, line + context) + 1))
    return sorted(found)


def _row(heated: Heated, text: Sequence[str], at: int, anchor: str, counted: bool) -> str:
    heat, hits = heated.heat.get(at), heated.hits.get(at)
    plus = "+" if at in heated.changed else " "
    style, sign, said = SIGNS[heat] if heat else ("x" if plus == "+" else "", "", "")
    spoken = f'<span class="sr"> {said} </span>' if heat in _SPOKEN else ""
    mark = f' id="{anchor}" tabindex="-1"' if anchor else ""
    ran = f'<td class="h{_level(hits)}">{_times(hits)}' if counted else ""
    return f'<tr class="{style}"{mark}><td>{at}<td>{plus}{sign}{spoken}{ran}<td>{_code(text, at)}'


def _level(hits: Hits | None) -> int:
    """0 to 5, by the number of digits: the scale is logarithmic."""
    return min(5, len(str(hits.most))) if hits and hits.most else 0


def _times(hits: Hits | None) -> str:
    if hits is None:
        return ""
    for size, unit in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if hits.most >= 10 * size:
            return f"{hits.most // size}{unit}×"
    return f"{hits.most}×"


def _code(text: Sequence[str], at: int) -> str:
    line = text[at - 1].rstrip("\r").replace("\t", "    ")[: 4 * _LONGEST]
    safe = clean(without_secrets(line, code=True, above=text[at - 2][: 4 * _LONGEST] if at > 1 else ""))
    return escape(safe if len(safe) <= _LONGEST else safe[: _LONGEST - 1] + "…", quote=False)


def _many(count: int) -> str:
    return f"{count} line{'s' if count > 1 else ''}"
