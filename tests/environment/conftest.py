"""Real toolchains for the tests of this folder, and a state directory of their own."""

from __future__ import annotations

import importlib.util
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def goroot() -> Callable[[str], Path]:
    """Ask for a version: its GOROOT, or a skip that says what to run."""
    spec = importlib.util.spec_from_file_location("install_go", Path(__file__).parents[1] / "install_go.py")
    assert spec and spec.loader
    install_go = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(install_go)

    def give(version: str) -> Path:
        program: Path = install_go.program(version)
        if not program.exists():
            (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"Go {version} is missing; run: {install_go.INSTALL_LINE}")
        return program.parent.parent

    return give


@pytest.fixture
def go() -> Callable[..., str]:
    """Run a toolchain's go in a directory with a clean environment; returns stdout."""

    def run(root: Path, directory: Path, *arguments: str, **environment: str) -> str:
        clean = {"PATH": os.environ["PATH"], "HOME": str(directory), "GOTOOLCHAIN": "local", "GOFLAGS": "", "GOPROXY": "off"}
        done = subprocess.run(
            [root / "bin/go", *arguments], cwd=directory, env=clean | environment, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run


@pytest.fixture(autouse=True)
def own_state(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
