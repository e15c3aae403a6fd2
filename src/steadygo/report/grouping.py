"""Findings in the order a tired person needs them: the worst service first, in it the worst chapter first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from steadygo.findings import Finding, Severity
from steadygo.scan.result import CHAPTERS, QUESTIONS, REPOSITORY, ScanResult, severity_of, worst_first

_SEVERITIES = tuple(Severity)


def by_service(result: ScanResult) -> list[tuple[str, list[Finding]]]:
    """(service name, its findings), worst first; findings without a service under "" and last among equals."""
    groups: dict[str, list[Finding]] = defaultdict(list)
    for finding in result.findings:
        groups[finding.service].append(finding)
    return sorted(groups.items(), key=lambda g: (*_badness(g[1]), g[0] == "", g[0]))


def judged(result: ScanResult) -> list[str]:
    """The rows of the readiness table: services worst first, then those without findings, the repository's own row last."""
    order = {name: n for n, (name, _) in enumerate(by_service(result))}
    return sorted(result.readiness, key=lambda name: (name == REPOSITORY, order.get(name, len(order)), name))


def by_chapter(findings: Iterable[Finding]) -> list[tuple[str, list[Finding]]]:
    """(chapter, its findings worst first), worst chapter first."""
    groups: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        groups[finding.chapter].append(finding)
    ordered = sorted(groups.items(), key=lambda g: (_SEVERITIES.index(worst(g[1])), chapter_order(g[0])))
    return [(chapter, sorted(found, key=worst_first)) for chapter, found in ordered]


def worst(findings: Iterable[Finding]) -> Severity:
    """The worst severity among `findings`, which are not empty."""
    return min((severity_of(f) for f in findings), key=_SEVERITIES.index)


def tally(findings: Iterable[Finding]) -> dict[Severity, int]:
    """How many of each severity, worst first, without zeros."""
    counts = dict.fromkeys(_SEVERITIES, 0)
    for finding in findings:
        counts[severity_of(finding)] += 1
    return {severity: count for severity, count in counts.items() if count}


def chapter_order(chapter: str) -> tuple[int, str]:
    """Sort key of a chapter; unknown ones come last."""
    return (CHAPTERS.index(chapter), "") if chapter in QUESTIONS else (len(CHAPTERS), chapter)


def said(counts: dict[Severity, int]) -> str:
    """`2 outages, 1 hazard`; "nothing" when there is none."""
    words = (f"{n} {s if s is Severity.DEGRADED else s + 's' * (n != 1)}" for s, n in counts.items())
    return ", ".join(words) or "nothing"


def counted(number: int, word: str) -> str:
    """`1 finding`, `1,204 findings`, `2 entries`."""
    if number == 1:
        return f"1 {word}"
    return f"{number:,} {word[:-1] + 'ies' if word.endswith('y') else word + 's'}"


def _badness(findings: list[Finding]) -> tuple[int, int]:
    severity = worst(findings)
    return _SEVERITIES.index(severity), -sum(f.severity is severity for f in findings)
