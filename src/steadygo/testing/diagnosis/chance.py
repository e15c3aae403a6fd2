"""Tests that fail by chance: how often, and what makes it more likely."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from steadygo.testing.diagnosis.case import Case, Found, of
from steadygo.testing.diagnosis.probe import CannotTry
from steadygo.testing.diagnosis.statistics import at_least, discoveries, fisher, passes_needed, reruns
from steadygo.testing.diagnosis.trial import Change, Trial

LOW, HIGH = 0.005, 0.10
_ENOUGH_FAILURES, _MOST = 5, 30
_ARM = 12
_CERTAIN, _MORE_THAN_CERTAIN = 0.99, 0.9999
_MOST_COUNT = 2000
_MOST_PROCESSES = 200
_SECONDS = 20.0
_RACE = re.compile(r"^WARNING: DATA RACE$", re.MULTILINE)
_FRAME = re.compile(r"^      (/\S+\.go:\d+)", re.MULTILINE)
RACE = Change("race", "-race", build=("-race",))


def stays(case: Case, base: Trial) -> Found:
    """It never failed so far: run it until a failure in one of ten runs would have shown, then call it stable."""
    case.trying = "whether it fails by chance"
    needed = passes_needed(LOW, HIGH)
    while case.passes < needed:
        if case.fails(base):
            case.because.append(f"in the same environment it failed once, after {case.passes} runs in which it passed")
            return by_chance(case, base, 1, case.passes + 1)
        case.passes += 1
    case.because.append(f"it passed in {case.passes} runs that change nothing that matters: one failure in ten runs would have shown")
    return Found("stable")


def by_chance(case: Case, base: Trial, failed: int = 0, runs: int = 0) -> Found:
    """Measure the rate, and find a command that shows it almost surely. `failed` of `runs` have been seen already."""
    case.trying = "how often it fails"
    slowest = 0.0
    while failed < _ENOUGH_FAILURES and runs < _MOST:
        answer = case.ask(base)
        failed, runs, slowest = failed + (answer.failed is True), runs + 1, max(slowest, answer.seconds)
    rate = failed / runs
    case.because.append(f"it failed in {of(failed, runs)}: {reruns(rate)} reruns show it with 95 %")
    shown = _repeated(case, base, at_least(failed, runs), slowest)
    case.because += races(case, base)
    return Found("nondeterministic", shown, rate=rate)


def _repeated(case: Case, base: Trial, rate: float, seconds: float) -> Trial:
    """Repetitions in one process where those fail too, else a process each."""
    case.trying = "whether repetitions in one process show it"
    affordable = max(1, min(_MOST_COUNT, int(_SECONDS / max(seconds, 0.001))))
    count = min(affordable, reruns(rate, _CERTAIN))
    verdicts = case.ask(replace(base, count=base.count * count)).verdicts if count > 1 else ()
    if not any(verdicts):
        return replace(base, repeat=min(_MOST_PROCESSES, reruns(rate, _CERTAIN)))
    seen = at_least(sum(verdicts), len(verdicts))
    surely = reruns(seen, _MORE_THAN_CERTAIN)
    return replace(base, count=base.count * (surely if surely <= affordable else min(_MOST_COUNT, reruns(seen, _CERTAIN))))


def races(case: Case, base: Trial) -> list[str]:
    """What the race detector says, as sentences."""
    case.trying = "the race detector"
    try:
        answer = case.ask(replace(base, change=RACE))
    except CannotTry as error:
        return [f"the race detector could not be asked: {error}".splitlines()[0]]
    if not _RACE.search(answer.output):
        return ["the race detector saw nothing"]
    lines = list(dict.fromkeys(_FRAME.findall(answer.output)))[:4]
    return [f"the race detector sees a data race: {', '.join(lines)}"]


def likelier(case: Case, base: Trial, changes: Iterable[Change], failed: int, runs: int) -> list[str]:
    """Factors that change the rate, where that is no chance."""
    arms = []
    for change in changes:
        trial = replace(base, change=change)
        case.trying = f"how often it fails with {change.words}"
        arms.append((change, sum(case.fails(trial) for _ in range(_ARM))))
    stand = discoveries([fisher(f, _ARM, failed, runs) for _, f in arms])
    return [f"with {c.words} it failed in {of(f, _ARM)}" for (c, f), named in zip(arms, stand, strict=True) if named]
