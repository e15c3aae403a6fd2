"""`steadygo build explain` on two 10 MB programs, beside diffoscope where it is installed.

python bench/build_explain.py [--go PROGRAM] [--diffoscope PROGRAM] [--repeat N]

Budget: the cause within 2 s and 50 lines.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

MAIN = """package main

import (
	"database/sql"
	"fmt"
	"go/types"
	"html/template"
	"image/png"
	"net/http"
	"net/http/pprof"
)

var version = "dev"

func greeting() string { return "hello" }

func main() {
	http.HandleFunc("/debug", pprof.Index)
	fmt.Println(version, greeting(), sql.Drivers(), types.Universe, template.HTMLEscapeString("x"), png.BestSpeed)
	fmt.Println(http.ListenAndServe("127.0.0.1:0", nil))
}
"""
PAIRS: dict[str, tuple[Sequence[str], Sequence[str]]] = {
    "a string by -X": (["-ldflags=-X main.version=v1"], ["-ldflags=-X main.version=v2"]),
    "a build tag": ([], ["-tags=x"]),
    "the source": ([], []),
}
MOST_SECONDS, MOST_LINES = 2.0, 50


def build(go: str, folder: Path, out: Path, flags: Sequence[str]) -> Path:
    """Compile the service in `folder`."""
    environment = os.environ | {"CGO_ENABLED": "0", "GOFLAGS": "", "GOTOOLCHAIN": "local", "GOENV": "off", "GOWORK": "off"}
    subprocess.run([go, "build", "-trimpath", "-buildvcs=false", *flags, "-o", out, "."], cwd=folder, env=environment, check=True)
    return out


def timed(command: Sequence[str | Path], repeat: int) -> tuple[float, int]:
    """Median seconds, and the lines of output."""
    seconds, lines = [], 0
    for _ in range(repeat):
        started = time.perf_counter()
        done = subprocess.run(command, capture_output=True, check=False)
        seconds.append(time.perf_counter() - started)
        lines = done.stdout.count(b"\n")
    return statistics.median(seconds), lines


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--go", default=shutil.which("go"))
    parser.add_argument("--diffoscope", default=shutil.which("diffoscope"))
    parser.add_argument("--repeat", type=int, default=3)
    chosen = parser.parse_args()
    steadygo = Path(sys.executable).with_name("steadygo")
    over = False
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "svc"
        folder.mkdir()
        (folder / "go.mod").write_text("module example.com/svc\n\ngo 1.21\n")
        for title, (one, two) in PAIRS.items():
            (folder / "main.go").write_text(MAIN)
            a = build(chosen.go, folder, Path(name) / "a", one)
            if title == "the source":
                (folder / "main.go").write_text(MAIN.replace('"hello"', '"good morning"'))
            b = build(chosen.go, folder, Path(name) / "b", two)
            seconds, lines = timed([steadygo, "build", "explain", a, b], chosen.repeat)
            over = over or seconds > MOST_SECONDS or lines > MOST_LINES
            print(f"{title}: {a.stat().st_size / 1e6:.1f} MB, steadygo {seconds:.2f} s, {lines} lines", flush=True)
            if chosen.diffoscope:
                theirs, their_lines = timed([chosen.diffoscope, "--no-progress", "--text", "-", a, b], 1)
                print(f"    diffoscope {theirs:.1f} s, {their_lines:,} lines: {theirs / seconds:.0f} times as long")
    print("over the budget" if over else "within the budget (2 s, 50 lines)")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
