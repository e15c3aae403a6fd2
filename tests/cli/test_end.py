"""Ends of a command that are nobody's bug."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = [sys.executable, "-m", "steadygo"]


@pytest.mark.parametrize(
    "words",
    [
        "test",
        "test data",
        "test diagnose . TestA",
        "test leftovers",
        "test stale",
        "test coverage --base HEAD",
        "scan .",
        "env show",
        "build .",
    ],
)
def test_a_directory_that_is_gone_is_said_in_one_sentence(tmp_path: Path, words: str) -> None:
    gone = tmp_path / "gone"
    line = f"mkdir {gone} && cd {gone} && rmdir {gone} && exec {sys.executable} -m steadygo {words}"
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path / "state")}
    ran = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=False, env=environment)
    assert "Traceback" not in ran.stderr
    assert ran.returncode in (1, 2), ran.stderr
    if words.startswith("test"):
        assert "the current directory is gone" in ran.stderr


@pytest.mark.parametrize("words", [["rules"], ["test", "list", "--json"]])
def test_a_full_disk_behind_stdout_is_said_in_one_sentence(tmp_path: Path, words: list[str]) -> None:
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path / "state")}
    with open("/dev/full", "w") as full:
        ran = subprocess.run([*PROGRAM, *words], stdout=full, stderr=subprocess.PIPE, text=True, check=False, env=environment)
    assert (ran.returncode, ran.stderr) == (2, "steadygo: the output cannot be written: No space left on device.\n")
