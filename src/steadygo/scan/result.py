"""What a scan hands to the reports: complete, frozen, serialisable."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import msgspec

from steadygo.findings import Confidence, Finding, NotKnown, Place, Severity, Verdict
from steadygo.rules.chapters import CHAPTERS, QUESTIONS
from steadygo.scan.suppress import Stale, Suppressed

__all__ = [
    "CHAPTERS",
    "QUESTIONS",
    "REPOSITORY",
    "STAGES",
    "Counts",
    "Link",
    "Node",
    "RuleDoc",
    "ScanResult",
    "ScannedService",
    "Source",
    "Stale",
    "Suppressed",
    "confidence_of",
    "severity_of",
    "worst_first",
]

Source: TypeAlias = Callable[[str, int], str | None]
"""(path, line) -> the text of that line, None when it cannot be shown."""

REPOSITORY = "the repository"
"""The row of `readiness` for findings that belong to no service."""

STAGES: tuple[tuple[str, ...], ...] = (("code",), ("build",), ("image",), ("unit", "workload"), ("probe",), ("alert",))
"""The way of a service into production. A node's kind is one of these words; other kinds are listed, not drawn."""

_SEVERITIES = tuple(Severity)
_CONFIDENCES = tuple(Confidence)


class Node(msgspec.Struct, frozen=True):
    """One artefact of a service's chain. `paths` are further files that belong to it: drop-ins, overlays, environment files."""

    kind: str
    label: str
    at: Place
    paths: tuple[str, ...] = ()


class Link(msgspec.Struct, frozen=True):
    """Two artefacts of one service and why they belong together. `kind` names the second one."""

    kind: str
    left: Place
    right: Place
    why: str


class ScannedService(msgspec.Struct, frozen=True):
    """One service. `main`: directory of its main package, "" is the root, None when it is not in this repository.

    `chain` goes from code to alerts. `tool`: it is built but does not ship.
    """

    name: str
    main: str | None
    chain: tuple[Node, ...] = ()
    joins: tuple[Link, ...] = ()
    tool: bool = False


class Counts(msgspec.Struct, frozen=True):
    """How much was read, and how long the whole scan took."""

    files: int = 0
    lines: int = 0
    seconds: float = 0.0


class ScanResult(msgspec.Struct, frozen=True):
    """Everything one scan found out. Rule, chapter, severity and confidence of each finding are filled in.

    `name`: the scanned root's own name. `below`: where it lies under the root of its git work tree, "" when it is the root itself.
    `readiness`: service (or REPOSITORY) -> chapter -> verdict; a chapter that is missing there is not known.
    """

    name: str
    version: str
    services: tuple[ScannedService, ...] = ()
    findings: tuple[Finding, ...] = ()
    readiness: Mapping[str, Mapping[str, Verdict]] = {}
    not_known: tuple[NotKnown, ...] = ()
    stale: tuple[Stale, ...] = ()
    suppressed: tuple[Suppressed, ...] = ()
    counts: Counts = Counts()
    below: str = ""

    @property
    def shown_services(self) -> tuple[ScannedService, ...]:
        """The services that ship, and tools only where something was found in them."""
        named = {f.service for f in self.findings}
        return tuple(s for s in self.services if not s.tool or s.name in named)

    def verdict(self, service: str, chapter: str) -> Verdict:
        """The answer of one service, or of the repository ("") to one chapter's question."""
        return self.readiness.get(service or REPOSITORY, {}).get(chapter, Verdict.NOT_KNOWN)


class RuleDoc(msgspec.Struct, frozen=True):
    """What a report says of a rule. `text` is its explain page."""

    id: str
    chapter: str
    severity: Severity
    title: str
    text: str


def severity_of(finding: Finding) -> Severity:
    """The severity of a finding of a result. Raises ValueError when nobody filled it in."""
    if finding.severity is None:
        raise ValueError(f"finding of {finding.rule!r} has no severity")
    return finding.severity


def confidence_of(finding: Finding) -> Confidence:
    """The confidence of a finding of a result. Raises ValueError when nobody filled it in."""
    if finding.confidence is None:
        raise ValueError(f"finding of {finding.rule!r} has no confidence")
    return finding.confidence


def worst_first(finding: Finding) -> tuple[int, int, Place, str, str]:
    """Sort key: severity, confidence, place, rule, message."""
    return (
        _SEVERITIES.index(severity_of(finding)),
        _CONFIDENCES.index(confidence_of(finding)),
        finding.at,
        finding.rule,
        finding.message,
    )
