"""Diagnose every seeded fault and its healthy twin, beside fifty plain reruns: python bench/diagnose.py [--jobs N] [--only NAME]

Prints a Markdown table. A seed whose factor this machine cannot change (root, a second processor) counts as wrong.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

TESTS = Path(__file__).parents[1] / "tests"
RERUNS = 50


def _module(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


GO = _module("install_go", TESTS / "install_go.py")
SEEDS = _module("seeded_faults", TESTS / "testing" / "seeded_faults.py")


@dataclass(frozen=True)
class Measured:
    """One module: the diagnosis, and what fifty reruns of the package would have shown."""

    name: str
    kind: str
    cause: str
    right: bool
    lines: bool
    runs: int
    seconds: float
    rerun_failures: int
    rerun_seconds: float


def _measure(fault: Any, kind: str) -> Measured:
    with tempfile.TemporaryDirectory() as place:
        root, environment = SEEDS.lay_out(fault, kind, Path(place), GO)
        package = root / fault.package
        started = time.monotonic()
        process = subprocess.run(
            [sys.executable, "-m", "steadygo", "test", "diagnose", fault.package, fault.test, "--json"],
            cwd=root, env=environment, capture_output=True, text=True,
        )  # fmt: skip
        seconds = time.monotonic() - started
        try:
            found = json.loads(process.stdout)
        except json.JSONDecodeError:
            sys.exit(f"{fault.name} {kind}: {process.stderr}")
        started, failures = time.monotonic(), 0
        subprocess.run(["go", "test", "-c", "-o", f"{place}/rerun.test", fault.package], cwd=root, env=environment, check=True)
        scratch = Path(place) / "reruns"
        scratch.mkdir()
        for _ in range(RERUNS):
            ran = subprocess.run(
                [f"{place}/rerun.test"], cwd=package, env={**environment, "TMPDIR": str(scratch)}, capture_output=True, text=True
            )
            failures += f"--- FAIL: {fault.test} " in ran.stdout
        rerun_seconds = time.monotonic() - started
    right = fault.is_right(found) if kind == "faulty" else found["kind"] == "stable"
    marked = fault.lines_at_fault()
    lines = any((s["path"], s["line"]) in marked for s in found.get("suspects", ())[:3])
    cause = " ".join(filter(None, [found["kind"], found["role"], found["factor"], ", ".join(found["polluters"])]))
    return Measured(fault.name, kind, cause, right, lines, found["runs"], seconds, failures, rerun_seconds)


def _table(all_: list[Measured]) -> str:
    rows = ["| seed | named | right | line | runs | s | failed of 50 | s |", "|---|---|---|---|--:|--:|--:|--:|"]
    for m in (m for m in all_ if m.kind == "faulty"):
        yes = {True: "yes", False: "**no**"}
        cells = (m.name, m.cause, yes[m.right], yes[m.lines], m.runs, f"{m.seconds:.1f}", m.rerun_failures, f"{m.rerun_seconds:.1f}")
        rows.append(f"| {' | '.join(map(str, cells))} |")
    for kind, said in (("faulty", "right cause named"), ("healthy", "stable")):
        own = [m for m in all_ if m.kind == kind]
        if not own:
            continue
        runs, seconds = statistics.median(m.runs for m in own), statistics.median(m.seconds for m in own)
        again = statistics.median(m.rerun_seconds for m in own)
        rows += ["", f"{kind}: {sum(m.right for m in own)} of {len(own)} {said}; median {runs:g} runs, {seconds:.1f} s; "
                 f"fifty reruns: {sum(m.rerun_failures > 0 for m in own)} of {len(own)} failed at all, median {again:.1f} s; "
                 f"{runs / RERUNS:.2f} times the runs, {seconds / again:.1f} times the time"]  # fmt: skip
        rows += [f"wrong: {m.name}: {m.cause}" for m in own if not m.right]
    named = [m for m in all_ if m.kind == "faulty"]
    return "\n".join([*rows, f"a right line among the first three: {sum(m.lines for m in named)} of {len(named)}"])


def main() -> None:
    """Measure what the words name."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=1, help="modules at a time; times are fair with 1 only")
    parser.add_argument("--only", action="append", help="a seed; may be given several times")
    parser.add_argument("--kind", choices=["faulty", "healthy"], help="only these")
    given = parser.parse_args()
    work = [
        (fault, kind)
        for fault in SEEDS.load()
        for kind in ("faulty", "healthy")
        if (not given.only or fault.name in given.only) and given.kind in (None, kind)
    ]

    def one(pair: tuple[Any, str]) -> Measured:
        found = _measure(*pair)
        print(f"{found.name} {found.kind}: {found.cause}, {found.runs} runs, {found.seconds:.1f} s", file=sys.stderr, flush=True)
        return found

    with ThreadPoolExecutor(given.jobs) as pool:
        print(_table(list(pool.map(one, work))))
    print(f"load at the end: {os.getloadavg()[0]:.1f} on {len(os.sched_getaffinity(0))} processors")


if __name__ == "__main__":
    main()
