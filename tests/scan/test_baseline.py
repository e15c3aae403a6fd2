"""Baselines: findings are recognised by what stands around them, not by line number."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from steadygo.errors import BadSettings
from steadygo.findings import Finding, Place
from steadygo.scan import baseline


class Document:
    def __init__(self, text: str) -> None:
        self.lines = text.split("\n")

    def __call__(self, path: str, line: int) -> str | None:
        return self.lines[line - 1] if 0 < line <= len(self.lines) else None


def finding(line: int, message: str = "no timeout") -> Finding:
    return Finding(message, Place("main.go", line), rule="http-client-without-timeout")


def stored(tmp_path: Path, text: str) -> baseline.Baseline:
    file = tmp_path / "baseline.json"
    file.write_text(text)
    return baseline.load(file)


def test_recognises_a_finding_after_lines_moved(tmp_path: Path) -> None:
    known = stored(tmp_path, baseline.dump([finding(2)], Document("a\nhttp.Get(u)\nb")))
    kept, accepted, stale = baseline.apply([finding(5)], known, "b.json", Document("new\nnew\nnew\na\n\thttp.Get(u)\nb"))
    assert (kept, stale) == ([], [])
    assert accepted[0].by == "baseline"


def test_recognises_a_finding_whose_neighbours_changed(tmp_path: Path) -> None:
    known = stored(tmp_path, baseline.dump([finding(2)], Document("a\nhttp.Get(u)\nb")))
    kept, accepted, _ = baseline.apply([finding(2)], known, "b.json", Document("other\nhttp.Get(u)\nother"))
    assert (len(kept), len(accepted)) == (0, 1)


def test_one_entry_accepts_one_finding(tmp_path: Path) -> None:
    known = stored(tmp_path, baseline.dump([finding(1)], Document("http.Get(u)")))
    kept, accepted, _ = baseline.apply([finding(1), finding(3)], known, "b.json", Document("http.Get(u)\n\nhttp.Get(u)"))
    assert (len(kept), len(accepted)) == (1, 1)


def test_names_entries_that_meet_nothing(tmp_path: Path) -> None:
    known = stored(tmp_path, baseline.dump([finding(1)], Document("http.Get(u)")))
    _, _, stale = baseline.apply([], known, "b.json", Document("mended"))
    assert [(s.at, s.rule) for s in stale] == [(Place("main.go", 1), "http-client-without-timeout")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not JSON"),
        ("[]", "has no version"),
        (json.dumps({"version": 99, "entries": []}), "has version 99; this steadygo knows up to 1. Use a newer steadygo."),
        (json.dumps({"version": 1, "entries": [{"rule": 1}]}), "is damaged"),
    ],
)
def test_refuses_a_file_it_cannot_use(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(BadSettings, match=message):
        stored(tmp_path, text)


def test_refuses_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="cannot be read"):
        baseline.load(tmp_path / "none.json")
