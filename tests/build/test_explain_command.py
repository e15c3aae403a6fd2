"""`steadygo build explain` on the command line: text, JSON, exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from go_builds import TINY, Go, write_tree

from steadygo.build.cause import KINDS, Cause
from steadygo.build.explain import Explanation
from steadygo.commands.build.explain import as_document, as_text
from steadygo.dispatch import run

SCHEMA = json.loads((Path(__file__).parents[2] / "docs/schema/build-explain.schema.json").read_text())


@pytest.mark.slow
def test_prints_the_cause_and_exits_with_one(newest: Go, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    module = write_tree(tmp_path / "m", TINY)
    a, b = (str(newest.build(module, tmp_path / v, "-trimpath", f"-ldflags=-X main.version={v}")) for v in ("v1", "v2"))
    assert run(["build", "explain", a, b]) == 1
    assert 'ldflag: -X main.version\n    "v1"  ->  "v2"\n' in capsys.readouterr().out
    assert run(["build", "explain", "--json", a, b]) == 1
    document = json.loads(capsys.readouterr().out)
    jsonschema.validate(document, SCHEMA)
    assert document["causes"][0]["kind"] == "ldflag"
    assert run(["build", "explain", a, a]) == 0


def test_complains_in_one_sentence_about_a_script(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "run.sh"
    script.write_text("#!/bin/sh\n")
    assert run(["build", "explain", str(script), str(script)]) == 2
    assert capsys.readouterr().err == f"steadygo: {script} is not an ELF, Mach-O or PE program. Give the path of a program file.\n"


@pytest.mark.parametrize("count", [1, 10, 11, 18, 500])
def test_keeps_the_text_within_fifty_lines(count: int) -> None:
    causes = tuple(Cause("source", f"main.f{i}", "x" * 500, "y", "Its code differs.") for i in range(count))
    text = as_text(Explanation(False, causes, ()), Path("a"), Path("b"))
    assert len(text.splitlines()) <= 50


def test_schema_knows_every_kind() -> None:
    assert set(SCHEMA["properties"]["causes"]["items"]["properties"]["kind"]["enum"]) == set(KINDS)
    jsonschema.validate(json.loads(as_document(Explanation(True, (), ()))), SCHEMA)
