"""The result as one HTML file that fetches nothing: the picture of each service first, then readiness, then every finding."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from html import escape
from itertools import groupby

from steadygo.findings import Finding, Severity, Verdict
from steadygo.report import svg
from steadygo.report.escaping import clean, clean_lines
from steadygo.report.grouping import by_chapter, by_service, counted, judged, said, tally
from steadygo.report.page import document, safe
from steadygo.report.picture import TITLES, Picture, picture_of
from steadygo.report.source import shown
from steadygo.report.terminal import MARKS, SIGNS
from steadygo.scan.result import CHAPTERS, QUESTIONS, REPOSITORY, ScannedService, ScanResult, Source, confidence_of, severity_of

_CLASSES = {Verdict.FAIL: "fail", Verdict.NOT_KNOWN: "unknown", Verdict.PASS: "pass", Verdict.NOT_APPLICABLE: "na"}
_MOST_SHOWN = 5  # findings of one rule in one chapter of one service
_MOST_OPEN = 3  # services without a finding that are drawn without being asked for

Numbered = list[tuple[int, Finding]]


def render(result: ScanResult, source: Source) -> str:
    """The whole document."""
    groups = _numbered(result)
    body = [
        '<a class="skip" href="#findings">Skip to the findings</a>',
        *_header(result),
        "<main>",
        *_pictures(result, dict(groups)),
        *_readiness(result, dict(groups)),
        *_findings(result, groups, source),
        *_lists(result),
        "</main>",
        f"<footer>{safe(_read(result))} · steadygo {safe(result.version)}</footer>",
    ]
    return document(f"{result.name}: steadygo scan", body, ["page.css"], "page.js")


def _numbered(result: ScanResult) -> list[tuple[str, Numbered]]:
    """Findings of each service, numbered through in the order in which the page lists them."""
    groups: list[tuple[str, Numbered]] = []
    number = 0
    for service, findings in by_service(result):
        numbered: Numbered = []
        for _, found in by_chapter(findings):
            for finding in found:
                number += 1
                numbered.append((number, finding))
        groups.append((service, numbered))
    return groups


def _safe_lines(text: str) -> str:
    return "<br>".join(escape(line, quote=True) for line in clean_lines(text))


def _read(result: ScanResult) -> str:
    counts = result.counts
    return f"{counted(counts.files, 'file')}, {counted(counts.lines, 'line')} read in {counts.seconds:.1f} s"


def _tally(counts: Mapping[Severity, int]) -> str:
    if not counts:
        return ""
    items = (f'<li class="{s}"><span class="grade">{SIGNS[s]} {said({s: n})}</span></li>' for s, n in counts.items())
    return f'<ul class="tally">{"".join(items)}</ul>'


def _header(result: ScanResult) -> Iterable[str]:
    counts = tally(result.findings)
    failing = len({f.service for f in result.findings if f.service})
    services = counted(len(result.shown_services), "service")
    if Severity.OUTAGE in counts:
        n = counts[Severity.OUTAGE]
        headline = f"{counted(n, 'outage')} {'waits' if n == 1 else 'wait'} to happen"
    elif counts:
        headline = "No outage found, but not steady yet"
    else:
        headline = "Nothing found" if result.shown_services else "No service was recognised"
    scope = (
        f" in {failing} of {services}"
        if result.findings and len(result.shown_services) > 1 and failing
        else f" in {services}"
        if result.shown_services
        else ""
    )
    yield f'<header><p class="of">{safe(result.name)} · {services}</p>'
    yield f"<h1>{headline}{scope}</h1>{_tally(counts)}</header>"


def _pictures(result: ScanResult, numbered: Mapping[str, Numbered]) -> Iterable[str]:
    yield '<section aria-label="The picture">'
    order = {name: n for n, name in enumerate(numbered)}
    services = sorted(result.shown_services, key=lambda s: (order.get(s.name, len(order)), s.tool, s.name))
    broken = [s for s in services if s.name in numbered]
    quiet = [s for s in services if s.name not in numbered]
    for service in broken:
        counts = tally(finding for _, finding in numbered[service.name])
        said_here = {} if counts == tally(result.findings) else counts  # the page's head says it already
        yield from _picture(service, numbered[service.name], "card service", said_here)
    if quiet:
        opened = " open" if len(quiet) <= _MOST_OPEN else ""
        yield f'<div class="card"><details class="quiet"{opened}><summary>{counted(len(quiet), "service")} without a finding</summary>'
        for service in quiet:
            yield from _picture(service, [], "service", {})
        yield "</details></div>"
    yield "</section>"


def _picture(service: ScannedService, numbered: Numbered, classes: str, counts: Mapping[Severity, int]) -> Iterable[str]:
    picture = picture_of(service, numbered)
    findings = dict(numbered)
    name = clean(service.name)
    main = f'<span class="where">{safe(service.main)}</span>' if service.main else ""
    tool = '<span class="where">a tool that does not ship</span>' if service.tool else ""
    yield f'<section class="{classes}"><div class="top"><h2>{escape(name)}</h2>{main}{tool}{_tally(counts)}</div>'
    if picture.present:
        yield svg.across(picture, findings, name)
        yield svg.down(picture, findings, name)
    yield from _as_table(picture, findings)
    yield "</section>"


def _as_table(picture: Picture, findings: Mapping[int, Finding]) -> Iterable[str]:
    """The picture for those who cannot or do not want to see it."""
    rows = [(f"{TITLES[b.left]} ↔ {TITLES[b.right]}", b.findings) for b in picture.breaks]
    rows += [(f"{TITLES[s]}: {picture.stages[s][n].label}", found) for (s, n), found in sorted(picture.own.items())]
    if picture.loose:
        rows.append(("on no drawn artefact", picture.loose))
    count = f" ({counted(len(picture.loose), 'finding')} on no drawn artefact)" if picture.loose else ""
    yield f'<details><summary>The same as a table{count}</summary><div class="scroll"><table>'
    yield "<thead><tr><th>Artefact</th><th>Place</th></tr></thead><tbody>"
    for stage, nodes in zip(TITLES, picture.stages, strict=True):
        for node in nodes:
            yield f"<tr><td>{stage}: {safe(node.label)}</td><td>{safe(node.at.path)}:{node.at.line}</td></tr>"
    yield "</tbody></table>"
    if rows:
        yield "<table><thead><tr><th>Where it breaks</th><th>Findings</th></tr></thead><tbody>"
        for where, found in rows:
            links = "".join(f"<li>{_link(n, findings[n])}</li>" for n in found)
            yield f"<tr><td>{safe(where)}</td><td><ul>{links}</ul></td></tr>"
        yield "</tbody></table>"
    yield "</div></details>"


def _link(number: int, finding: Finding) -> str:
    grade = severity_of(finding)
    return f'<span class="grade {grade}">{SIGNS[grade]} {grade}</span> <a href="#f-{number}">{safe(finding.message)}</a>'


def _readiness(result: ScanResult, numbered: Mapping[str, Numbered]) -> Iterable[str]:
    if not result.readiness:
        return
    yield '<section aria-labelledby="readiness"><h2 class="whole" id="readiness">Ready for production?</h2><div class="card">'
    yield '<div class="scroll" role="region" aria-labelledby="readiness" tabindex="0"><table class="ready"><thead><tr><td></td>'
    yield "".join(f'<th scope="col" title="{safe(QUESTIONS[c])}"><span>{c}</span></th>' for c in CHAPTERS)
    yield "</tr></thead><tbody>"
    for service in judged(result):
        first: dict[str, int] = {}
        for number, finding in numbered.get("" if service == REPOSITORY else service, ()):
            first.setdefault(finding.chapter, number)
        cells = "".join(_verdict(result.verdict(service, c), first.get(c)) for c in CHAPTERS)
        name = safe(service)
        yield f'<tr><th scope="row" title="{name}">{name}</th>{cells}</tr>'
    yield "</tbody></table></div>"
    legend = "".join(f'<span class="{_CLASSES[v]}">{MARKS[v]} {v}</span>' for v in Verdict)
    yield f'<div class="legend" aria-hidden="true">{legend}</div></div></section>'


def _verdict(verdict: Verdict, finding: int | None) -> str:
    mark = f'<span aria-hidden="true">{MARKS[verdict]}</span><span class="sr">{verdict}</span>'
    if finding is not None:
        mark = f'<a href="#f-{finding}">{mark}</a>'
    return f'<td class="{_CLASSES[verdict]}">{mark}</td>'


def _findings(result: ScanResult, groups: list[tuple[str, Numbered]], source: Source) -> Iterable[str]:
    yield '<section aria-labelledby="findings"><h2 class="whole" id="findings" tabindex="-1">Findings</h2>'
    if not groups:
        yield f'<p class="card">{"Nothing found." if result.shown_services else "`steadygo services` says what could not be joined."}</p>'
    else:
        boxes = "".join(
            f'<label><input type="checkbox" value="{s}" checked><span class="grade {s}">{SIGNS[s]} {s}</span></label>'
            for s in tally(result.findings)
        )
        search = '<label><span class="sr">Words to look for</span><input type="search" name="words" placeholder="Filter by words"></label>'
        yield f'<form id="filter" hidden>{search}{boxes}<span id="count" class="small" role="status"></span></form>'
    for service, numbered in groups:
        yield f'<div class="group"><h2>{safe(service) or REPOSITORY}</h2>'
        for chapter, found in groupby(numbered, key=lambda item: item[1].chapter):
            yield f'<div class="chapter"><h3>{safe(chapter)}<span>{escape(QUESTIONS.get(chapter, ""))}</span></h3>'
            yield from _chapter(list(found), source)
            yield "</div>"
        yield "</div>"
    yield "</section>"


def _chapter(numbered: Numbered, source: Source) -> Iterable[str]:
    """Some findings of each rule; further ones of the same rule behind a click."""
    further: dict[str, Numbered] = {}
    times: Counter[str] = Counter()
    for number, finding in numbered:
        times[finding.rule] += 1
        if times[finding.rule] <= _MOST_SHOWN:
            yield from _finding(number, finding, source)
        else:
            further.setdefault(finding.rule, []).append((number, finding))
    for rule, rest in further.items():
        yield f'<details class="more"><summary>{len(rest)} more of {safe(rule)}</summary>'
        for number, finding in rest:
            yield from _finding(number, finding, source)
        yield "</details>"


def _finding(number: int, finding: Finding, source: Source) -> Iterable[str]:
    grade, confidence = severity_of(finding), confidence_of(finding)
    yield f'<article id="f-{number}" class="{grade}" data-severity="{grade}" aria-labelledby="m-{number}">'
    yield f'<div class="meta"><span class="grade">{SIGNS[grade]} {grade}</span><span>{confidence}</span>'
    yield f'<a href="#f-{number}" title="`steadygo explain {safe(finding.rule)}` says why">{safe(finding.rule)}</a></div>'
    yield f'<h4 id="m-{number}">{_safe_lines(finding.message)}</h4><ul class="proof">'
    for path, line, note in [(finding.at.path, finding.at.line, ""), *((b.path, b.line, b.note) for b in finding.because)]:
        code = shown(source, path, line)
        text = f"<code>{escape(code)}</code>" if code else '<span class="small">(not shown)</span>'
        why = f'<span class="why">{_safe_lines(note)}</span>' if note else ""
        yield f'<li><span class="at">{safe(path)}:{line}</span>{text}{why}</li>'
    yield "</ul>"
    if finding.fix:
        yield f'<p class="fix"><b>Fix</b>{_safe_lines(finding.fix)}</p>'
    yield "</article>"


def _lists(result: ScanResult) -> Iterable[str]:
    """What is not known, suppressed and stale: one line each."""
    unknown = [(n.at.path, n.at.line, n.message, n.service) for n in result.not_known]
    left_out = [(s.finding.at.path, s.finding.at.line, f"{s.finding.rule}: {s.finding.message}", s.reason) for s in result.suppressed]
    stale = [(s.at.path, s.at.line, f"{s.rule}: {s.message}", "") for s in result.stale]
    for title, entries in (("Not known", unknown), ("Suppressed", left_out), ("Stale", stale)):
        if entries:
            opened = " open" if len(entries) <= 20 else ""
            yield f'<section><h2 class="whole">{title}</h2><div class="card"><details{opened}><summary>{len(entries)} in all</summary>'
            yield '<ul class="plain">'
            for path, line, message, aside in entries:
                more = f' <span class="small">— {safe(aside)}</span>' if aside else ""
                yield f"<li>{safe(message)}{more} <code>{safe(path)}:{line}</code></li>"
            yield "</ul></details></div></section>"
