"""The result as SARIF 2.1.0, for code scanning. Places are relative to SRCROOT: no path of this machine is in it."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from urllib.parse import quote

from steadygo.findings import Confidence, Finding, NotKnown, Severity
from steadygo.report.escaping import clean
from steadygo.report.json import Json, dump
from steadygo.report.source import shown
from steadygo.scan.result import RuleDoc, ScanResult, Source, Suppressed, confidence_of, severity_of

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Severity.OUTAGE: "error", Severity.DEGRADED: "error", Severity.HAZARD: "warning", Severity.NOTE: "note"}
_RANKS = {Confidence.CERTAIN: 100.0, Confidence.LIKELY: 70.0, Confidence.GUESS: 30.0}
_PRECISIONS = {Confidence.CERTAIN: "very-high", Confidence.LIKELY: "high", Confidence.GUESS: "medium"}
_ROOT = "SRCROOT"
_LINK = re.compile(r"\[([^\[\]]*)\]\(")
_PLACEHOLDER = re.compile(r"\{(\d+)\}")


def render(result: ScanResult, source: Source, rules: Iterable[RuleDoc]) -> str:
    """A SARIF log with one run. `rules`: every rule that ran; findings of others get a bare entry."""
    docs = {rule.id: rule for rule in rules}
    every = [*result.findings, *(s.finding for s in result.suppressed)]
    ids = {rule: n for n, rule in enumerate(dict.fromkeys([*docs, *(f.rule for f in every)]))}
    seen: Counter[str] = Counter()
    results = [_result(f, None, result.below, source, ids, seen) for f in result.findings]
    results += [_result(s.finding, s, result.below, source, ids, seen) for s in result.suppressed]
    sure: dict[str, Confidence] = {}
    for finding in every:
        sure.setdefault(finding.rule, confidence_of(finding))
    log = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "steadygo",
                        "semanticVersion": result.version,
                        "rules": [_rule(i, docs.get(i), sure.get(i)) for i in ids],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {_ROOT: {"description": {"text": "The root of the repository."}}},
                "invocations": [
                    {
                        "executionSuccessful": True,
                        "toolExecutionNotifications": [_notification(n, result.below) for n in result.not_known],
                    }
                ],
                "results": results,
            }
        ],
    }
    return dump(log, indent=1)


def _rule(rule_id: str, doc: RuleDoc | None, confidence: Confidence | None) -> Json:
    entry: Json = {"id": clean(rule_id)}
    if doc is None:
        return entry
    properties: Json = {"tags": [doc.chapter], "problem.severity": "recommendation"}
    if doc.severity is not Severity.NOTE:
        properties["problem.severity"] = _LEVELS[doc.severity]
    if confidence is not None:
        properties["precision"] = _PRECISIONS[confidence]
    return entry | {
        "name": "".join(part.capitalize() for part in doc.id.split("-")),
        "shortDescription": {"text": doc.title or doc.id},
        "fullDescription": {"text": doc.title or doc.id},
        "help": {"text": doc.text or doc.id, "markdown": doc.text or doc.id},
        "defaultConfiguration": {"level": _LEVELS[doc.severity]},
        "properties": properties,
    }


def _result(finding: Finding, suppressed: Suppressed | None, below: str, source: Source, ids: dict[str, int], seen: Counter[str]) -> Json:
    severity = severity_of(finding)
    fix = f"\n\nFix: {finding.fix}" if finding.fix else ""
    entry: Json = {
        "ruleId": clean(finding.rule),
        "ruleIndex": ids[finding.rule],
        "level": _LEVELS[severity],
        "rank": _RANKS[confidence_of(finding)],
        "message": {"text": _plain(finding.message + fix)},
        "locations": [_location(finding.at.path, finding.at.line, finding.at.column, below, source)],
        "partialFingerprints": {"steadygo/v1": _fingerprint(finding, source, seen)},
        "properties": {
            "chapter": finding.chapter,
            "severity": severity.value,
            "confidence": confidence_of(finding).value,
            "service": finding.service,
        },
    }
    if finding.because:
        entry["relatedLocations"] = [
            {"id": n} | _location(b.path, b.line, None, below, source) | {"message": {"text": _plain(b.note) or "proof"}}
            for n, b in enumerate(finding.because, 1)
        ]
    if suppressed is not None:
        kind = "inSource" if suppressed.by == "comment" else "external"
        entry["suppressions"] = [{"kind": kind, "status": "accepted", "justification": suppressed.reason}]
    return entry


def _notification(gap: NotKnown, below: str) -> Json:
    return {
        "level": "note",
        "message": {"text": _plain(gap.message) or "not known"},
        "locations": [_location(gap.at.path, gap.at.line, gap.at.column, below, lambda path, line: None)],
    }


def _location(path: str, line: int, column: int | None, below: str, source: Source) -> Json:
    region: Json = {"startLine": max(1, line)}
    if column is not None:
        region["startColumn"] = max(1, column)
    code = shown(source, path, line)
    if code:
        region["snippet"] = {"text": code}
    return {"physicalLocation": {"artifactLocation": {"uri": _uri(path, below), "uriBaseId": _ROOT}, "region": region}}


def _uri(path: str, below: str) -> str:
    """A relative URI reference; bytes of names that are not UTF-8 stay what they are."""
    whole = f"{below}/{path}" if below else path
    return quote(whole.encode("utf-8", "surrogateescape" if _is_file_name(whole) else "surrogatepass"), safe="/-._~!$&'()*+,;=@")


def _is_file_name(path: str) -> bool:
    return not any("\ud800" <= c <= "\udc7f" or "\udd00" <= c <= "\udfff" for c in path)


def _plain(text: str) -> str:
    """Take away the meaning that SARIF gives to `[text](target)` and `{0}` in messages."""
    return _PLACEHOLDER.sub(r"{{\1}}", _LINK.sub(r"\\[\1\\](", text))


def _fingerprint(finding: Finding, source: Source, seen: Counter[str]) -> str:
    """The same after lines above were added: rule, file and the line's text, numbered where that is not unique."""
    text = (source(finding.at.path, finding.at.line) or "").strip()
    key = "\0".join((finding.rule, finding.service, finding.at.path, text))
    digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    seen[digest] += 1
    return f"{digest}:{seen[digest]}"
