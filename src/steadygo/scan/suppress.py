"""`steadygo:ignore RULE -- reason` in any comment. A reason is a must; `until 2027-03-01` in it makes the suppression expire."""

from __future__ import annotations

import datetime
import difflib
import re
from collections.abc import Iterable

import msgspec

from steadygo.errors import BadSettings
from steadygo.findings import Finding, Place

MARK = b"steadygo:ignore"

_COMMENT = re.compile(r"(#|//|/\*|--|;|<!--|\{\{-?/\*|\"|')\s*steadygo:ignore\b(?P<rest>.*)$")
_GO_COMMENT = re.compile(r"(//|/\*)\s*steadygo:ignore\b(?P<rest>.*)$")
_UNTIL = re.compile(r"\buntil\s+(\d{4}-\d{2}-\d{2})\b")
_END = re.compile(r"\s*(\*/\s*-?\}\}|\*/|-->|\"\s*,?|',?)\s*$")


class Suppression(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """`lines`: the lines of the file that it covers. `rules` and `reason` as written, not yet checked."""

    line: int
    lines: tuple[int, ...]
    rules: tuple[str, ...]
    reason: str
    until: str = ""


class Suppressed(msgspec.Struct, frozen=True):
    """A finding that was left out, and why."""

    finding: Finding
    reason: str
    by: str  # "comment" or "baseline"


class Stale(msgspec.Struct, frozen=True):
    """A suppression or a baseline entry that no longer does anything, and why."""

    at: Place
    rule: str
    message: str


def find(data: bytes, path: str = "") -> tuple[Suppression, ...]:
    """Suppressions of the file at `path`; in Go a string is no comment.

    One that stands alone on its line covers the next line that holds more than a comment.
    """
    if MARK not in data:
        return ()
    found: list[Suppression] = []
    comment = _GO_COMMENT if path.endswith(".go") else _COMMENT
    lines = data.decode("utf-8", "replace").split("\n")
    for number, line in enumerate(lines, 1):
        if "steadygo:ignore" not in line or (match := comment.search(line)) is None:
            continue
        rest = _END.sub("", match["rest"].rstrip("\r"))
        names, _, reason = rest.partition("--")
        rules = tuple(n for n in re.split(r"[,\s]+", names.strip()) if n)
        until = _UNTIL.search(reason)
        covered = [number]
        if not line[: match.start()].strip():
            after = number
            while after < len(lines) and (not lines[after].strip() or comment.search(lines[after])):
                after += 1
            covered.append(after + 1)
        found.append(Suppression(number, tuple(covered), rules, reason.strip(), until[1] if until else ""))
    return tuple(found)


def check(suppressions: dict[str, tuple[Suppression, ...]], known: Iterable[str]) -> None:
    """Raise BadSettings for a suppression without rule, reason or with a rule or date that does not exist."""
    names = list(known)
    for path, found in sorted(suppressions.items()):
        for s in found:
            where = f"{path}:{s.line}"
            if not s.rules:
                raise BadSettings(f"{where}: steadygo:ignore names no rule.", "Write `steadygo:ignore RULE -- reason`.")
            if not s.reason:
                raise BadSettings(f"{where}: steadygo:ignore {', '.join(s.rules)} gives no reason.", "Write `-- reason` behind the rule.")
            for rule in s.rules:
                if rule not in names:
                    near = difflib.get_close_matches(rule, names, n=1)
                    raise BadSettings(
                        f"{where}: there is no rule {rule!r}.", f"Did you mean {near[0]}?" if near else "`steadygo rules` lists them."
                    )
            if s.until and _date(s.until) is None:
                raise BadSettings(f"{where}: {s.until} is not a date.", "Write `until YYYY-MM-DD`.")


def apply(
    findings: Iterable[Finding], suppressions: dict[str, tuple[Suppression, ...]], today: datetime.date
) -> tuple[list[Finding], list[Suppressed], list[Stale]]:
    """Split findings into kept and suppressed; say which suppressions have expired or met nothing."""
    kept: list[Finding] = []
    left_out: list[Suppressed] = []
    used: set[tuple[str, int, str]] = set()
    for finding in findings:
        by = None
        for s in suppressions.get(finding.at.path, ()):
            if finding.rule in s.rules and finding.at.line in s.lines:
                used.add((finding.at.path, s.line, finding.rule))
                until = _date(s.until)
                if until is None or today <= until:
                    by = s
        if by is None:
            kept.append(finding)
        else:
            left_out.append(Suppressed(finding, by.reason, "comment"))
    stale: list[Stale] = []
    for path, found in sorted(suppressions.items()):
        for s in found:
            until = _date(s.until)
            for rule in s.rules:
                at = Place(path, s.line)
                if until is not None and today > until:
                    stale.append(Stale(at, rule, f"the suppression ended on {s.until}"))
                elif (path, s.line, rule) not in used:
                    stale.append(Stale(at, rule, "the suppression meets no finding: remove it"))
    return kept, left_out, stale


def _date(text: str) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        return None
