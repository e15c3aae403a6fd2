"""Which change of the environment turns the verdict: each is tried once, and what turns is repeated beside runs without it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from steadygo.testing.diagnosis.case import Case, Found, NotTried
from steadygo.testing.diagnosis.probe import CannotTry
from steadygo.testing.diagnosis.statistics import Sprt, at_least, fisher, reruns
from steadygo.testing.diagnosis.trial import Change, Trial

_MOST = 16  # repetitions of one change
_LEAST = 4
_CHANCE = 0.001
_STRAYS = 2  # verdicts that turned once and not again: more of them are chance, whatever is changed


def screen(case: Case, base: Trial, changes: Iterable[Change], *, fails: bool) -> Found | None:
    """`fails`: what it does without a change. Changes that cannot be carried out are noted, and verdicts that turned only once."""
    for change in changes:
        if len(case.strays) >= _STRAYS:
            return None
        case.trying = change.words
        trial = replace(base, change=change)
        try:
            answer = case.ask(trial)
        except CannotTry as error:
            case.not_tried.append(NotTried(change.factor, f"{change.words}: {error}"))
            continue
        if change.factor not in case.tried:
            case.tried.append(change.factor)
        if answer.skipped or answer.failed is not (not fails):
            case.passes += answer.failed is False
            continue
        found = _confirmed(case, base, trial, change, fails)
        if found is not None:
            return found
        if case.wavers(base):
            return None
        case.strays.append(change.words)
    return None


def _confirmed(case: Case, base: Trial, trial: Trial, change: Change, fails: bool) -> Found | None:
    """The run that drew attention is not counted: among many changes one turns by chance."""
    with_it, without = Sprt(0.05, 0.5), Sprt(0.1, 0.9)
    turned = runs = without_runs = 0
    while with_it.verdict is None or without.verdict is None or runs < _LEAST:
        if with_it.verdict is None or runs < _LEAST:
            now = case.ask(trial).failed is (not fails)
            turned, runs = turned + now, runs + 1
            with_it.add(now)
        if with_it.verdict is False:
            return None
        if without.verdict is None:
            if case.ask(base).failed is (not fails):
                return None
            without_runs += 1
            without.add(False)
    while turned < runs and fisher(turned, runs, 0, without_runs) > _CHANCE:
        if runs >= _MOST:
            return None
        turned, runs, without_runs = turned + (case.ask(trial).failed is (not fails)), runs + 1, without_runs + 1
        if case.ask(base).failed is (not fails):
            return None
    verb, other = ("passed", "failed") if fails else ("failed", "passed")
    case.because.append(
        f"with {change.words} it {verb} in {turned + 1} of {runs + 1} runs, without that it {other} in {without_runs} of {without_runs}"
    )
    if fails:
        return Found("factor", replace(base, change=_unchanged(change)), factor=change.factor, change=change)
    if turned == runs:
        return Found("factor", trial, factor=change.factor, change=change)
    rate = turned / runs
    shown = replace(trial, repeat=reruns(at_least(turned, runs), 0.99))
    return Found("factor", shown, factor=change.factor, rate=rate, change=change)


def _unchanged(change: Change) -> Change | None:
    """What spells the environment as it is, where it makes the test fail."""
    return Change(change.factor, f"{change.factor} as it is", change.unchanged) if change.unchanged != "{}" else None
