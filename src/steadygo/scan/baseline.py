"""Findings that a team has agreed to live with for now, keyed by rule, document and surrounding text, not by line number."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

import msgspec

from steadygo.errors import BadSettings
from steadygo.findings import Finding, Place
from steadygo.scan.result import Source
from steadygo.scan.suppress import Stale, Suppressed

VERSION = 1


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One accepted finding. `line` and `message` are for people; `text` and `around` are what is compared."""

    rule: str
    path: str
    line: int
    text: str
    around: str
    message: str


class Baseline(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: int
    entries: tuple[Entry, ...] = ()


def entry_for(finding: Finding, source: Source) -> Entry:
    """The entry that recognises `finding` again after lines above it moved."""
    path, line = finding.at.path, finding.at.line
    around = "\n".join((source(path, n) or "").strip() for n in (line - 1, line, line + 1))
    text = (source(path, line) or "").strip()
    return Entry(finding.rule, path, line, text[:200], hashlib.sha256(around.encode()).hexdigest()[:16], finding.message)


def dump(findings: Iterable[Finding], source: Source) -> str:
    """The text of a baseline file that accepts `findings`."""
    entries = sorted((entry_for(f, source) for f in findings), key=lambda e: (e.path, e.line, e.rule, e.message))
    data = {"version": VERSION, "entries": [msgspec.structs.asdict(e) for e in entries]}
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


def load(path: Path) -> Baseline:
    """Read a baseline file. Raises BadSettings when it is missing, broken or of a newer version."""
    advice = "Write a new one with `steadygo scan --write-baseline FILE`."
    try:
        raw = json.loads(path.read_bytes())
    except OSError as error:
        raise BadSettings(f"The baseline {path} cannot be read: {error.strerror}.", advice) from error
    except (ValueError, RecursionError) as error:
        raise BadSettings(f"The baseline {path} is not JSON: {error}.", advice) from error
    version = raw.get("version") if isinstance(raw, dict) else None
    if not isinstance(version, int):
        raise BadSettings(f"The baseline {path} has no version.", advice)
    if version > VERSION:
        raise BadSettings(f"The baseline {path} has version {version}; this steadygo knows up to {VERSION}.", "Use a newer steadygo.")
    try:
        return msgspec.convert(raw, Baseline)
    except msgspec.ValidationError as error:
        raise BadSettings(f"The baseline {path} is damaged: {error}.", advice) from error


def apply(
    findings: Iterable[Finding], baseline: Baseline, file: str, source: Source
) -> tuple[list[Finding], list[Suppressed], list[Stale]]:
    """Split findings into new and accepted; entries that meet nothing are stale. An entry accepts one finding."""
    left = Counter(baseline.entries)
    exact: dict[tuple[str, str, str, str], list[Entry]] = defaultdict(list)
    loose: dict[tuple[str, str, str], list[Entry]] = defaultdict(list)
    for entry in left:
        exact[entry.rule, entry.path, entry.text, entry.around].append(entry)
        loose[entry.rule, entry.path, entry.text].append(entry)
    kept: list[Finding] = []
    accepted: list[Suppressed] = []
    waiting: list[tuple[Finding, Entry]] = []

    def take(candidates: list[Entry]) -> bool:
        for candidate in candidates:
            if left[candidate] > 0:
                left[candidate] -= 1
                return True
        return False

    for finding in findings:
        key = entry_for(finding, source)
        if take(exact[key.rule, key.path, key.text, key.around]):
            accepted.append(Suppressed(finding, f"accepted in {file}", "baseline"))
        else:
            waiting.append((finding, key))
    for finding, key in waiting:
        if take(loose[key.rule, key.path, key.text]):
            accepted.append(Suppressed(finding, f"accepted in {file}", "baseline"))
        else:
            kept.append(finding)
    stale = [
        Stale(Place(e.path, e.line), e.rule, f"the entry in {file} meets no finding any more: write the baseline again")
        for e, count in left.items()
        for _ in range(count)
    ]
    return kept, accepted, stale
