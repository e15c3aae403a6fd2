"""What `env diff` says against what real programs, built by real toolchains, really do."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

PROGRAM = 'package main\n\nimport "os"\n\nfunc main() { println(os.Getenv("GODEBUG")) }\n'
CGO = 'package main\n\n// #include <stdlib.h>\nimport "C"\n\nfunc main() { C.free(C.malloc(1)) }\n'


def diff(directory: Path, a: str, b: str) -> tuple[int, dict[str, str]]:
    done = subprocess.run(
        [sys.executable, "-c", "from steadygo.cli import main; main()", "env", "diff", a, b, "--json"],
        cwd=directory,
        env={"PATH": os.environ["PATH"], "HOME": str(directory), "XDG_STATE_HOME": str(directory / "state")},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode in (0, 1), done.stderr
    return done.returncode, {d["key"]: d["impact"] for d in json.loads(done.stdout)["differences"]}


@pytest.mark.parametrize(("version", "setting"), [("1.27.3", "tls10server=1"), ("1.27.3", "tls10server=0"), ("1.25.5", "tls10server=1")])
def test_the_godebug_trap(version: str, setting: str, goroot: Callable[[str], Path], go: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text(f"module example.com/x\n\ngo {version}\n")
    (tmp_path / "main.go").write_text(PROGRAM)
    (tmp_path / "x.service").write_text(f"[Service]\nEnvironment=GODEBUG={setting}\nExecStart=/x\n")
    go(goroot(version), tmp_path, "build", "-o", "x", ".", CGO_ENABLED="0", GOCACHE=str(goroot("1.25.5").parents[1] / "gocache"))
    ran = subprocess.run([tmp_path / "x"], env={"GODEBUG": setting}, capture_output=True, timeout=60)
    code, found = diff(tmp_path, "unit:x.service", "binary:x")
    assert (ran.returncode == 2) == (found.get("env.GODEBUG") == "fatal") == (code == 1)


def test_a_cgo_program_in_an_image_without_its_c_library(goroot: Callable[[str], Path], go: Callable[..., str], tmp_path: Path) -> None:
    if shutil.which("gcc") is None:
        pytest.skip("gcc is missing; apt-get install gcc")
    (tmp_path / "go.mod").write_text("module example.com/x\n\ngo 1.25\n")
    (tmp_path / "main.go").write_text(CGO)
    (tmp_path / "empty/tmp").mkdir(parents=True)
    root = goroot("1.25.5")
    go(root, tmp_path, "build", "-o", "dynamic", ".", CGO_ENABLED="1", GOCACHE=str(goroot("1.25.5").parents[1] / "gocache"))
    code, found = diff(tmp_path, "binary:dynamic", "image:empty")
    assert (code, found["libc.name"]) == (1, "fatal")
    (tmp_path / "main.go").write_text(PROGRAM)
    go(root, tmp_path, "build", "-o", "static", ".", CGO_ENABLED="0", GOCACHE=str(goroot("1.25.5").parents[1] / "gocache"))
    assert "fatal" not in diff(tmp_path, "binary:static", "image:empty")[1].values()
