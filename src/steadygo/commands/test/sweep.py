"""`steadygo test diagnose --all`: a whole suite, cheap questions first."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import click
import msgspec

from steadygo.commands.test.diagnosed import document, headline, others, suspects
from steadygo.errors import UserError
from steadygo.testing.diagnosis.case import Budget, Diagnosis, counted
from steadygo.testing.diagnosis.laboratory import diagnose
from steadygo.testing.engine import Setting
from steadygo.testing.plan import Planned
from steadygo.testing.suspects import Suspect
from steadygo.testing.sweep import SCREENS, Screened, Sweep
from steadygo.tools import guard

RUNS = 5000
_SHOWN_RATE = 1 - 0.05 ** (1 / len(SCREENS))  # what so many passes rule out with 95 %


@dataclass(frozen=True)
class _One:
    """A test's diagnosis. `counts`: it decides about the exit code; `seen_failing`: it has failed at least once."""

    package: str
    found: Diagnosis
    lines: tuple[Suspect, ...] = ()
    counts: bool = True
    seen_failing: bool = False

    @property
    def unstable(self) -> bool:
        return self.found.kind not in ("stable", "not-known") or self.seen_failing


@dataclass(frozen=True)
class _NotRun:
    """A package of which nothing can be said: it does not compile, or the budget ended before its turn."""

    package: str
    not_run: str


@dataclass
class _Spending:
    """The budget of the whole sweep."""

    budget: Budget
    runs: int = 0
    began: float = field(default_factory=time.monotonic)

    def left(self, most: int) -> Budget | None:
        """What one more diagnosis may cost; None when nothing is left."""
        runs = min(most, self.budget.runs - self.runs)
        minutes = self.budget.minutes - (time.monotonic() - self.began) / 60
        return Budget(runs, minutes) if runs > 0 and minutes > 0 else None


def run(plan: list[Planned], setting: Setting, budget: Budget, most_runs: int, as_json: bool) -> int:
    """Screen, diagnose what failed once (at most `most_runs` each), print, and give the exit code."""
    spending, all_, not_run = _Spending(budget), list[_One](), list[_NotRun]()
    try:
        with guard.scratch("steadygo-test-") as scratch:
            _tell(f"screening {len(plan)} packages")
            screened = Sweep(setting, scratch, budget.runs, budget.minutes * 60).screened(plan)
        spending.runs += sum(s.runs + s.again for s in screened)
        suspicious = sum(len(s.failed) for s in screened)
        for package in screened:
            if package.complaint:
                not_run.append(_NotRun(package.package.path, package.complaint))
            ones = _diagnosed(package, setting, spending, most_runs, suspicious)
            for line in _lines(package, _kept(ones, all_)):
                if not as_json:
                    _tell("")
                    click.echo(line)
    finally:
        _tell("")
        if as_json:
            click.echo(msgspec.json.encode([*map(_document, all_), *map(msgspec.to_builtins, not_run)]).decode())
    bad = [one for one in all_ if one.counts and one.found.kind != "stable"]
    if not as_json:
        unstable = sum(one.unstable for one in all_)
        said = [counted(len(all_), "test"), f"{unstable} not stable"]
        said += [f"{len(bad) - unstable} not known"] if len(bad) > unstable else []
        said += [counted(spending.runs, "run")]
        said += [f"{counted(len(not_run), 'package')} could not be run"] if not_run else []
        click.echo("\n" + ", ".join(said))
        if any(one.found.kind == "stable" for one in all_):
            click.echo(f"Of the others, a failure in {_SHOWN_RATE:.0%} of runs would have shown with 95 %.")
    return 1 if bad or not_run else 0


def _kept(ones: Iterable[_One], all_: list[_One]) -> Iterator[_One]:
    for one in ones:
        all_.append(one)
        yield one


def _lines(screened: Screened, ones: Iterable[_One]) -> Iterator[str]:
    """What is printed of one package: what is not stable as it is found, and a line for all that the budget did not suffice for."""
    path, unknown, stable = screened.package.path, 0, 0
    if screened.complaint:
        yield f"✗  {path}: {screened.complaint}"
    if screened.left_out:
        yield f"–  {path}: {' and '.join(screened.left_out)} ended the process; the others were screened without"
    for one in ones:
        if one.found.kind == "not-known" and one.counts and not one.seen_failing and one.found.test in screened.passed:
            unknown += 1
        elif one.found.kind == "stable":
            stable += 1
        else:
            yield _line(one)
    if unknown:
        yield f"–  {path}: {counted(unknown, 'test')} passed {counted(screened.runs, 'screening run')}, then the budget was used up"
    if stable:
        yield f"✓  {path}: {stable} stable"


def _diagnosed(screened: Screened, setting: Setting, spending: _Spending, most_runs: int, suspicious: int) -> Iterator[_One]:
    path = screened.package.path
    whole = screened.runs == len(SCREENS)
    for test in screened.passed:
        if whole:
            yield _One(
                path, Diagnosis(test, "stable", because=(f"it passed in all of {screened.runs} screening runs",), runs=screened.runs)
            )
        else:
            because = f"it passed in {counted(screened.runs, 'screening run')}; then the budget was used up"
            yield _One(path, Diagnosis(test, "not-known", because=(because,), runs=screened.runs))
    for test in screened.skipped:
        yield _One(path, Diagnosis(test, "not-known", because=("it skipped itself in every run",), runs=screened.runs), counts=False)
    for test, screens in screened.failed.items():
        seen = (
            f"of {counted(screened.runs, 'screening run')} it failed {' · '.join(screens)}"
            if screens
            else "it had no verdict in any screening run"
        )
        budget = spending.left(most_runs)
        if budget is None:
            why = (seen, f"the budget of {spending.budget.words} was used up before its turn")
            yield _One(path, Diagnosis(test, "not-known", because=why, runs=screened.runs), seen_failing=bool(screens))
            continue
        _tell(f"{path} {test}, one of {suspicious} that failed once")
        with guard.scratch("steadygo-test-") as scratch:
            try:
                found, interrupted = diagnose(screened.package, test, setting, scratch, budget, _quiet)
            except UserError as error:
                found, interrupted = Diagnosis(test, "not-known", because=(str(error),)), False
        spending.runs += found.runs
        if interrupted:
            raise KeyboardInterrupt
        kind = "not-known" if found.kind == "stable" and screens else found.kind  # it has failed once
        found = msgspec.structs.replace(found, kind=kind, because=(seen, *found.because))
        yield _One(path, found, suspects(screened.package.directory, found), seen_failing=bool(screens))


def _document(one: _One) -> dict[str, Any]:
    return document(one.package, one.found, one.lines)


def _line(one: _One) -> str:
    found = one.found
    said = "; ".join([headline(found), *others(found), *(f"{s.path}:{s.line}" for s in one.lines[:1])])
    why = f" ({found.because[-1]})" if found.kind == "not-known" and found.because else ""
    return f"{'✗' if one.counts else '–'}  {one.package} {found.test}  {said}{why}"


def _quiet(trying: str, runs: int, known: Sequence[str]) -> None:
    """Progress inside of one diagnosis is not shown."""


def _tell(said: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[2K{said[:100]}", end="", file=sys.stderr, flush=True)
