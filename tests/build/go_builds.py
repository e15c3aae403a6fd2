"""Real toolchains, and small Go modules to build with them."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest


def _install_go() -> ModuleType:
    spec = importlib.util.spec_from_file_location("install_go", Path(__file__).parents[1] / "install_go.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


INSTALL_GO = _install_go()
VERSIONS: tuple[str, ...] = INSTALL_GO.VERSIONS
NEWEST = VERSIONS[-1]


def need(there: bool, what: str, install: str) -> None:
    """Skip with the reason and the install line; with CI=true a missing part is a failure."""
    if there:
        return
    reason = f"{what} is missing; install it with: {install}"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@dataclass(frozen=True)
class Go:
    """One toolchain with its own clean environment. The build cache is shared between runs: it is keyed by content."""

    version: str
    program: Path
    home: Path

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "GOCACHE": str(INSTALL_GO.root() / "gocache"),
            "GOMODCACHE": str(self.home / "mod"),
            "GOTOOLCHAIN": "local",
            "GOENV": "off",
            "GOFLAGS": "-modcacherw",
            "GOPROXY": "off",
            "GONOSUMDB": "*",
            "LC_ALL": "C",
        }

    def run(self, directory: Path, *arguments: str, **environment: str) -> str:
        done = subprocess.run(
            [self.program, *arguments], cwd=directory, env=self.environment | environment, capture_output=True, text=True, timeout=600
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def build(self, directory: Path, out: Path, *flags: str, package: str = ".", **environment: str) -> Path:
        self.run(directory, "build", "-o", str(out), *flags, package, **{"CGO_ENABLED": "0"} | environment)
        return out


@pytest.fixture
def toolchain(tmp_path: Path) -> Callable[[str], Go]:
    """Ask for a version: the toolchain, or a skip."""

    def give(version: str) -> Go:
        program = INSTALL_GO.program(version)
        need(program.exists(), f"Go {version}", INSTALL_GO.INSTALL_LINE)
        home = tmp_path / "gohome"
        home.mkdir(exist_ok=True)
        return Go(version, program, home)

    return give


@pytest.fixture
def newest(toolchain: Callable[[str], Go]) -> Go:
    return toolchain(NEWEST)


def write_tree(root: Path, files: Mapping[str, str]) -> Path:
    """Write {path: text} below a new folder."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def git(root: Path, *arguments: str, when: str = "2026-01-02T03:04:05Z") -> str:
    """Run git with a fixed author and clock."""
    need(shutil.which("git") is not None, "git", "apt install git")
    names = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in (("NAME", "T"), ("EMAIL", "t@t.invalid"))}
    clock = {"GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    done = subprocess.run(["git", "-C", root, *arguments], env=os.environ | names | clock, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


TINY = {
    "go.mod": "module example.com/tiny\n\ngo 1.21\n",
    "main.go": 'package main\n\nvar version = "dev"\n\nfunc main() { println(version) }\n',
}


def file_proxy(root: Path, modules: Mapping[tuple[str, str], Mapping[str, str]]) -> str:
    """Lay out a module proxy as files, {(path, version): {file: text}}; returns its GOPROXY value."""
    for (path, version), files in modules.items():
        place = root / re.sub(r"[A-Z]", lambda found: "!" + found[0].lower(), path) / "@v"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{version}.info").write_text(json.dumps({"Version": version, "Time": "2026-01-02T03:04:05Z"}))
        (place / f"{version}.mod").write_text(files["go.mod"])
        with zipfile.ZipFile(place / f"{version}.zip", "w") as archive:
            for name, text in files.items():
                archive.writestr(f"{path}@{version}/{name}", text)
        with (place / "list").open("a") as listing:
            listing.write(version + "\n")
    return f"file://{root}"
