"""Golden command lines: each tests/cli/*.txt holds files, commands and what they print. `make golden` writes the outputs anew.

=== file PATH           its lines follow
$ COMMAND               run by bash in the folder; its stdout and stderr follow, then [N] when the exit code is not 0
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

CASES = sorted(Path(__file__).parent.glob("*.txt"))


def environment(folder: Path) -> dict[str, str]:
    """An empty home, no colours, fixed identity and dates for git."""
    return {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder / "home"),
        "STEADYGO_CACHE": str(folder / "cache"),
        "LC_ALL": "C.UTF-8",
        "NO_COLOR": "1",
        "CI": "true",
        "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@example.com",
        "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@example.com",
        "GIT_AUTHOR_DATE": "2026-01-02T03:04:05Z",
        "GIT_COMMITTER_DATE": "2026-01-02T03:04:05Z",
        "GIT_CONFIG_NOSYSTEM": "1",
    }


def normal(text: str, folder: Path) -> str:
    """Output without what differs from run to run."""
    text = text.replace(str(folder), "FOLDER")
    return re.sub(r"\b\d+\.\d+ s\b", "N s", text)


def play(case: str, folder: Path) -> str:
    """Run a case; returns the same text with the outputs that really came."""
    work = folder / "repo"
    work.mkdir()
    out: list[str] = []
    lines = case.split("\n")
    index = 0
    while index < len(lines):
        line = lines[index]
        if line.startswith("=== file "):
            path = work / line.removeprefix("=== file ")
            body = []
            index += 1
            while index < len(lines) and not lines[index].startswith(("=== ", "$ ")):
                body.append(lines[index])
                index += 1
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("\n".join(body).rstrip("\n") + "\n")
            out += [line, *body]
        elif line.startswith("$ "):
            ran = subprocess.run(
                ["bash", "-c", line[2:]], cwd=work, env=environment(folder), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60
            )
            said = normal(ran.stdout.decode(), work).rstrip("\n")
            out.append(line)
            if said:
                out += [row.rstrip() for row in said.split("\n")]
            if ran.returncode:
                out.append(f"[{ran.returncode}]")
            out.append("")
            index += 1
            while index < len(lines) and not lines[index].startswith(("=== ", "$ ", "# ")):
                index += 1
        else:
            out.append(line)
            index += 1
    return "\n".join(out).rstrip("\n") + "\n"


@pytest.mark.parametrize("path", CASES, ids=[c.stem for c in CASES])
def test_prints_what_the_golden_file_says(path: Path, tmp_path: Path) -> None:
    expected = path.read_text()
    got = play(expected, tmp_path)
    if os.environ.get("STEADYGO_WRITE_GOLDEN"):
        path.write_text(got)
    assert got == expected or os.environ.get("STEADYGO_WRITE_GOLDEN")
