"""The report for code scanning."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import jsonschema
import msgspec
import pytest

from steadygo.findings import Place, Severity
from steadygo.report import sarif
from steadygo.scan.result import RuleDoc, ScanResult, Source

SCHEMA = json.loads((Path(__file__).parent / "data/sarif-schema-2.1.0.json").read_text(encoding="utf-8"))
RULES = (RuleDoc("drain-outlives-grace", "shutdown", Severity.OUTAGE, "Draining outlives the grace period.", "Draining outlives…\n\nWhy."),)


def run_of(result: ScanResult, source: Source) -> dict[str, Any]:
    log = json.loads(sarif.render(result, source, RULES))
    jsonschema.Draft7Validator(SCHEMA, format_checker=jsonschema.FormatChecker()).validate(log)
    run: dict[str, Any] = log["runs"][0]
    return run


def test_valid_by_the_official_schema(result: ScanResult, many: ScanResult, empty: ScanResult, source: Source) -> None:
    for made in (result, many, empty):
        run_of(made, source)


def test_hostile_text_is_valid_and_ascii(hostile: tuple[ScanResult, Source]) -> None:
    run_of(*hostile)
    assert sarif.render(*hostile, RULES).isascii()


def test_proof_is_a_related_location(result: ScanResult, source: Source) -> None:
    found = next(r for r in run_of(result, source)["results"] if r["ruleId"] == "drain-outlives-grace")
    assert found["level"] == "error"
    assert found["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "cmd/orders/main.go", "uriBaseId": "SRCROOT"}
    (proof,) = found["relatedLocations"]
    assert proof["physicalLocation"]["region"]["startLine"] == 17
    assert proof["message"]["text"] == "the container is killed 30 s after SIGTERM"


@pytest.mark.parametrize(("severity", "level"), [("outage", "error"), ("degraded", "error"), ("hazard", "warning"), ("note", "note")])
def test_severity_becomes_level(result: ScanResult, source: Source, severity: str, level: str) -> None:
    levels = {r["level"] for r in run_of(result, source)["results"] if r["properties"]["severity"] == severity}
    assert levels == {level}


def test_rule_carries_its_page(result: ScanResult, source: Source) -> None:
    run = run_of(result, source)
    rule = run["tool"]["driver"]["rules"][0]
    assert rule["name"] == "DrainOutlivesGrace"
    assert rule["help"]["text"].endswith("Why.")
    for found in run["results"]:
        assert run["tool"]["driver"]["rules"][found["ruleIndex"]]["id"] == found["ruleId"]


def test_suppressed_finding_keeps_its_reason(result: ScanResult, source: Source) -> None:
    found = [r for r in run_of(result, source)["results"] if "suppressions" in r]
    assert [r["suppressions"][0]["justification"] for r in found] == ["binds port 53 until 2027-03-01"]
    assert found[0]["suppressions"][0]["kind"] == "inSource"


def test_fingerprint_survives_lines_added_above(result: ScanResult, source: Source) -> None:
    before = {r["partialFingerprints"]["steadygo/v1"] for r in run_of(result, source)["results"]}
    moved = msgspec.structs.replace(
        result,
        findings=tuple(msgspec.structs.replace(f, at=Place(f.at.path, f.at.line + 5)) for f in result.findings),
        suppressed=tuple(
            msgspec.structs.replace(s, finding=msgspec.structs.replace(s.finding, at=Place(s.finding.at.path, s.finding.at.line + 5)))
            for s in result.suppressed
        ),
    )
    after = {r["partialFingerprints"]["steadygo/v1"] for r in run_of(moved, lambda path, line: source(path, line - 5))["results"]}
    assert before == after
    assert len(before) == len(result.findings) + len(result.suppressed)


def test_paths_start_at_the_git_root(result: ScanResult, source: Source) -> None:
    run = run_of(msgspec.structs.replace(result, below="services/shop"), source)
    uris = {r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in run["results"]}
    assert "services/shop/Dockerfile" in uris


def test_file_name_that_is_not_utf8_keeps_its_bytes(result: ScanResult, source: Source) -> None:
    odd = msgspec.structs.replace(result.findings[0], at=Place(b"a b/\xff:1.go".decode("utf-8", "surrogateescape")))
    run = run_of(msgspec.structs.replace(result, findings=(odd,)), source)
    uri = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "a%20b/%FF%3A1.go"
    assert unquote_to_bytes(uri) == b"a b/\xff:1.go"


def test_message_cannot_forge_a_link_or_placeholder(result: ScanResult, source: Source) -> None:
    odd = msgspec.structs.replace(result.findings[0], message="see [here](http://evil) {0} {id} [x]", fix="")
    run = run_of(msgspec.structs.replace(result, findings=(odd,)), source)
    assert run["results"][0]["message"]["text"] == "see \\[here\\](http://evil) {{0}} {id} [x]"


def test_no_secret_of_a_source_line_is_in_it(result: ScanResult, source: Source) -> None:
    assert "hunter22" not in sarif.render(result, source, RULES)
