"""`steadygo env gate` as a deployment runs it."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path


def gate(directory: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {"PATH": os.environ["PATH"], "HOME": str(directory), "XDG_STATE_HOME": str(directory / "state")}
    program = "from steadygo.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", program, "env", *arguments],
        cwd=directory,
        env=clean | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_stops_on_drift_and_passes_without_it_in_three_seconds(tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text("module example.com/x\n\ngo 1.24\n")
    (tmp_path / "reference.json").write_text(gate(tmp_path, "show", "--json").stdout)
    same = gate(tmp_path, "gate", "--against", "reference.json")
    assert (same.returncode, same.stdout.startswith("here may go")) == (0, True)
    started = time.monotonic()
    drifted = gate(tmp_path, "gate", "--against", "reference.json", "--explain", GODEBUG="panicnil=1", TZ="Asia/Tokyo")
    assert time.monotonic() - started < 3
    assert drifted.returncode == 1
    assert "godebug.panicnil" in drifted.stdout
    assert "developer" in drifted.stdout
    (tmp_path / "steadygo.toml").write_text('[env]\nallow = ["godebug.*", "time.zone"]\n')
    assert gate(tmp_path, "gate", "--against", "reference.json", GODEBUG="panicnil=1", TZ="Asia/Tokyo").returncode == 0


def test_a_damaged_reference_is_the_users_fault(tmp_path: Path) -> None:
    (tmp_path / "reference.json").write_text('{"kind": "here", "label"')
    done = gate(tmp_path, "gate", "--against", "reference.json")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    (tmp_path / "reference.json").write_text(json.dumps({"kind": "here", "label": "x", "values": {}, "format": 99}))
    assert "format 99" in gate(tmp_path, "gate", "--against", "reference.json").stderr
