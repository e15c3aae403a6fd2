"""Tests that fail by chance: how often, and what makes it more likely."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from steadygo.testing.diagnosis.case import Case, Found, NotTried, of
from steadygo.testing.diagnosis.probe import CannotTry, Spent
from steadygo.testing.diagnosis.statistics import at_least, discoveries, fisher, passes_needed, reruns
from steadygo.testing.diagnosis.trial import Change, Trial

LOW, HIGH = 0.005, 0.10
_ENOUGH_FAILURES, _MOST = 5, 30
_RAISING = frozenset({"GOMAXPROCS", "cpu count", "cpu throttling"})
_ROUNDS = 2
_TIMES, _FALSE_SHARE = 2.0, 0.01
_CERTAIN, _MORE_THAN_CERTAIN = 0.99, 0.9999
_MOST_COUNT = 2000
_MOST_PROCESSES = 200
_SECONDS = 20.0
_RACE = re.compile(r"^WARNING: DATA RACE$", re.MULTILINE)
_FRAME = re.compile(r"^      (/\S+\.go:\d+)", re.MULTILINE)
RACE = Change("race", "-race", build=("-race",))


def stays(case: Case, base: Trial) -> Found | None:
    """Run it until a failure in one of ten runs would have shown, then call it stable. None: it failed, now or before."""
    case.trying = "whether it fails by chance"
    needed, passed = passes_needed(LOW, HIGH), 0 if case.strays else case.passes
    while passed < needed and not case.wavers(base):
        if case.fails(base):
            case.because.append(f"in the same environment it failed once, after {passed} runs in which it passed")
            return None
        passed, case.passes = passed + 1, case.passes + 1
    if case.strays:
        case.because.append(f"it failed once with {' and once with '.join(case.strays)}, and passed when that was repeated")
    if case.strays or case.wavers(base):
        return None
    case.because.append(f"it passed in {passed} runs that change nothing that matters: one failure in ten runs would have shown")
    return Found("stable")


def narrowed(case: Case, base: Trial, failed: int, runs: int) -> tuple[Trial, int, int]:
    """The test alone, with failures and repetitions in one process, where it fails by chance there too; else what was given.

    The first repetition does not count: later ones may fail for what it left behind, but not now and then.
    """
    case.trying = "whether it fails by chance alone"
    count = min(_affordable(_slowest(case, case.alone)), reruns(at_least(failed, runs), _CERTAIN))
    try:
        later = case.ask(replace(case.alone, count=count + 1)).verdicts[1:]
    except Spent:
        later = ()
    return (case.alone, sum(later), len(later)) if 0 < sum(later) < len(later) else (base, failed, runs)


def _slowest(case: Case, trial: Trial) -> float:
    """Seconds of the longest run of this very trial so far, 0 where there was none."""
    return max((run.seconds for run in case.orders if run.trial == trial), default=0.0)


def _affordable(seconds: float) -> int:
    """Repetitions of what takes so long, in one process."""
    return max(1, min(_MOST_COUNT, int(_SECONDS / max(seconds, 0.001))))


def by_chance(case: Case, base: Trial, changes: Iterable[Change], failed: int, runs: int) -> Found:
    """Measure the rate, look for what raises it, and find a command that shows it almost surely. `failed` of `runs` have been seen."""
    case.trying = "how often it fails"
    slowest = _slowest(case, base)
    while failed < _ENOUGH_FAILURES and runs < _MOST:
        answer = case.ask(base)
        failed, runs, slowest = failed + (answer.failed is True), runs + 1, max(slowest, answer.seconds)
    rate = failed / runs
    case.because.append(f"it failed in {of(failed, runs)}: at that rate {reruns(rate)} reruns show it with 95 %")
    found = Found("nondeterministic", replace(base, repeat=_processes(at_least(failed, runs))), rate=rate)
    try:
        shown, repetitions = _repeated(case, base, at_least(failed, runs), slowest)
        found = replace(found, shown=shown)
        raced = _raced(case, base)
        if raced is not None:
            return replace(found, shown=raced, factor="race")
        return _likelier(case, found, [c for c in changes if c.factor in _RAISING], repetitions)
    except Spent:
        case.because.append(f"the budget of {case.budget.words} was used up while trying {case.trying}")
        return found


def _processes(rate: float) -> int:
    return min(_MOST_PROCESSES, reruns(rate, _CERTAIN))


def _repeated(case: Case, base: Trial, rate: float, seconds: float) -> tuple[Trial, tuple[bool, ...]]:
    """Repetitions in one process where those fail too, else a process each; and the verdicts of those in one process."""
    case.trying = "whether repetitions in one process show it"
    affordable = _affordable(seconds)
    count = min(affordable, reruns(rate, _CERTAIN))
    verdicts = case.ask(replace(base, count=base.count * count)).verdicts if count > 1 else ()
    if not any(verdicts):
        return replace(base, repeat=_processes(rate)), ()
    seen = at_least(sum(verdicts), len(verdicts))
    surely = reruns(seen, _MORE_THAN_CERTAIN)
    return replace(base, count=base.count * (surely if surely <= affordable else min(_MOST_COUNT, reruns(seen, _CERTAIN)))), verdicts


def _raced(case: Case, base: Trial) -> Trial | None:
    """The trial in which the race detector sees a data race."""
    case.trying = "the race detector"
    trial = replace(base, change=RACE)
    try:
        answer = case.ask(trial)
    except CannotTry as error:
        case.not_tried.append(NotTried("race", str(error)))
        return None
    case.tried.append("race")
    if not _RACE.search(answer.output):
        return None
    lines = list(dict.fromkeys(_FRAME.findall(answer.output)))[:4]
    case.because.append(f"the race detector sees a data race: {', '.join(lines)}")
    return trial


def _likelier(case: Case, found: Found, changes: Iterable[Change], verdicts: Sequence[bool]) -> Found:
    """Name the factor that changes the rate most, where that is no chance; and show the failure with it where it raises the rate.

    Repetitions in one process are compared with as many in one process; where those show nothing the rates are not compared.
    """
    if not verdicts or found.shown is None:
        return found
    arms: list[tuple[Change, int, int]] = []
    base = replace(found.shown, count=len(verdicts))
    for change in changes:
        case.trying = f"how often it fails with {change.words}"
        seen = [v for _ in range(_ROUNDS) for v in case.ask(replace(base, change=change)).verdicts]
        case.tried.append(change.factor)
        if seen:
            arms.append((change, sum(seen), len(seen)))
    verdicts = [*verdicts, *case.ask(base).verdicts]
    failed, runs = sum(verdicts), len(verdicts)
    chances = [fisher(f, n, failed, runs) for _, f, n in arms]
    stand = [i for i, named in enumerate(discoveries(chances, _FALSE_SHARE)) if named and _differ(arms[i][1] / arms[i][2], failed / runs)]
    for i in stand:
        change, f, n = arms[i]
        case.because.append(f"with {change.words} {f} of {n} repetitions failed, without {failed} of {runs}")
    if not stand:
        return found
    change, f, n = arms[min(stand, key=lambda i: chances[i])]
    if f / n <= failed / runs:
        return replace(found, factor=change.factor, change=change)
    return replace(found, factor=change.factor, change=change, shown=replace(found.shown, change=change))


def _differ(one: float, other: float) -> bool:
    """Enough to matter, not only enough to be measured."""
    return max(one, other) >= _TIMES * min(one, other)
