"""The result for a tired person: what will break, the lines that prove it, what to do; the summary last, on one screen."""

from __future__ import annotations

from collections.abc import Iterable

from steadygo.findings import Finding
from steadygo.report.escaping import clean, clean_lines
from steadygo.report.grouping import by_chapter, by_service, counted, said, tally
from steadygo.report.readiness import table
from steadygo.report.source import shown
from steadygo.report.terminal import SIGNS, Look, cells, fit, pad
from steadygo.scan.result import QUESTIONS, REPOSITORY, ScanResult, Source, confidence_of, severity_of

_SHOWN_IN_FULL = 3  # findings of one rule in one chapter of one service; further ones take a line each
_MOST_LINES = 12  # of those
_MOST_LISTED = 8  # of what is not known, and of stale entries
_PLACE_WIDTH = 36


def render(result: ScanResult, source: Source, look: Look = Look()) -> str:  # noqa: B008 - frozen
    """All findings, then what is not known and stale, then the summary with the readiness table."""
    lines: list[str] = []
    mains = {s.name: s.main for s in result.services}
    for service, findings in by_service(result):
        lines += _heading(service, mains.get(service), findings, look)
        for chapter, found in by_chapter(findings):
            question = QUESTIONS.get(chapter, "")
            lines += ["", f"  {look.style(clean(chapter), 'bold')}  {look.style(question, 'dim')}".rstrip()]
            lines += _chapter(found, source, look)
        lines.append("")
    lines += _listed("Not known", [(n.at.path, n.at.line, n.message) for n in result.not_known], look)
    lines += _listed("Stale", [(s.at.path, s.at.line, f"{s.rule}: {s.message}") for s in result.stale], look)
    return "\n".join([*lines, *_summary(result, look)]) + "\n"


def _heading(service: str, main: str | None, findings: list[Finding], look: Look) -> list[str]:
    name = clean(service) or REPOSITORY
    where = f"  {clean(main) or '.'}" if main is not None and service else ""
    counts = said(tally(findings))
    return [f"{look.style(name, 'bold')}{look.style(where, 'dim')}  {counts}", look.style("─" * min(look.width, 100), "dim")]


def _chapter(found: list[Finding], source: Source, look: Look) -> Iterable[str]:
    times: dict[str, int] = {}
    for finding in found:
        times[finding.rule] = times.get(finding.rule, 0) + 1
        if times[finding.rule] <= _SHOWN_IN_FULL:
            yield from _finding(finding, source, look)
    for rule, count in times.items():
        if count > _SHOWN_IN_FULL:
            yield ""
            yield f"    {count - _SHOWN_IN_FULL} more of {look.style(clean(rule), 'bold')}:"
            further = [f for f in found if f.rule == rule][_SHOWN_IN_FULL:]
            for finding in further[:_MOST_LINES]:
                place = f"{clean(finding.at.path)}:{finding.at.line}"
                yield fit(f"      {place}  {clean(finding.message)}", look.width)
            if len(further) > _MOST_LINES:
                yield f"      and {len(further) - _MOST_LINES:,} more: --format json or html lists all"


def _finding(finding: Finding, source: Source, look: Look) -> Iterable[str]:
    severity, confidence = severity_of(finding), confidence_of(finding)
    word = f"{SIGNS[severity]} {severity.upper()}"
    message = [line for line in clean_lines(finding.message) if line] or [""]
    yield ""
    indent = " " * 4
    hang = indent + " " * (cells(word) + 2)
    sure = "" if confidence == "certain" else f" ({confidence})"
    text = " ".join(message) + sure
    yield from look.wrap(text, f"{indent}{look.graded(word, severity)}  ", hang)
    yield f"{hang}{look.style(clean(finding.rule), 'dim')}"
    places = [(finding.at.path, finding.at.line, ""), *((b.path, b.line, b.note) for b in finding.because)]
    names = [f"{clean(path)}:{line}" for path, line, _ in places]
    width = min(_PLACE_WIDTH, look.width // 2, max(cells(n) for n in names))
    for name, (path, line, note) in zip(names, places, strict=True):
        yield from _place(name, width, shown(source, path, line), note, look)
    for n, advice in enumerate(clean_lines(finding.fix) if finding.fix else []):
        yield from look.wrap(advice, f"      {look.style('fix', 'bold', 'green')}  " if n == 0 else " " * 11, " " * 11)


def _place(name: str, width: int, code: str | None, note: str, look: Look) -> Iterable[str]:
    """`path:line │ code`, and below it what that line proves."""
    bar = look.style("│", "dim")
    front = " " * (6 + width)
    if cells(name) > width:
        yield f"      {look.style(name, 'cyan')}"
        name = ""
    if code is not None:
        text = fit(code, max(20, look.width - cells(front) - 3))
        yield f"      {look.style(pad(name, width), 'cyan')} {bar} {text}"
        name = ""
    for number, line in enumerate(clean_lines(note) if note else []):
        lead = look.style(pad(name, width), "cyan") if number == 0 else " " * width
        yield from look.wrap(line, f"      {lead} {bar} {look.style('└', 'dim')} ", f"{front} {bar}   ")
        name = ""
    if name:
        yield f"      {look.style(name, 'cyan')}"


def _listed(title: str, entries: list[tuple[str, int, str]], look: Look) -> list[str]:
    if not entries:
        return []
    unique = list(dict.fromkeys(entries))
    lines = [look.style(title, "bold")]
    for path, line, message in unique[:_MOST_LISTED]:
        lines += look.wrap(f"{clean(path)}:{line}  {clean(message)}", "  ", "    ")
    if len(unique) > _MOST_LISTED:
        lines.append(look.style(f"  and {len(unique) - _MOST_LISTED:,} more: --format json lists all", "dim"))
    return [*lines, ""]


def _summary(result: ScanResult, look: Look) -> list[str]:
    """At most one screen: numbers, the next command, the table."""
    read = f"{counted(result.counts.files, 'file')}, {counted(result.counts.lines, 'line')} read in {result.counts.seconds:.1f} s"
    services = counted(len(result.shown_services), "service")
    if result.findings:
        counts = ", ".join(f"{SIGNS[s]} {said({s: n})}" for s, n in tally(result.findings).items())
        lines = look.wrap(f"{counted(len(result.findings), 'finding')} in {services}: {counts}", "", "  ")
    else:
        none = "Nothing found, but no service was recognised either: `steadygo services` says why."
        lines = [f"Nothing found in {services}."] if result.shown_services else look.wrap(none, "", "  ")
    lines = [look.style(line, "bold") for line in lines]
    asides = [
        f"{len(result.suppressed):,} suppressed" if result.suppressed else "",
        f"{len(result.not_known):,} not known" if result.not_known else "",
        f"{len(result.stale):,} stale" if result.stale else "",
    ]
    lines += [look.style(line, "dim") for line in look.wrap(" · ".join(filter(None, [read, *asides])), "", "  ")]
    if result.findings:
        worst = by_chapter(by_service(result)[0][1])[0][1][0]
        lines += look.wrap(f"`steadygo explain {clean(worst.rule)}` says why a rule matters and how to mend it.", "", "  ")
    return [*lines, "", *table(result, look)]
