"""The findings as GitHub workflow commands, which GitHub shows at the lines of a pull request."""

from __future__ import annotations

from steadygo.findings import Finding, Severity
from steadygo.report.escaping import clean, clean_lines
from steadygo.scan.result import ScanResult, confidence_of, severity_of, worst_first

_LEVELS = {Severity.OUTAGE: "error", Severity.DEGRADED: "error", Severity.HAZARD: "warning", Severity.NOTE: "notice"}


def render(result: ScanResult) -> str:
    """One command a line, worst first: GitHub shows ten of each level and step."""
    return "".join(_command(f, result.below) + "\n" for f in sorted(result.findings, key=worst_first))


def _command(finding: Finding, below: str) -> str:
    severity, confidence = severity_of(finding), confidence_of(finding)
    service = f" in {clean(finding.service)}" if finding.service else ""
    sure = "" if confidence == "certain" else f" ({confidence})"
    lines = [*clean_lines(finding.message)]
    lines[-1] += sure
    lines += [f"{clean(b.path)}:{b.line}: {clean(b.note)}" for b in finding.because]
    if finding.fix:
        lines += [f"Fix: {clean(finding.fix)}"]
    path = f"{below}/{finding.at.path}" if below else finding.at.path
    properties = {
        "file": clean(path),
        "line": str(finding.at.line),
        "col": str(finding.at.column),
        "title": f"{severity}: {clean(finding.rule)}{service}",
    }
    listed = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{_LEVELS[severity]} {listed}::{_data(chr(10).join(lines))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
