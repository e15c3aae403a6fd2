"""The difference of coverage as one HTML file that fetches nothing: bars and a map of functions first, then lists, then lines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from steadygo.report.coverage_lines import SIGNS, Lines, bad_ranges, rows
from steadygo.report.grouping import counted
from steadygo.report.page import document, safe
from steadygo.testing.coverage.difference import Difference, Function, Measure, State
from steadygo.testing.coverage.lines import Heat

_MOST_BYTES = 1_900_000  # characters may take more bytes, and the frame some: the page stays below 2 MB
_MAP_BYTES = 500_000  # of the map
_MOST_MAPPED = 40  # files drawn before the fold
_MOST_FILES = 1500
_MOST_OPEN = 12  # files whose lines are open
_MOST_LISTED = 300  # functions
_MOST_JUMPS = 60  # links to places of one file
_MARKS = {
    State.LOST: ("lost", "✗", "lost coverage"),
    State.GAINED: ("gained", "✓", "gained coverage"),
    State.NEW: ("new", "+", "new"),
    State.DELETED: ("deleted", "−", "deleted"),
    State.NOT_KNOWN: ("unknown", "?", "not known on one side"),
    State.SAME: ("same", "", "unchanged"),
}
_CHANGED = (Heat.COVERED, Heat.PARTLY, Heat.UNCOVERED)


@dataclass(frozen=True)
class Page:
    """What the page shows. `functions` has those that are the same, too; `base` and `here` are sentences; `counts`: lines have counts."""

    name: str
    base: str
    here: str
    difference: Difference
    functions: Sequence[Function]
    files: Sequence[Lines]
    not_known: Sequence[str]
    counts: bool
    version: str


@dataclass(frozen=True)
class _File:
    """A file with its number on the page."""

    number: int
    lines: Lines
    functions: Sequence[Function]

    @property
    def path(self) -> str:
        return self.lines.heated.path


def render(page: Page) -> str:
    """The whole document."""
    files = _files(page)
    above = [
        '<a class="skip" href="#lines">Skip to the lines</a>',
        *_header(page),
        "<main>",
        *_bars(page),
        *_map(files),
        *_listed(page, {f.path: f.number for f in files}),
    ]
    below = [*_unknown(page), "</main>", f"<footer>steadygo {safe(page.version)}</footer>"]
    body = [*above, *_lines(files, page.counts, _MOST_BYTES - _bytes([*above, *below])), *below]
    return document(f"{page.name}: coverage", body, ["page.css", "coverage.css"], "coverage.js")


def _files(page: Page) -> list[_File]:
    """Those with most to look at first."""
    by_path: dict[str, list[Function]] = defaultdict(list)
    for function in page.functions:
        if function.after and function.after.statements:
            by_path[function.path].append(function)

    def weight(lines: Lines) -> tuple[bool, int, int, str]:
        heated = lines.heated
        return heated.generated, -heated.count(Heat.UNCOVERED, Heat.LOST), -heated.count(Heat.PARTLY, Heat.GAINED), heated.path

    ordered = sorted(page.files, key=weight)
    return [_File(n, f, sorted(by_path[f.heated.path], key=lambda g: g.line)) for n, f in enumerate(ordered, 1)]


def _header(page: Page) -> Iterator[str]:
    diff = page.difference.diff
    if diff.percent is None:
        head = "No changed line holds code that can run"
    elif diff.covered == diff.lines:
        head = "Tests run every changed line" if diff.lines > 1 else "Tests run the one changed line"
    else:
        head = f"No test runs {diff.lines - diff.covered} of {counted(diff.lines, 'changed line')}"
    yield f'<header><p class="of">{safe(page.name)} · {safe(page.here)} · against {safe(page.base)}</p><h1>{head}</h1>'
    yield '<ul class="tally">'
    for state in (State.LOST, State.GAINED, State.NEW, State.DELETED):
        number = sum(f.state is state for f in page.difference.functions)
        if number:
            style, sign, word = _MARKS[state]
            yield f'<li><span class="grade {style}">{sign} {counted(number, "function")} {word}</span></li>'
    yield "</ul></header>"


def _bars(page: Page) -> Iterator[str]:
    """Before, after and the changed lines, as bars of the same length."""
    total, diff = page.difference.total, page.difference.diff
    yield '<section class="card bars" aria-label="Totals">'
    for name, measure in (("before", total.before), ("now", total.after)):
        if measure:
            parts = [("ran", measure.covered), ("not", measure.statements - measure.covered)]
            text = f"<b>{measure.percent:.1f} %</b> {measure.covered:,} of {counted(measure.statements, 'statement')}"
            yield _bar(name, parts, text if measure.statements else "nothing to run")
    if diff.lines:
        partly = sum(f.heated.count(Heat.PARTLY) for f in page.files if not f.heated.generated)
        parts = [("c", diff.covered - partly), ("p", partly), ("u", diff.lines - diff.covered)]
        also = f", {partly} of them in part" if partly else ""
        yield _bar("changed lines", parts, f"<b>{diff.percent:.1f} %</b> {diff.covered:,} of {diff.lines:,} run{also}")
    yield "</section>"


def _bar(name: str, parts: Sequence[tuple[str, int]], text: str) -> str:
    whole = sum(n for _, n in parts) or 1
    at, drawn = 0.0, []
    for style, number in parts:
        share = 100 * number / whole
        if number:
            drawn.append(f'<rect class="{style}" x="{at:.2f}%" y="0" width="{share:.2f}%" height="22"/>')
        at += share
    picture = f'<svg class="bar" width="100%" height="22" aria-hidden="true">{"".join(drawn)}</svg>'
    return f'<div class="row"><span class="label">{name}</span>{picture}<span class="said">{text}</span></div>'


def _map(files: Sequence[_File]) -> Iterator[str]:
    """A strip for each file, a box for each function: as wide as it has statements, filled as far as they run."""
    drawn = [f for f in files if f.functions]
    if not drawn:
        return
    largest = max(_weight(f.functions) for f in drawn)
    yield '<section aria-labelledby="map"><h2 class="whole" id="map">Where to look</h2><div class="card map">'
    yield '<p class="small">A strip is a file, a box a function: as wide as it is long, filled as high as tests run it.</p>'
    strips, room = list[str](), _MAP_BYTES
    for file in drawn:
        strip = _strip(file, largest)
        room -= len(strip)
        if room >= 0:
            strips.append(strip)
    yield from strips[:_MOST_MAPPED]
    if strips[_MOST_MAPPED:]:
        yield f"<details><summary>{counted(len(strips) - _MOST_MAPPED, 'more file')}</summary>{''.join(strips[_MOST_MAPPED:])}</details>"
    if len(drawn) > len(strips):
        yield f'<p class="small">{counted(len(drawn) - len(strips), "file")} with less to look at or very many functions: not drawn.</p>'
    legend = "".join(
        f'<span><svg width="26" height="18" aria-hidden="true">{_box(0, 26, 18, state, share)}</svg> {text}</span>'
        for state, share, text in (
            (State.LOST, 0.4, "lost coverage"),
            (State.GAINED, 0.8, "gained"),
            (State.NEW, 0.6, "new"),
            (State.SAME, 0.7, "as before"),
            (State.SAME, 0.0, "no test runs it"),
        )
    )
    yield f'<div class="legend" aria-hidden="true">{legend}</div></div></section>'


def _weight(functions: Iterable[Function]) -> float:
    return float(sum(f.after.statements if f.after else 0 for f in functions))


def _strip(file: _File, largest: float) -> str:
    whole = _weight(file.functions)
    length = 100 * max(0.08, (whole / largest) ** 0.5)
    floor = max(whole * 0.6 / length, 0.0001)  # a box of less than 0.6 % of the strip could not be met with a pointer
    weights = [max(float(f.after.statements if f.after else 0), floor) for f in file.functions]
    scale, at, boxes = length / sum(weights), 0.0, []
    for function, weight in zip(file.functions, weights, strict=True):
        share = function.after.covered / function.after.statements if function.after else 0.0
        label = safe(f"{function.function}, line {function.line}: {_MARKS[function.state][2]}, {_shares(function)}")
        inside = _box(at, weight * scale, 28, function.state, share, percent=True)
        titled = f"<title>{label}</title>{inside}"
        link = function.state in (State.LOST, State.GAINED, State.NEW)
        boxes.append(f'<a href="#{_anchor(function)}">{titled}</a>' if link else f"<g>{titled}</g>")
        at += weight * scale
    name = safe(file.path)
    return (
        f'<div class="row"><a class="label" href="#f{file.number}" title="{name}">{_tail(file.path)}</a>'
        f'<svg class="strip" width="100%" height="28" role="group" aria-label="{name}">{"".join(boxes)}</svg></div>'
    )


def _box(x: float, width: float, height: int, state: State, share: float, *, percent: bool = False) -> str:
    """A frame, its filling, and the sign of what became of it where there is room."""
    unit = "%" if percent else ""
    style, sign, _ = _MARKS[state]
    filled = round((height - 2) * share, 1)
    frame = f'<rect class="frame {style}" x="{x:.2f}{unit}" y="1" width="{width:.2f}{unit}" height="{height - 2}"/>'
    fill = f'<rect class="fill {style}" x="{x:.2f}{unit}" y="{height - 1 - filled}" width="{width:.2f}{unit}" height="{filled}"/>'
    wide = width > (2.4 if percent else 12)
    text = f'<text class="{style}" x="{x + width / 2:.2f}{unit}" y="{height / 2 + 5:.0f}" text-anchor="middle">{sign}</text>'
    return frame + (fill if filled else "") + (text if sign and wide else "")


def _listed(page: Page, numbers: Mapping[str, int]) -> Iterator[str]:
    functions = [f for f in page.difference.functions if f.state is not State.NOT_KNOWN]
    if not functions:
        return
    yield '<section aria-labelledby="functions"><h2 class="whole" id="functions">Functions</h2><div class="card">'
    yield '<div class="scroll" tabindex="0" role="region" aria-labelledby="functions"><table class="functions">'
    yield "<thead><tr><th>Function</th><th>Before</th><th>Now</th>"
    yield "<th>Points</th><th>Place</th></tr></thead><tbody>"
    for function in functions[:_MOST_LISTED]:
        style, sign, word = _MARKS[function.state]
        number = numbers.get(function.path)
        place = f"{safe(function.path)}:{function.line}"
        link = f'<a href="#f{number}">{place}</a>' if number and function.state is not State.DELETED else place
        moved = f'<br><span class="small">was {safe(function.was.path)}:{function.was.line}</span>' if function.was else ""
        points = "" if function.change is None else f"{function.change:+.1f}".replace("-", "−")
        name = f'<span class="grade {style}">{sign} {word.split()[0]}</span> {safe(function.function)}'
        yield f'<tr id="{_anchor(function)}" tabindex="-1"><td>{name}</td>'
        yield f"<td>{_percent(function.before)}</td><td>{_percent(function.after)}</td><td>{points}</td><td>{link}{moved}</td></tr>"
    yield "</tbody></table></div>"
    if len(functions) > _MOST_LISTED:
        yield f'<p class="small">and {counted(len(functions) - _MOST_LISTED, "more function")}; --json has all.</p>'
    yield "</div></section>"


def _lines(files: Sequence[_File], counts: bool, room: int) -> Iterator[str]:
    if not files:
        return
    yield '<section aria-labelledby="lines"><h2 class="whole" id="lines" tabindex="-1">Lines</h2>'
    keys = "".join(
        f'<span class="key {style}"><b>{"+" if heat in _CHANGED else ""}{sign}</b> {"changed, " if heat in _CHANGED else ""}{said}</span>'
        for heat, (style, sign, said) in SIGNS.items()
        if sign
    )
    yield f'<div class="legend keys">{keys}<span id="steer" hidden><kbd>n</kbd> next, <kbd>p</kbd> previous place to look at</span></div>'
    heads = [_head(file) for file in files[:_MOST_FILES]]
    room -= _bytes(heads)
    for file, head in zip(files, heads, strict=False):
        body = "\n".join(_body(file, counts))
        if _bytes([body]) > room:
            body = '<p class="small">Left out: the page would grow beyond 2 MB.</p>'
        room -= _bytes([body])
        opened = " open" if file.number <= _MOST_OPEN else ""
        yield f'<details class="card file" id="f{file.number}"{opened}>{head}{body}</details>'
    if len(files) > _MOST_FILES:
        yield f'<p class="small">and {counted(len(files) - _MOST_FILES, "more file")}; --json has all.</p>'
    yield "</section>"


def _head(file: _File) -> str:
    heated = file.lines.heated
    lines, uncovered, lost = heated.count(*_CHANGED), heated.count(Heat.UNCOVERED), heated.count(Heat.LOST)
    said = [f"{lines - uncovered} of {counted(lines, 'changed line')} run" if lines else "no changed line that can run"]
    said += [f"{counted(lost, 'unchanged line')} run no more" if lost > 1 else "1 unchanged line runs no more"] if lost else []
    said += ["generated, not counted"] if heated.generated else []
    sign = '<span class="grade lost">✗</span> ' if uncovered or lost else ""
    was = f' <span class="small">was {safe(heated.was)}</span>' if heated.was else ""
    return f'<summary>{sign}<b>{safe(heated.path)}</b>{was}<span class="small">{", ".join(said)}</span></summary>'


def _body(file: _File, counts: bool) -> Iterator[str]:
    table = "\n".join(rows(file.lines, file.number, counted=counts))
    bad = bad_ranges(file.lines)
    if bad:
        links = []
        for (first, last), heat in bad[:_MOST_JUMPS]:
            _, mark, word = SIGNS[heat]
            span = str(first) if first == last else f"{first}–{last}"
            there = f'id="l{file.number}-{first}"' in table
            text = f'<span aria-hidden="true">{mark}</span> {span}<span class="sr"> {word}</span>'
            links.append(f'<a href="#l{file.number}-{first}">{text}</a>' if there else f"<span>{text}</span>")
        more = f"<span>and {len(bad) - _MOST_JUMPS} more</span>" if len(bad) > _MOST_JUMPS else ""
        yield f'<p class="jump">{" ".join(links)} {more}</p>'
    hits, column = ('<th scope="col">Ran</th>', '<col class="ran">') if counts else ("", "")
    yield f'<table class="code"><colgroup><col class="no"><col class="sign">{column}<col></colgroup>'
    yield '<thead class="sr"><tr><th scope="col">Line</th><th scope="col">State</th>'
    yield f'{hits}<th scope="col">Code</th></tr></thead><tbody>{table}</tbody></table>'


def _unknown(page: Page) -> Iterator[str]:
    if page.not_known:
        yield '<section><h2 class="whole">Not known</h2><div class="card"><ul class="plain">'
        yield from (f"<li>{safe(sentence)}</li>" for sentence in page.not_known)
        yield "</ul></div></section>"


def _anchor(function: Function) -> str:
    """Paths and names may hold what an id may not; lines tell functions of one file apart."""
    return "fn-" + escape("".join(c if c.isalnum() and c.isascii() else f"_{ord(c):x}" for c in f"{function.path}:{function.line}"))


def _percent(measure: Measure | None) -> str:
    return "" if measure is None else f"{measure.percent:.1f} %" if measure.statements else "–"


def _shares(function: Function) -> str:
    return " → ".join(_percent(m) for m in (function.before, function.after) if m)


def _tail(path: str) -> str:
    """The end of a path says most."""
    return safe(path if len(path) <= 44 else "…" + path[-43:])


def _bytes(parts: Iterable[str]) -> int:
    return sum(len(part.encode("utf-8", "replace")) + 1 for part in parts)
