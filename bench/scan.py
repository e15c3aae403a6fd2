"""Benchmarks of `steadygo scan`, every figure measured in this run; budgets are ratios (see bench/README.md).

python bench/scan.py [--corpus PATH]... [--semgrep-rules PATH [--semgrep PROGRAM]] [--repeat N] [--parts]
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


@dataclass(frozen=True)
class Timed:
    """Wall seconds, CPU seconds and the largest resident size (bytes) of one process of the run."""

    seconds: float
    cpu: float
    peak: int
    status: int


def timed(command: Sequence[str], environment: Mapping[str, str], most_seconds: float = 3600) -> Timed:
    """Run a command to its end."""
    started = time.perf_counter()
    process = subprocess.Popen(command, env=dict(environment), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    watcher = _watch(process.pid)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    return Timed(seconds, usage.ru_utime + usage.ru_stime, max(usage.ru_maxrss * 1024, watcher), process.returncode)


def _watch(pid: int) -> int:
    """The most that the process and its children together held (proportional set size), sampled every 20 ms until it ends."""
    most = 0
    while True:
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
                if file.read().rpartition(")")[2].split()[0] == "Z":
                    return most
            pids = [pid]
            with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as file:
                pids += [int(child) for child in file.read().split()]
            total = 0
            for one in pids:
                try:
                    with open(f"/proc/{one}/smaps_rollup", encoding="utf-8") as file:
                        total += next(int(line.split()[1]) * 1024 for line in file if line.startswith("Pss:"))
                except (OSError, StopIteration):
                    continue
            most = max(most, total)
        except OSError:
            return most
        time.sleep(0.02)


def lines_of_go(root: Path) -> tuple[int, int]:
    """(files, lines) of Go below `root`, vendored code and test data left out as steadygo leaves them out."""
    files = lines = 0
    for folder, folders, names in os.walk(root):
        folders[:] = [f for f in folders if f not in ("vendor", "testdata", ".git", "node_modules")]
        for name in names:
            path = Path(folder) / name
            if name.endswith(".go") and path.is_file() and not path.is_symlink():
                files += 1
                lines += path.read_bytes().count(b"\n")
    return files, lines


def measure(corpus: Path, repeat: int) -> dict[str, object]:
    """Cold, unchanged and one-file-changed scans of a copy of `corpus`."""
    empty = statistics.median(timed([sys.executable, "-c", "pass"], os.environ).seconds for _ in range(9))
    version = statistics.median(timed([sys.executable, "-m", "steadygo", "--version"], os.environ).seconds for _ in range(9))
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / corpus.name
        shutil.copytree(corpus, copy, symlinks=True, ignore=shutil.ignore_patterns(".git"), ignore_dangling_symlinks=True)
        cache = Path(scratch) / "cache"
        environment = {**os.environ, "STEADYGO_CACHE": str(cache)}
        command = [sys.executable, "-m", "steadygo", "scan", str(copy), "--json", "--quiet"]
        files, lines = lines_of_go(copy)
        cold: list[Timed] = []
        for _ in range(repeat):
            shutil.rmtree(cache, ignore_errors=True)
            cold.append(timed(command, environment))
        time.sleep(0.1)
        timed(command, environment)
        unchanged = [timed(command, environment) for _ in range(max(3, repeat))]
        victim = next(p for p in sorted(copy.rglob("*.go")) if "testdata" not in p.parts and "vendor" not in p.parts and p.is_file())
        changed: list[Timed] = []
        for _ in range(repeat):
            with open(victim, "a", encoding="utf-8") as file:
                file.write("\n// changed\n")
            changed.append(timed(command, environment))
    median = statistics.median
    return {
        "corpus": corpus.name,
        "go_files": files,
        "go_lines": lines,
        "python_start": empty,
        "version_ratio": version / empty,
        "cold": median(t.seconds for t in cold),
        "cold_cpu": median(t.cpu for t in cold),
        "unchanged_beyond_python": median(t.seconds for t in unchanged) - empty,
        "one_file_changed": median(t.seconds for t in changed),
        "peak_mb": max(t.peak for t in [*cold, *unchanged, *changed]) / 1e6,
        "lines_per_second": lines / median(t.seconds for t in cold),
        "status": cold[0].status,
    }


def semgrep(corpus: Path, rules: Path, program: str) -> dict[str, object]:
    """semgrep over the same Go files (a copy that holds nothing else, so that neither skips what the other reads)."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "go"
        for folder, folders, names in os.walk(corpus):
            folders[:] = [f for f in folders if f not in ("vendor", "testdata", ".git", "node_modules")]
            for name in names:
                path = Path(folder) / name
                if name.endswith((".go", "go.mod")) and path.is_file() and not path.is_symlink():
                    target = copy / path.relative_to(corpus)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(path, target)
        (copy / ".semgrepignore").write_text("")
        out = Path(scratch) / "out.json"
        flags = [
            "--metrics=off",
            "--disable-version-check",
            "--jobs",
            "2",
            "--json",
            "--no-git-ignore",
            "--max-target-bytes",
            "0",
            "-o",
            str(out),
        ]
        ran = timed([program, "scan", "--config", str(rules), *flags, str(copy)], os.environ)
        result = json.loads(out.read_text()) if out.exists() else {}
        own = timed([sys.executable, "-m", "steadygo", "scan", str(copy), "--json", "--quiet", "--no-cache"], os.environ)
    return {
        "semgrep": ran.seconds,
        "semgrep_status": ran.status,
        "semgrep_version": result.get("version", "not known"),
        "semgrep_files": len(result.get("paths", {}).get("scanned", [])),
        "semgrep_peak_mb": ran.peak / 1e6,
        "steadygo_same_files": own.seconds,
        "ratio": ran.seconds / own.seconds,
    }


