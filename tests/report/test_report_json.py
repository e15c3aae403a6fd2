"""The report for programs."""

import json
from pathlib import Path

import jsonschema

from steadygo.report import json as report
from steadygo.scan.result import CHAPTERS, ScanResult, Source

SCHEMA = json.loads((Path(__file__).parents[2] / "docs/schema/scan.schema.json").read_text(encoding="utf-8"))


def validate(text: str) -> dict[str, object]:
    data: dict[str, object] = json.loads(text)
    jsonschema.Draft202012Validator(SCHEMA).validate(data)
    return data


def test_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_schema_names_every_chapter_and_describes_every_key() -> None:
    assert SCHEMA["$defs"]["chapter"]["enum"] == list(CHAPTERS)
    assert SCHEMA["properties"]["readiness"]["additionalProperties"]["required"] == list(CHAPTERS)

    def undescribed(node: object, path: str) -> list[str]:
        if isinstance(node, dict):
            missing = [
                f"{path}/{k}"
                for k, v in (node.get("properties") or {}).items()
                if isinstance(v, dict) and "description" not in v and "$ref" not in v
            ]
            return missing + [m for k, v in node.items() for m in undescribed(v, f"{path}/{k}")]
        return []

    assert undescribed(SCHEMA, "") == []


def test_result_is_valid_and_complete(result: ScanResult) -> None:
    data = validate(report.render(result))
    assert set(data) == {"version", "services", "findings", "readiness", "not_known", "stale", "suppressed"}
    assert data["findings"][0] == {  # type: ignore[index]
        "rule": "signal-never-arrives",
        "chapter": "shutdown",
        "severity": "outage",
        "confidence": "certain",
        "service": "orders",
        "message": "The shell is process 1 and does not pass SIGTERM on, so the service is killed without draining.",
        "at": {"path": "Dockerfile", "line": 9, "column": 1},
        "because": [{"path": "cmd/orders/main.go", "line": 42, "note": "this drain never starts"}],
        "fix": 'Write CMD ["/orders"].',
    }
    assert data["readiness"]["orders"]["clocks"] == "not known"  # type: ignore[index]


def test_many_and_empty_results_are_valid(many: ScanResult, empty: ScanResult) -> None:
    validate(report.render(many))
    validate(report.render(empty))


def test_hostile_text_is_escaped_and_survives(hostile: tuple[ScanResult, Source]) -> None:
    text = report.render(hostile[0])
    assert text.isascii()
    assert not any((c < " " and c != "\n") or c == "\x7f" for c in text)
    data = validate(text)
    message = data["findings"][0]["message"]  # type: ignore[index]
    assert message.startswith("\x1b]0;own\x07 ]]>")
    assert "\\udc80" in message


def test_chapter_without_verdict_is_not_known(hostile: tuple[ScanResult, Source]) -> None:
    data = validate(report.render(hostile[0]))
    (chapters,) = data["readiness"].values()  # type: ignore[attr-defined]
    assert chapters["pools"] == "not known"
    assert list(chapters) == list(CHAPTERS)
