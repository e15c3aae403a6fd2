"""The result as JSON, for programs. docs/schema/scan.schema.json describes it; every control character is escaped."""

from __future__ import annotations

import json

from steadygo.findings import Finding, Place
from steadygo.report.escaping import well_formed
from steadygo.scan.result import CHAPTERS, ScannedService, ScanResult, confidence_of, severity_of

Json = dict[str, object]


def render(result: ScanResult) -> str:
    """One JSON object, ASCII only, with a newline at the end."""
    data = {
        "version": result.version,
        "services": [_service(s) for s in result.services],
        "findings": [finding_as_json(f) for f in result.findings],
        "readiness": {
            service: {chapter: result.verdict(service, chapter).value for chapter in CHAPTERS} for service in sorted(result.readiness)
        },
        "not_known": [
            {"message": n.message, "at": _place(n.at), "service": n.service, "rule": n.rule, "chapter": n.chapter} for n in result.not_known
        ],
        "stale": [{"rule": s.rule, "at": _place(s.at), "message": s.message} for s in result.stale],
        "suppressed": [{"finding": finding_as_json(s.finding), "reason": s.reason, "by": s.by} for s in result.suppressed],
    }
    return dump(data, indent=2)


def dump(data: object, indent: int | None = None) -> str:
    """JSON text that any parser takes and any terminal survives."""
    # ensure_ascii escapes everything but DEL; a lone surrogate would come out as an escape that strict parsers refuse
    return json.dumps(_encodable(data), indent=indent, ensure_ascii=True).replace("\x7f", "\\u007f") + "\n"


def finding_as_json(finding: Finding) -> Json:
    """One finding with every key, in the documented order."""
    return {
        "rule": finding.rule,
        "chapter": finding.chapter,
        "severity": severity_of(finding).value,
        "confidence": confidence_of(finding).value,
        "service": finding.service,
        "message": finding.message,
        "at": _place(finding.at),
        "because": [{"path": b.path, "line": b.line, "note": b.note} for b in finding.because],
        "fix": finding.fix,
    }


def _service(service: ScannedService) -> Json:
    return {
        "name": service.name,
        "main": service.main,
        "tool": service.tool,
        "chain": [{"kind": n.kind, "label": n.label, "at": _place(n.at), "paths": list(n.paths)} for n in service.chain],
        "joins": [{"kind": j.kind, "left": _place(j.left), "right": _place(j.right), "why": j.why} for j in service.joins],
    }


def _place(at: Place) -> Json:
    return {"path": at.path, "line": at.line, "column": at.column}


def _encodable(value: object) -> object:
    match value:
        case str():
            return well_formed(value)
        case dict():
            return {well_formed(k): _encodable(v) for k, v in value.items()}
        case list():
            return [_encodable(v) for v in value]
    return value
