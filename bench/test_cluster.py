"""How well tests spread over workers: python bench/test_cluster.py [--rounds 2] [--go PATH]

Efficiency of two workers is T1 / (2 · T2): the time of one worker against that of two, start-up and all, the best of the rounds. One suite
sleeps, so that its workers do not compete for processors; the other is packages of Go's standard library, which compute: there each worker
has one processor, so a single one is held to one, with the scheduler and the client. Times of tests
are known from a run before; binaries are compiled in each run, out of Go's warm build cache.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PACKAGES, TESTS, SLEEP_MS = 30, 10, 400
LIBRARY = [
    "bufio", "bytes", "compress/flate", "container/list", "encoding/binary", "encoding/json", "encoding/xml", "errors", "fmt",
    "go/printer", "html/template", "math/big", "net/netip", "net/url", "path/filepath", "regexp", "sort", "strconv", "strings",
    "text/template", "time", "unicode/utf8",
]  # fmt: skip


def suite(root: Path) -> None:
    """A module whose tests sleep."""
    (root / "go.mod").write_text("module example.com/sleep\n\ngo 1.21\n")
    for number in range(PACKAGES):
        folder = root / f"p{number}"
        folder.mkdir()
        tests = "".join(f"func Test{n}(t *testing.T) {{ time.Sleep({SLEEP_MS} * time.Millisecond) }}\n" for n in range(TESTS))
        (folder / "p_test.go").write_text(f'package p{number}\nimport ("testing"; "time")\n{tests}')


def timed(
    arguments: list[str], directory: Path, environment: dict[str, str], processors: int | None = None
) -> tuple[float, dict[str, object]]:
    """(seconds, the run's document), on so many processors"""
    allowed = set(sorted(os.sched_getaffinity(0))[:processors])
    started = time.monotonic()
    ran = subprocess.run(
        [sys.executable, "-m", "steadygo", "test", *arguments, "--json"],
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
        preexec_fn=lambda: os.sched_setaffinity(0, allowed),
    )
    seconds = time.monotonic() - started
    if ran.returncode not in (0, 1):
        sys.exit(ran.stderr)
    return seconds, json.loads(ran.stdout)


def counts(document: dict[str, object]) -> tuple[object, ...]:
    """What two runs of one suite must agree on."""
    return document["passed"], document["failed"], document["skipped"]


def measure(name: str, patterns: list[str], directory: Path, environment: dict[str, str], rounds: int, *, computes: bool) -> None:
    """Print one line for a suite; `computes`: a worker gets one processor."""
    _, first = timed(patterns, directory, environment)
    best = {}
    for n in (1, 2):
        own = n if computes else None
        best[n] = min(timed([*patterns, "--workers", str(n)], directory, environment, own)[0] for _ in range(rounds))
    seconds, last = timed([*patterns, "--workers", "2"], directory, environment, 2 if computes else None)
    best[2] = min(best[2], seconds)
    same = "same counts as without workers" if counts(first) == counts(last) else f"{counts(first)} without workers, {counts(last)} with"
    total = sum(int(str(n)) for n in counts(first))
    print(f"{name}: {total} tests, T1 {best[1]:.1f} s, T2 {best[2]:.1f} s, efficiency {best[1] / 2 / best[2]:.0%}, {same}", flush=True)


def main() -> None:
    """Both suites."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--go", type=Path, help="the go program; default: the one on PATH")
    parser.add_argument("--suite", choices=("sleep", "library"))
    asked = parser.parse_args()
    environment = dict(os.environ)
    if asked.go:
        environment["PATH"] = f"{asked.go.parent}{os.pathsep}{environment['PATH']}"
    with tempfile.TemporaryDirectory(prefix="steadygo-bench-") as scratch:
        environment |= {"XDG_STATE_HOME": scratch, "GOTOOLCHAIN": "local", "GOFLAGS": ""}
        root = Path(scratch) / "sleep"
        root.mkdir()
        suite(root)
        if asked.suite in (None, "sleep"):
            measure("sleep", ["./..."], root, environment, asked.rounds, computes=False)
        if asked.suite in (None, "library"):
            measure("library", LIBRARY, root, environment, asked.rounds, computes=True)


if __name__ == "__main__":
    main()
