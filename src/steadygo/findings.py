"""The words every pillar speaks in: places, findings and verdicts."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Severity(StrEnum):
    """What happens when the finding is true, worst first."""

    OUTAGE = "outage"
    DEGRADED = "degraded"
    HAZARD = "hazard"
    NOTE = "note"


class Confidence(StrEnum):
    """How sure we are, surest first."""

    CERTAIN = "certain"
    LIKELY = "likely"
    GUESS = "guess"


class Verdict(StrEnum):
    """The answer to one question. NOT_KNOWN is never counted as PASS."""

    FAIL = "fail"
    NOT_KNOWN = "not known"
    PASS = "pass"
    NOT_APPLICABLE = "not applicable"


class Place(msgspec.Struct, frozen=True, order=True, gc=False):
    """A position in an artefact. `path` is relative to the scanned root with `/`; line and column count from 1."""

    path: str
    line: int = 1
    column: int = 1


class Because(msgspec.Struct, frozen=True, gc=False):
    """Another place that proves a finding, and what it says there."""

    path: str
    line: int
    note: str


class Finding(msgspec.Struct, frozen=True):
    """One fault. Rules leave `rule`, `chapter`, `severity` and `confidence` empty unless they differ from the rule's own."""

    message: str
    at: Place
    because: tuple[Because, ...] = ()
    fix: str = ""
    service: str = ""
    rule: str = ""
    chapter: str = ""
    severity: Severity | None = None
    confidence: Confidence | None = None


class NotKnown(msgspec.Struct, frozen=True):
    """Something that could not be decided, where, and why. `rule` is empty when a reader says it."""

    message: str
    at: Place
    service: str = ""
    rule: str = ""
    chapter: str = ""


def because(at: Place, note: str) -> Because:
    """Point at `at` as proof."""
    return Because(at.path, at.line, note)
