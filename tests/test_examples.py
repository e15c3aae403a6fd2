"""The examples: the broken service shows every chapter, its mended twin nothing, and both are real Go."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tests import install_go

from steadygo.findings import Finding
from steadygo.read.recognise import recognise
from steadygo.rules.chapters import CHAPTERS
from steadygo.scan.engine import Options, scan
from steadygo.scan.lines import Lines

EXAMPLES = Path(__file__).parents[1] / "examples"
BROKEN, MENDED = EXAMPLES / "orders", EXAMPLES / "orders-mended"
GO = "1.26.6"


def findings(root: Path) -> tuple[Finding, ...]:
    return scan(root, Options(), Lines(root)).findings


def kind(root: Path, path: str) -> str:
    """What kind of artefact a file is; the parts of one deployment format count as one kind."""
    found = recognise(path, (root / path).read_bytes()[:8192], {p.relative_to(root).as_posix() for p in root.rglob("*")}) or path
    return {"gosum": "gomod", "gowork": "gomod", "kustomization": "kubernetes"}.get(found, found)


def test_broken_example_has_a_finding_in_every_chapter() -> None:
    assert {f.chapter for f in findings(BROKEN)} == set(CHAPTERS)


def test_broken_example_has_findings_that_join_artefacts() -> None:
    joining = [f for f in findings(BROKEN) if any(kind(BROKEN, b.path) != kind(BROKEN, f.at.path) for b in f.because)]
    assert len(joining) >= 15
    assert len({f.rule for f in joining}) >= 15


def test_every_place_of_a_finding_exists() -> None:
    lines = Lines(BROKEN)
    for finding in findings(BROKEN):
        for path, line in [(finding.at.path, finding.at.line), *((b.path, b.line) for b in finding.because)]:
            assert lines(path, line) is not None, (finding.rule, path, line)


def test_mended_example_has_none() -> None:
    result = scan(MENDED, Options(), Lines(MENDED))
    assert result.findings == ()
    assert result.stale == ()


@pytest.mark.slow
@pytest.mark.parametrize("example", [BROKEN, MENDED], ids=["orders", "orders-mended"])
def test_examples_are_real_go(example: Path, tmp_path: Path) -> None:
    go = install_go.program(GO)
    if not go.exists():
        reason = f"Go {GO} is not installed: {install_go.INSTALL_LINE}"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    copy = tmp_path / example.name
    shutil.copytree(example, copy)
    environment = {
        **{k: v for k, v in os.environ.items() if k not in ("GOROOT", "GOFLAGS", "GODEBUG")},
        "GOTOOLCHAIN": "local",
        "GOFLAGS": "-buildvcs=false",
        "TMPDIR": str(tmp_path),
    }
    for arguments in (["build", "./..."], ["vet", "./..."], ["test", "-count=1", "./..."]):
        ran = subprocess.run([go, *arguments], cwd=copy, env=environment, capture_output=True, text=True, timeout=900)
        assert ran.returncode == 0, (arguments, ran.stdout[-2000:], ran.stderr[-2000:])
