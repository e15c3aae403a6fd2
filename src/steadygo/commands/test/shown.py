"""What people see of a run: failures as they happen, a line a package, a progress line, and the summary."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator

from steadygo.report.terminal import Look, fit
from steadygo.testing.engine import Tick
from steadygo.testing.results import Outcome, Package, Run, Test
from steadygo.testing.verdict import MEANT

_FRAME = re.compile(r"=== (?:RUN|PAUSE|CONT|NAME|ATTR|ARTIFACTS) .*|\s*--- (?:FAIL|PASS|SKIP): .* \([\d.]+s\)")
_MOST_LINES = 400  # shown of one test's output; all of it is kept and in the JSON
_SLOW_SECONDS = 1.0
_SHOWN_RUNNING = 3


def plain(output: str) -> str:
    """Output without the lines that testing adds around tests."""
    return "\n".join(line for line in output.rstrip("\n").split("\n") if not _FRAME.fullmatch(line))


def failure(package: str, test: Test, look: Look) -> str | None:
    """A failed test with its output; None for a parent that failed only because its subtests did."""
    said = plain(test.output)
    if not said.strip() and not test.why:
        return None
    lines = said.split("\n")
    if len(lines) > _MOST_LINES:
        half = _MOST_LINES // 2
        lines = [*lines[:half], f"[{len(lines) - _MOST_LINES} lines left out; steadygo test show RUN --json has them]", *lines[-half:]]
    head = look.style("--- FAIL: ", "bold", "red") + f"{package} {look.style(test.name, 'bold')} ({test.seconds:.2f}s)"
    why = [f"    {said}" for said in (test.why, test.meanwhile) if said]
    return "\n".join([head, *why, *(line for line in lines if line)])


def package_line(package: Package, look: Look) -> str:
    """One line a package, and the sentence of what failed as a whole."""
    if package.outcome is Outcome.SKIPPED:
        return look.style(f"–  {package.path}  {package.why}", "dim")
    sign = look.style("✗", "bold", "red") if package.outcome.bad else look.style("✓", "green")
    skipped = sum(t.outcome is Outcome.SKIPPED for t in package.tests)
    if not package.tests and package.why:
        return "\n".join([f"{sign}  {package.path}", f"   {package.why}", *_beyond(package)])
    parts = [f"{len(package.tests)} test{'s' if len(package.tests) != 1 else ''}"]
    parts += [f"{skipped} skipped"] if skipped else []
    parts += [f"{package.failures} failed"] if any(t.outcome.bad for t in package.tests) else []
    meant = sum(t.why == MEANT for t in package.tests)
    parts += [f"{meant} that failed inside of tests that wanted it"] if meant else []
    counts = ", ".join(parts)
    covered = re.search(r"^coverage: ([\d.]+%)", package.output, re.MULTILINE)
    line = f"{sign}  {package.path}  {counts}  {package.seconds:.2f}s" + (f"  coverage {covered[1]}" if covered else "")
    if not package.outcome.bad:
        return line
    return "\n".join([line, *([f"   {package.why}", *_beyond(package)] if package.why else [])])


def _beyond(package: Package) -> list[str]:
    """What the package printed outside of its tests, unless its sentence says all of it."""
    lines = [x for x in plain(package.output).split("\n") if x not in ("FAIL", "PASS", "") and not x.startswith("coverage: ")]
    return [] if len(lines) == 1 and package.why.endswith(lines[0].strip()) else lines


class Progress:
    """The line at the bottom of a terminal; nothing elsewhere. `write` prints above it."""

    def __init__(self, packages: int, *, shown: bool) -> None:
        self._packages, self._shown = packages, shown
        self._done = self._passed = self._failed = 0
        self._on = False

    def count(self, test: Test) -> None:
        """A test got its verdict."""
        self._passed += test.outcome is Outcome.PASSED
        self._failed += test.outcome.bad

    def finish(self) -> None:
        """A package is through."""
        self._done += 1

    def tick(self, tick: Tick) -> None:
        """Draw the line anew."""
        if not self._shown:
            return
        parts = [f"{self._done}/{self._packages} packages", f"{self._passed} passed"]
        if self._failed:
            parts.append(f"{self._failed} failed")
        if tick.compiling:
            parts.append(f"compiling {tick.compiling}")
        if tick.running:
            slowest = (f"{path.rpartition('/')[2]}.{name} {seconds:.0f}s" for path, name, seconds in tick.running[:_SHOWN_RUNNING])
            parts.append(f"{len(tick.running)} running: {', '.join(slowest)}")
        print("\r\x1b[2K" + fit(" · ".join(parts), _columns() - 1), end="", file=sys.stderr, flush=True)
        self._on = True

    def clear(self) -> None:
        """Take the line away before something is printed."""
        if self._on:
            print("\r\x1b[2K", end="", file=sys.stderr, flush=True)
            self._on = False


def _columns() -> int:
    """The width of the terminal now: people resize it while they wait."""
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or 80
    except (OSError, ValueError):
        return 80


def summary(run: Run, seconds: float, look: Look) -> str:
    """The last lines of a run."""
    return "\n".join(_summary(run, seconds, look))


def _summary(run: Run, seconds: float, look: Look) -> Iterator[str]:
    bad = [(p, t) for p in run.packages for t in p.tests if t.outcome.bad]
    leaves = [(p, t) for p, t in bad if not any(o.name.startswith(t.name + "/") and q is p for q, o in bad)]
    if run.failed:
        yield ""
        yield look.style("Failed", "bold")
    for package in run.packages:
        if package.outcome.bad and package.why:
            yield f"  ✗ {package.path}  {package.why}"
        yield from (f"  ✗ {package.path}  {test.name}{_first(test)}" for owner, test in leaves if owner is package)
    for path in run.stale:
        yield f"  ? {path}  (cached): its pass is out of Go's cache; its tests did not run in this context."
    met = {one.dependency for package in run.packages for one in package.interference}
    for name in dict.fromkeys(word.partition(":")[0] for word in run.context.faults):
        if name not in met:
            yield f"  ? --fault {name}: no test connected to it through the address that it was given."
    for path in run.missing:
        yield f"  ✗ {path}  It never ran: the run was stopped."
    slow = sorted(((t.seconds, p.path, t.name) for p, t in _leaf_tests(run) if t.seconds >= _SLOW_SECONDS), reverse=True)[:3]
    if slow:
        yield ""
        yield look.style("Slowest", "bold")
        yield from (f"  {s:6.2f}s  {path}  {name}" for s, path, name in slow)
    yield ""
    failed, passed, skipped = (run.count(o) for o in (Outcome.FAILED, Outcome.PASSED, Outcome.SKIPPED))
    failed += len(run.missing)
    verdict = look.style("✗ FAIL", "bold", "red") if run.failed else look.style("✓ PASS", "green")
    counts = ", ".join(f"{n} {word}" for n, word in ((passed, "passed"), (failed, "failed"), (skipped, "skipped")) if n or word == "passed")
    tested = sum(p.outcome is not Outcome.SKIPPED for p in run.packages)
    seed = f" · -shuffle={run.context.seed}" if run.context.seed != "off" else ""
    seed += "".join(f" · --fault {word}" for word in run.context.faults)
    yield f"{verdict}  {counts} in {tested} package{'s' if tested != 1 else ''}, {seconds:.1f}s{seed} · run {run.id}"


def _leaf_tests(run: Run) -> Iterable[tuple[Package, Test]]:
    for package in run.packages:
        parents = {t.name.rpartition("/")[0] for t in package.tests}
        yield from ((package, t) for t in package.tests if t.name not in parents)


def _first(test: Test) -> str:
    said = test.why or next((line.strip() for line in plain(test.output).split("\n") if line.strip()), "")
    return f": {said}" if said else ""
