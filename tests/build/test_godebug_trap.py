"""The GODEBUG trap from end to end, through the command line: a unit's environment against a program of Go 1.27 that it kills."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from go_builds import TINY, Go, write_tree

from steadygo.build import buildinfo, make, statement

pytestmark = pytest.mark.slow

TRAP = "tls10server=1"


def steadygo(directory: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "steadygo", *arguments],
        cwd=directory,
        env={"PATH": os.environ["PATH"], "HOME": str(directory), "XDG_STATE_HOME": str(directory / "state")} | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.fixture
def service(newest: Go, tmp_path: Path) -> Path:
    """A folder with the program, its manifest and a unit that starts it with the trap in its environment."""
    assert newest.version == "1.27.3"
    program = newest.build(write_tree(tmp_path / "src", TINY), tmp_path / "tiny", "-trimpath")
    info = buildinfo.read(program)
    made = statement.Made(".", "", "", "", [], {}, {}, "1.21", {}, make.linkage(program))
    manifest = statement.encode(statement.statement({program.name: make.sha256_of(program)}, info, made))
    (tmp_path / "tiny.manifest.json").write_bytes(manifest)
    (tmp_path / "tiny.service").write_text(f"[Service]\nEnvironment=GODEBUG={TRAP}\nExecStart={program}\n")
    return tmp_path


def test_env_diff_ranks_it_fatal_with_reason_and_source(service: Path) -> None:
    done = steadygo(service, "env", "diff", "unit:tiny.service", "binary:tiny", "--json")
    assert (done.returncode, done.stderr) == (1, "")
    found = json.loads(done.stdout)
    assert found["verdict"] == "fail"
    first = found["differences"][0]
    assert (first["key"], first["a"], first["impact"]) == ("env.GODEBUG", TRAP, "fatal")
    assert "tls10server" in first["why"] and "exit" in first["why"]
    assert first["source"]
    text = steadygo(service, "env", "diff", "unit:tiny.service", "binary:tiny").stdout
    assert "FATAL" in text and "tls10server" in text


def test_verify_refuses_and_the_program_really_dies(service: Path) -> None:
    refused = steadygo(service, "build", "verify", "tiny", "--quiet", GODEBUG=TRAP)
    assert refused.returncode == 1
    assert "GODEBUG" in refused.stdout and "tls10server" in refused.stdout
    died = subprocess.run([service / "tiny"], env={"GODEBUG": TRAP}, capture_output=True, text=True, timeout=60)
    assert died.returncode == 2
    assert "tls10server" in died.stderr


def test_without_the_setting_all_three_are_content(service: Path) -> None:
    (service / "tiny.service").write_text(f"[Service]\nExecStart={service / 'tiny'}\n")
    found = json.loads(steadygo(service, "env", "diff", "unit:tiny.service", "binary:tiny", "--json").stdout)
    assert "fatal" not in {d["impact"] for d in found["differences"]}
    assert steadygo(service, "build", "verify", "tiny").returncode == 0
    assert subprocess.run([service / "tiny"], env={}, capture_output=True, timeout=60).returncode == 0
