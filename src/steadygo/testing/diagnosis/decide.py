"""The order of the questions: alone and together, twice, other orders, side by side, the environment, chance.

Every conclusion is repeated before it is stated; what the budget does not suffice for is not known.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from steadygo.errors import UserError
from steadygo.testing.diagnosis import chance, order, screen, together
from steadygo.testing.diagnosis.case import KEPT_FOR_COMMANDS, Case, Found, NotTried, of
from steadygo.testing.diagnosis.probe import Answer, Spent
from steadygo.testing.diagnosis.statistics import passes_needed
from steadygo.testing.diagnosis.trial import Change, Trial

_SHORT_SECONDS = 1.0  # of a whole package: then more of its orders are worth while
_MOST_LEFT_OUT = 3  # tests that end the process before ours has run
_LEFT_BEHIND = frozenset({"TMPDIR", "HOME", "cache"})
_LEFTOVER = 25  # failures in a row after a first pass; at no rate does chance do that in more than 2 of 100 diagnoses
_CERTAIN = frozenset({"order-dependent", "not-idempotent", "factor"})
_AGAIN = 2
_TWICE = 4  # times that the second of two runs must fail after the first has passed


@dataclass(frozen=True)
class Means:
    """What experiments are made of. `names`: the package's top-level tests in source order.

    `cheap`: changes that need no other binary, `variables`: those that the runs so far made known, `dear`: those that are compiled for.
    `likely_first` sorts them.
    """

    names: Sequence[str]
    seeds: order.Seeds
    cheap: Callable[[], tuple[list[Change], list[NotTried]]]
    variables: Callable[[], Iterable[Change]]
    dear: Callable[[], Iterable[Change]]
    likely_first: Callable[[Iterable[Change]], Sequence[Change]]


def decide(case: Case, means: Means) -> Found:
    """Experiment with one test. Raises UserError when there is no such test."""
    try:
        return _decide(case, means)
    except Spent:
        kept = f"; {KEPT_FOR_COMMANDS} of its runs are kept to try a command" if case.runs < case.budget.runs else ""
        case.because.append(f"the budget of {case.budget.words} was used up while trying {case.trying}{kept}")
        return Found("not-known")


def doubted(case: Case, means: Means, found: Found) -> Found:
    """The command of a certain cause has passed: the same found when its trial still fails, twice over; else what chance has made of it."""
    if found.kind not in _CERTAIN or found.rate is not None or found.shown is None:
        return found
    case.trying = "whether it fails each time"
    try:
        failed = case.failures(found.shown, _AGAIN)
        if failed == _AGAIN:
            return found
        case.because.append(f"a command that shows it passed, and then it failed in {of(failed, _AGAIN)}: chance has a part in it")
        return Found("not-known", found.shown) if found.shown.change else _chance_or_unknown(case, means, replace(found.shown, repeat=1))
    except Spent:
        case.because.append(f"a command that shows it passed; the budget of {case.budget.words} did not suffice to look again")
        return Found("not-known", found.shown)


def unknown(test: str, names: Sequence[str]) -> UserError:
    """No such test: with the nearest names."""
    close = difflib.get_close_matches(test, names, 3, 0.5)
    return UserError(
        f"There is no test {test}.", f"Did you mean {' or '.join(close)}?" if close else "`go test -list . PACKAGE` lists them."
    )


def _decide(case: Case, means: Means) -> Found:
    case.trying = "the test alone"
    first = case.ask(case.alone)
    if first.failed is None and not first.ended_by:
        top = _check_name(case, means.names)
        return _never_began(case, top, first)
    second = case.ask(case.alone)
    one = None if first.failed is None or second.failed is None else first.failed + second.failed
    case.because.append(f"alone it failed in {of(one, 2)}")
    if first.skipped:
        case.because.append("it skips itself in this environment, which is no pass")
    if one is None:
        case.because.append(f"{first.ended_by or second.ended_by or 'the process'} ended the process before it had a verdict")
        return Found("not-known", case.alone)
    if one == 1:
        return _unsteady(case, means, first)
    case.trying = "its whole package"
    whole, seen, all_, left_out = _whole(case, means.names, 1 + one // 2)
    if one == 2:
        case.because += _hang(first)
        return _fails_alone(case, means, whole, first, seen, all_)
    if all_:
        return _fails_together(case, means, whole, seen, all_)
    case.passes += 0 if first.skipped else 2 + (all_ == 0)
    return (
        _twice(case, means)
        or _in_other_orders(case, means, whole, left_out, order.FIRST)
        or together.in_process(case, whole, seen)
        or together.two_processes(case, first)
        or _environment(case, means, fails=False)
        or (_only_elsewhere(case) if first.skipped else None)
        or (_in_other_orders(case, means, whole, left_out, order.MORE) if seen.seconds <= _SHORT_SECONDS and not case.strays else None)
        or _stays(case, means)
    )


def _check_name(case: Case, names: Sequence[str]) -> str:
    """The top-level test, which is in the source but did not begin. Raises UserError when there is no such test."""
    top, slash, _ = case.test.partition("/")
    began = case.ask(Trial(tests=(top,))).order if slash else ()
    if top not in names or any(n == top or n.startswith(f"{top}/") for n in began):
        raise unknown(case.test, [n for n in began if "/" in n])
    return top


def _never_began(case: Case, top: str, answer: Answer) -> Found:
    how = f"was stopped after {answer.hung_after:g} s" if answer.hung_after else f"ended {answer.ended}".rstrip()
    case.because.append(f"the process {how} before {top} began: look at TestMain and at what is initialized before it")
    return Found("not-known", case.alone)


def _hang(answer: Answer) -> list[str]:
    return ["it did not end by itself and was stopped (-- -timeout=5m gives it more time)"] if answer.hung_after else []


def _whole(case: Case, names: Sequence[str], times: int) -> tuple[Trial, Answer, int | None, list[str]]:
    """So many runs of everything, two where the first fails, without the tests that end the process before ours has a verdict."""
    left_out: list[str] = []
    trial = Trial()
    while True:
        answer = case.ask(trial)
        crasher = answer.ended_by.partition("/")[0]
        if answer.failed is not None or not crasher or crasher in left_out or len(left_out) == _MOST_LEFT_OUT:
            break
        left_out.append(crasher)
        case.because.append(f"{crasher} ends the process before it has a verdict; {crasher} is left out")
        trial = Trial(tests=tuple(n for n in names if n not in left_out))
    answers = [answer]
    if times > 1 or answer.failed is not False:
        answers.append(case.ask(trial))
    failed = None if None in (a.failed for a in answers) else sum(a.failed is True for a in answers)
    case.because.append(f"with its whole package it failed in {of(failed, len(answers))}")
    return trial, max(answers, key=lambda a: a.failed is True), failed, left_out


def _by_chance(case: Case, means: Means, base: Trial, failed: int, runs: int) -> Found:
    if base.tests != case.alone.tests:
        base, failed, runs = chance.narrowed(case, base, failed, runs)
    return chance.by_chance(case, base, means.cheap()[0], failed, runs)


def _stays(case: Case, means: Means) -> Found:
    found = chance.stays(case, case.alone)
    if found is not None:
        return found
    failed = max(1, case.seen(case.alone)[0])
    return _by_chance(case, means, case.alone, failed, case.passes + failed)


def _only_elsewhere(case: Case) -> Found:
    """It skips itself here: what is known of it comes from changed environments."""
    if not case.passes:
        case.because.append("it skipped itself in every environment tried")
        return Found("not-known")
    case.because.append(f"in changed environments it ran {case.passes} times, and passed")
    return Found("stable")


def _unsteady(case: Case, means: Means, first: Answer) -> Found:
    """It passed once and failed once in the same environment."""
    failed, runs = 1, 2
    if first.failed is False:
        while failed == runs - 1 and failed < _LEFTOVER:
            failed, runs = failed + case.fails(case.alone), runs + 1
        if failed == _LEFTOVER:
            case.because.append(f"the first run passed, the {_LEFTOVER} after it failed: it leaves something behind outside of its process")
            return Found("not-idempotent", replace(case.alone, repeat=2))  # where nothing is left yet, the second run fails
    return together.in_process(case, case.alone, first) or _by_chance(case, means, case.alone, failed, runs)


def _fails_alone(case: Case, means: Means, whole: Trial, first: Answer, seen: Answer, all_: int | None) -> Found:
    if all_ == 0:
        return order.brittle(case, seen) or _chance_or_unknown(case, means, case.alone, whole)
    if all_ == 1:
        return _chance_or_unknown(case, means, case.alone, whole)
    found = together.in_process(case, case.alone, first) or _environment(case, means, fails=True)
    if found is not None:
        return _outlives(case, found) or found
    if case.strays or case.wavers(case.alone):
        return _chance_or_unknown(case, means, case.alone)
    case.because.append(f"it failed in {of(case.failed, case.runs)}, in every environment tried: what fails always is not flaky")
    return Found("not-known", case.alone)


def _outlives(case: Case, found: Found) -> Found | None:
    """A fresh place heals it, and there the second run fails again: it trips over what it left there itself."""
    if found.factor not in _LEFT_BEHIND or found.change is None:
        return None
    twice = replace(case.alone, count=2, change=found.change)
    for _ in range(2):
        if case.ask(twice).verdicts != (False, True):
            return None
    case.because.append(f"with {found.change.words} the second of two runs fails: it trips over what an earlier run left there")
    return Found("not-idempotent", twice, factor=found.factor)


def _chance_or_unknown(case: Case, means: Means, *trials: Trial) -> Found:
    """What order and environment did not explain may be chance: does a trial always do what it did?"""
    case.trying = "whether that was chance"
    for base in sorted(trials, key=lambda trial: not case.wavers(trial)):
        failed, runs = case.seen(base)
        while failed in (0, runs) and runs < passes_needed(chance.LOW, chance.HIGH):
            failed, runs = failed + case.fails(base), runs + 1
        if 0 < failed < runs:
            return _by_chance(case, means, base, failed, runs)
        if case.strays:
            case.because.append(f"it passed once with {' and once with '.join(case.strays)}, and failed when that was repeated")
            return _by_chance(case, means, base, failed, runs + len(case.strays))
        where = "alone" if base == case.alone else "in the order that drew attention"
        case.because.append(
            f"{where} it then {'failed' if failed else 'passed'} in all of {runs} runs: what made the difference is not known"
        )
    return Found("not-known", next((trial for trial in trials if case.seen(trial)[0]), trials[0]))


def _fails_together(case: Case, means: Means, whole: Trial, seen: Answer, failed: int) -> Found:
    found = together.in_process(case, whole, seen)
    if found is None and failed == 2:
        found = order.victim(case, whole, seen, means.names, means.seeds)
    return found or _chance_or_unknown(case, means, case.alone, whole)


def _twice(case: Case, means: Means) -> Found | None:
    case.trying = "the test twice in one process"
    twice = replace(case.alone, count=2)
    answer = case.ask(twice)
    runs = 1
    while answer.verdicts[:2] == (False, True):
        if runs == _TWICE:
            case.because.append(f"the second of two runs in one process (-count=2) failed, {runs} times over")
            return Found("not-idempotent", twice)
        answer, runs = case.ask(twice), runs + 1
    if answer.failed or runs > 1:
        return _by_chance(case, means, twice, runs - 1 + bool(answer.failed), runs)
    case.passes += not answer.skipped
    return None


def _in_other_orders(case: Case, means: Means, whole: Trial, left_out: Sequence[str], which: slice) -> Found | None:
    failing = order.shuffled(case, means.names, left_out, means.seeds, which)
    if failing is None:
        return None
    trial, answer = failing
    found = together.in_process(case, trial, answer) or order.victim(case, trial, answer, means.names, means.seeds)
    return found or _chance_or_unknown(case, means, trial, case.alone)


def _environment(case: Case, means: Means, *, fails: bool) -> Found | None:
    changes, missing = means.cheap()
    case.not_tried += missing
    found = screen.screen(case, case.alone, [*means.variables(), *means.likely_first(changes)], fails=fails)
    found = found or screen.screen(case, case.alone, means.dear(), fails=fails)
    if found is None and not case.strays and not case.wavers(case.alone):
        case.because.append(f"no change of the environment turned its verdict: {', '.join(dict.fromkeys(case.tried))}")
    return found
