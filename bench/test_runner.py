"""What `steadygo test` adds to `go test`, both sides measured in this run, one after the other (see bench/README.md).

python bench/test_runner.py [--packages PATTERN]... [--directory PATH] [--go PROGRAM] [--repeat N] [--small PATTERN]
                            [--gotestsum PROGRAM]

Both get -count=1 and a warm build cache. Processor time is what a busy machine changes least: judge by that, and by the pairs.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PACKAGES = (
    "strings", "bytes", "encoding/...", "text/...", "net/url", "path/...", "container/...", "sort", "strconv", "unicode/...",
    "compress/bzip2", "compress/gzip", "compress/lzw", "compress/zlib",
)  # fmt: skip
SMALL = "container/list"


@dataclass(frozen=True)
class Timed:
    """Wall and processor seconds of a command with all that it started, and {(package, test): outcome}."""

    wall: float
    cpu: float
    tests: Mapping[tuple[str, str], str]


@dataclass(frozen=True)
class Side:
    """A command whose stdout `read` turns into outcomes."""

    name: str
    command: Sequence[str]

    def measure(self, directory: Path, environment: Mapping[str, str]) -> Timed:
        """Run it once."""
        with tempfile.TemporaryFile() as out:
            started = time.perf_counter()
            process = subprocess.Popen(self.command, cwd=directory, env=environment, stdout=out, stderr=subprocess.DEVNULL)
            _, status, usage = os.wait4(process.pid, 0)
            wall = time.perf_counter() - started
            process.returncode = os.waitstatus_to_exitcode(status)
            out.seek(0)
            read = {"go test -json": _go, "steadygo test": _own}.get(self.name, lambda text: {})
            return Timed(wall, usage.ru_utime + usage.ru_stime, read(out.read().decode("utf-8", "replace")))


def _go(text: str) -> dict[tuple[str, str], str]:
    word = {"pass": "passed", "fail": "failed", "skip": "skipped"}
    events = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    return {(e["Package"], e["Test"]): word[e["Action"]] for e in events if e.get("Test") and e["Action"] in word}


def _own(text: str) -> dict[tuple[str, str], str]:
    return {(t["package"], t["test"]): t["outcome"] for t in json.loads(text)["tests"]}


def pairs(
    directory: Path, environment: Mapping[str, str], packages: Sequence[str], repeat: int, gotestsum: str | None
) -> dict[str, object]:
    """Every side `repeat` times in turn after one turn that warms the build cache; figures are medians, ratios those of the turns."""
    own = [sys.executable, "-m", "steadygo", "test", *packages, "--json"]
    sides = [
        Side("go test", ["go", "test", "-count=1", *packages]),
        Side("go test -json", ["go", "test", "-count=1", "-json", *packages]),
        Side("steadygo test", own),
        *([Side("gotestsum", [gotestsum, "--format=pkgname", "--", "-count=1", *packages])] if gotestsum else []),
    ]
    turns = [{side.name: side.measure(directory, environment) for side in sides} for _ in range(repeat + 1)][1:]
    last = turns[-1]
    theirs, ours = last["go test -json"].tests, last["steadygo test"].tests
    row: dict[str, object] = {"packages": " ".join(packages), "tests": len(ours)}
    row["differing outcomes"] = sorted(" ".join(name) for name in theirs.keys() | ours.keys() if theirs.get(name) != ours.get(name))
    for side in sides:
        row[f"{side.name}: wall"] = statistics.median(t[side.name].wall for t in turns)
        row[f"{side.name}: cpu"] = statistics.median(t[side.name].cpu for t in turns)
    for other in (side.name for side in sides if side.name != "steadygo test"):
        for what in ("wall", "cpu"):
            ratios = sorted(getattr(t["steadygo test"], what) / getattr(t[other], what) for t in turns)
            row[f"{what}, steadygo / {other}"] = f"{statistics.median(ratios):.3f}  ({ratios[0]:.3f} … {ratios[-1]:.3f})"
    return row


def find_go() -> Path:
    """The newest Go that the tests installed, else the one on PATH."""
    installed = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "steadygo-go"
    found = sorted(installed.glob("*/go/bin/go"), key=lambda p: [int(x) for x in p.parents[2].name.split(".")])
    on_path = shutil.which("go")
    if not found and not on_path:
        sys.exit("No Go was found: run `python tests/install_go.py`, or give --go.")
    return found[-1] if found else Path(str(on_path))


def main() -> int:
    """Measure and print; returns the exit code: 1 when an outcome differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packages", action="append", help="default: some of Go's standard library, about 5,000 tests")
    parser.add_argument("--small", default=SMALL, help="a package for the cost of starting; '' for none")
    parser.add_argument("--directory", type=Path, help="where; default: the standard library's sources")
    parser.add_argument("--go", type=Path)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--gotestsum", help="a peer that is measured too, with its line a package")
    arguments = parser.parse_args()
    go = (arguments.go or find_go()).absolute()
    here = {**os.environ, "PATH": f"{go.parent}{os.pathsep}{os.environ['PATH']}", "GOTOOLCHAIN": "local", "GOFLAGS": ""}
    root = subprocess.run([go, "env", "GOROOT"], env=here, capture_output=True, text=True, check=True).stdout.strip()
    directory = arguments.directory or Path(root) / "src"
    differing = False
    with tempfile.TemporaryDirectory() as state:
        for packages in [arguments.packages or PACKAGES, *([[arguments.small]] if arguments.small else [])]:
            row = pairs(directory, {**here, "XDG_STATE_HOME": state}, packages, arguments.repeat, arguments.gotestsum)
            differing = differing or bool(row["differing outcomes"])
            for key, value in row.items():
                print(f"{key:<34} {value:.3f}" if isinstance(value, float) else f"{key:<34} {value}")
            print()
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
