"""The verdicts as JUnit XML: one suite a service, one case a chapter. What is not known is skipped, never passed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from steadygo.findings import Finding, Verdict
from steadygo.report.escaping import clean
from steadygo.report.grouping import chapter_order, counted, worst
from steadygo.report.source import shown
from steadygo.scan.result import CHAPTERS, REPOSITORY, ScanResult, Source, confidence_of, severity_of, worst_first


@dataclass(frozen=True)
class Case:
    """One chapter of one service that applies."""

    chapter: str
    verdict: Verdict
    findings: tuple[Finding, ...]
    reasons: tuple[str, ...]


def render(result: ScanResult, source: Source) -> str:
    """An XML document."""
    suites = [(service, _cases(result, service)) for service in _services(result)]
    suites = [(service, cases) for service, cases in suites if cases]
    every = [case for _, cases in suites for case in cases]
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    lines.append(f'<testsuites name="steadygo scan" {_counts(every)} time="{result.counts.seconds:.3f}">')
    for service, cases in suites:
        name = quoteattr(clean(service) or REPOSITORY)
        lines.append(f'  <testsuite name={name} {_counts(cases)} errors="0" time="0">')
        for case in cases:
            lines += _case(name, case, source)
        lines.append("  </testsuite>")
    return "\n".join([*lines, "</testsuites>"]) + "\n"


def _services(result: ScanResult) -> list[str]:
    named = [s.name for s in result.services]
    others = {"" if s == REPOSITORY else s for s in result.readiness} | {f.service for f in result.findings}
    return [*named, *sorted(others - set(named))]


def _cases(result: ScanResult, service: str) -> list[Case]:
    """Cases of chapters that apply. Of the repository itself only those with findings."""
    findings: dict[str, list[Finding]] = defaultdict(list)
    for finding in sorted(result.findings, key=worst_first):
        if finding.service == service:
            findings[finding.chapter].append(finding)
    reasons: dict[str, list[str]] = defaultdict(list)
    for gap in result.not_known:
        if gap.service in (service, ""):
            reasons[gap.chapter].append(f"{clean(gap.at.path)}:{gap.at.line}: {clean(gap.message)}")
    judged = (service or REPOSITORY) in result.readiness
    cases = []
    for chapter in sorted({*CHAPTERS, *findings}, key=chapter_order):
        verdict = result.verdict(service, chapter) if judged else Verdict.NOT_APPLICABLE
        if findings[chapter] and verdict is not Verdict.PASS:
            verdict = Verdict.FAIL
        if verdict is not Verdict.NOT_APPLICABLE:
            cases.append(Case(chapter, verdict, tuple(findings[chapter]), tuple(dict.fromkeys(reasons[chapter]))))
    return cases


def _counts(cases: Iterable[Case]) -> str:
    verdicts = [case.verdict for case in cases]
    return f'tests="{len(verdicts)}" failures="{verdicts.count(Verdict.FAIL)}" skipped="{verdicts.count(Verdict.NOT_KNOWN)}"'


def _case(suite: str, case: Case, source: Source) -> Iterable[str]:
    yield f'    <testcase classname={suite} name={quoteattr(clean(case.chapter))} time="0">'
    yield "      <properties>"
    yield f'        <property name="verdict" value={quoteattr(case.verdict.value)}/>'
    yield "      </properties>"
    text = escape("\n\n".join("\n".join(_told(f, source)) for f in case.findings))
    if case.verdict is Verdict.FAIL:
        kind = f" type={quoteattr(worst(case.findings).value)}" if case.findings else ""
        yield f"      <failure message={quoteattr(counted(len(case.findings), 'finding'))}{kind}>{text}</failure>"
    else:
        if case.verdict is Verdict.NOT_KNOWN:
            why = "; ".join(case.reasons) or "nothing that was read answers this"
            yield f"      <skipped message={quoteattr(f'not known: {why}')}/>"
        if case.findings:
            yield f"      <system-out>{text}</system-out>"
    yield "    </testcase>"


def _told(finding: Finding, source: Source) -> Iterable[str]:
    yield f"{severity_of(finding)} ({confidence_of(finding)}) {clean(finding.rule)}: {clean(finding.message)}"
    for path, line, note in [(finding.at.path, finding.at.line, ""), *((b.path, b.line, b.note) for b in finding.because)]:
        code = shown(source, path, line)
        yield f"  {clean(path)}:{line}" + (f": {code}" if code else "") + (f"  ({clean(note)})" if note else "")
    if finding.fix:
        yield f"  fix: {clean(finding.fix)}"
