"""The scaffold: a new rule is one new file, found, explained and tested without another change."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
def test_adding_a_rule_touches_exactly_one_file(tmp_path: Path) -> None:
    copy = tmp_path / "steadygo"
    for part in ("src", "scripts", "tests/rules"):
        shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
    environment = {"PYTHONPATH": str(copy / "src"), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, *arguments], cwd=copy, env=environment, capture_output=True, text=True)

    before = {p for p in copy.rglob("*") if p.suffix == ".py"}
    made = run("scripts/new_rule.py", "shutdown/brand-new")
    assert made.returncode == 0, made.stderr
    assert {p for p in copy.rglob("*") if p.suffix == ".py"} - before == {copy / "src/steadygo/rules/shutdown/brand_new.py"}
    assert "brand-new" in run("-m", "steadygo", "rules", "brand-new").stdout
    assert "chapter shutdown" in run("-m", "steadygo", "explain", "brand-new").stdout
    tested = run("-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "brand-new", "tests/rules")
    assert tested.returncode == 0, tested.stdout
    assert run("scripts/new_rule.py", "shutdown/brand-new").returncode == 2
    assert run("scripts/new_rule.py", "nochapter/x").returncode == 2