def parts(corpus: Path) -> list[tuple[str, float]]:
    """Seconds by reader kind and by rule, in one process."""
    from steadygo.rules import registry
    from steadygo.scan import settings
    from steadygo.scan.assemble import assemble, decode
    from steadygo.scan.discover import discover
    from steadygo.scan.judge import judge
    from steadygo.scan.reading import read_all

    stated = settings.load(corpus)
    started = time.perf_counter()
    found = discover(corpus, stated, lambda path, signature: None)
    rows = [("walk", time.perf_counter() - started)]
    reads = []
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    for kind in sorted({f.kind for f in found.files}):
        started = time.perf_counter()
        reads += read_all(corpus, [f for f in found.files if f.kind == kind], frozenset(), lambda done, total: None)
        rows.append((f"reader {kind}", time.perf_counter() - started))
    started = time.perf_counter()
    artefacts, _ = decode(sorted(((r.path, r.facts) for r in reads), reverse=True))
    rows.append(("decode", time.perf_counter() - started))
    started = time.perf_counter()
    repository = assemble(corpus.name, stated, artefacts, found.unread, frozenset(found.paths))
    rows.append(("assemble and link", time.perf_counter() - started))
    rules = registry.load_all()
    rows += [(f"rule {name}", seconds) for name, seconds in judge(repository, rules).seconds.items()]
    return sorted(rows, key=lambda row: -row[1])


def standard_library() -> Path:
    """Go's own sources, the default corpus: of the Go on PATH, else of the newest that the tests installed."""
    installed = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "steadygo-go"
    for go in ("go", *sorted((str(p) for p in installed.glob("*/go/bin/go")), reverse=True)):
        if shutil.which(go):
            root = subprocess.run([go, "env", "GOROOT"], capture_output=True, text=True, check=True).stdout.strip()
            return Path(root) / "src"
    sys.exit("No Go was found: run `python tests/install_go.py`, or give --corpus PATH.")


def main() -> int:
    """Measure and print; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, action="append", help="a repository (default: Go's standard library)")
    parser.add_argument("--semgrep-rules", type=Path, help="run semgrep with these rules over the same files, in the same run")
    parser.add_argument("--semgrep", default="semgrep", help="semgrep's program")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--parts", action="store_true", help="seconds by reader and rule, slowest 25")
    arguments = parser.parse_args()
    for corpus in arguments.corpus or [standard_library()]:
        row = measure(corpus.resolve(), arguments.repeat)
        if arguments.semgrep_rules:
            row |= semgrep(corpus.resolve(), arguments.semgrep_rules.resolve(), arguments.semgrep)
        for key, value in row.items():
            print(f"{key:<26} {value:.3f}" if isinstance(value, float) else f"{key:<26} {value}")
        if arguments.parts:
            for name, seconds in parts(corpus.resolve())[:25]:
                print(f"  {seconds:8.3f} s  {name}")
        print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
