"""A real Go, and small modules whose tests misbehave on purpose."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


def _install_go() -> ModuleType:
    spec = importlib.util.spec_from_file_location("install_go", Path(__file__).parents[1] / "install_go.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


INSTALL_GO = _install_go()


@dataclass(frozen=True)
class Bench:
    """A module in a folder, and steadygo with a home of its own."""

    root: Path
    environment: Mapping[str, str]

    def write(self, files: Mapping[str, str]) -> None:
        """Write {path: text}; Go files get their package clause from their folder."""
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            clause = f"package {path.parent.name}\n" if name.endswith(".go") and "package " not in text else ""
            path.write_text(clause + text)

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        """steadygo as a process."""
        return subprocess.Popen(
            [sys.executable, "-m", "steadygo", *arguments],
            cwd=self.root,
            env={**self.environment, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background jobs ignore it
        )

    def run(self, *arguments: str, code: int = 0, **environment: str) -> str:
        """What steadygo prints; stderr for code 2."""
        process = self.start(*arguments, **environment)
        out, err = process.communicate(timeout=300)
        assert process.returncode == code, (process.returncode, out[-3000:], err[-3000:])
        return (err if code == 2 else out).decode()

    def test(self, *arguments: str, code: int = 0, **environment: str) -> dict[str, Any]:
        """The document of `steadygo test --json`."""
        words = (
            [*arguments[: arguments.index("--")], "--json", *arguments[arguments.index("--") :]]
            if "--" in arguments
            else [*arguments, "--json"]
        )
        document: dict[str, Any] = json.loads(self.run("test", *words, code=code, **environment))
        return document

    def go(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Plain go."""
        return subprocess.run(["go", *arguments], cwd=self.root, env={**self.environment, **environment}, capture_output=True, text=True)


def killed(process: subprocess.Popen[bytes]) -> None:
    """Kill a steadygo by SIGKILL, and wait until its guard has cleared up: a look before that sees what is still being made and dropped."""
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 300
    while _guards(process.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _guards(process.pid)


def _guards(process: int) -> list[str]:
    return [line for line in processes() if line.endswith(f" {process}") and "/tools/clearing.py " in line]


def processes() -> list[str]:
    """The arguments of every process, joined by spaces; those that have ended have none. `ps` cuts long lines."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found.append(file.read_bytes().decode("utf-8", "replace").replace("\0", " ").rstrip())
    return found


@pytest.fixture
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., Bench]:
    """Ask with files, and a version for another Go than the newest."""

    def give(files: Mapping[str, str], version: str = INSTALL_GO.VERSIONS[-1]) -> Bench:
        program = INSTALL_GO.program(version)
        if not program.exists():
            reason = f"Go {version} is missing; install it with: {INSTALL_GO.INSTALL_LINE}"
            (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
        environment = {
            "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(tmp_path / "home"),
            "XDG_STATE_HOME": str(tmp_path / "state"),
            "GOCACHE": str(INSTALL_GO.root() / "gocache"),
            "GOTOOLCHAIN": "local",
            "GOENV": "off",
            "GOFLAGS": "",
            "GOPROXY": "off",
            "LC_ALL": "C.UTF-8",
        }
        found = Bench(tmp_path / "svc", environment)
        found.write({"go.mod": "module example.com/svc\n\ngo 1.21\n", **files})
        return found

    return give
