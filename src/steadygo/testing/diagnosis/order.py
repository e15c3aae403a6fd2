"""Tests that need other tests, or suffer from them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from steadygo.testing.diagnosis.case import Case, Found, Ordered, counted
from steadygo.testing.diagnosis.minimal import minimal
from steadygo.testing.diagnosis.probe import Answer
from steadygo.testing.diagnosis.trial import Trial

Seeds = Callable[[Sequence[str], str, str, int], Sequence[str]]
"""(tests in source order, the first, the last or "", how many) -> -shuffle seeds: `last` after nearly all, `first` before nearly all."""

_TURNS = 2  # with and without what a brittle test needs
FIRST, MORE = slice(0, 4), slice(4, 12)
"""Orders with nearly every other test before it: a polluter that k cleaners undo shows in one of k + 1."""


def before(case: Case, answer: Answer) -> list[str]:
    """What ran before our test in that run."""
    own = next((n for n in answer.order if n == case.test), case.test)
    return list(answer.order[: answer.order.index(own)]) if own in answer.order else []


def victim(case: Case, trial: Trial, seen: Answer, names: Sequence[str], seeds: Seeds) -> Found | None:
    """It passes alone and failed in this order: something before it leaves a state behind. None: what ran before does not suffice."""
    case.trying = "which tests before it make it fail"
    polluters = minimal(before(case, seen), lambda chosen: case.fails(trial.only(*chosen, case.test)))
    if not polluters:
        case.because.append("the tests before it do not suffice to make it fail")
        return None
    least, sure = trial.only(*polluters, case.test), True  # the search ended with a run in which this one made it fail
    if trial.seed == "off" or len(polluters) > 1:
        sure = case.fails(least)
    elif _in_order([*polluters, case.test], names) and case.fails(replace(least, seed="off")):
        least = replace(least, seed="off")
    known = len(case.because)
    cleaners, both = _cleaners(case, polluters, trial, seen, seeds) if sure else ((), False)
    if not sure or (not both and case.ask(case.alone).failed is not False):
        case.because[known:] = [f"after {_and(polluters)} it failed only sometimes"]
        return None
    case.because.insert(known, f"after {_and(polluters)} it failed each time, and without never")
    return Found("order-dependent", least, "victim", tuple(polluters), cleaners)


def _cleaners(case: Case, polluters: Sequence[str], trial: Trial, seen: Answer, seeds: Seeds) -> tuple[tuple[str, ...], bool]:
    """The first test found that, run between them, makes it pass; and whether the search saw it pass and fail. One order is tried."""
    case.trying = "which test in between would clean up"
    if len(polluters) > 1 or "/" in case.test:
        return (), False
    polluter = polluters[0]
    if not _passed(case, polluter):
        for seed in seeds(seen.order, polluter, case.test, 1):
            case.ask(replace(trial, seed=seed))
    useless = {name for run in case.orders if run.failed for name in _between(case, polluter, run)}
    clean = [(run, _between(case, polluter, run)) for run in _passed(case, polluter)]
    if not clean:
        if useless:
            case.because.append(f"with {counted(len(useless), 'test')} in between it still failed: none of them cleans up")
        return (), False
    run, between = min(clean, key=lambda one: len(set(one[1]) - useless))
    failed: list[bool] = []

    def cleans(chosen: Sequence[str]) -> bool:
        passed = case.ask(run.trial.only(polluter, *chosen, case.test)).failed is False
        failed.append(not passed)
        return passed

    hopeful = [name for name in between if name not in useless]
    if len(hopeful) < len(between) and not cleans(hopeful):
        hopeful = between  # a second polluter made a cleaner look useless
    cleaners = minimal(hopeful, cleans)
    if cleaners:  # the last question of the search was whether these clean up
        case.because.append(
            f"with {_and(cleaners)} in between it passed" + (f" (-shuffle={run.trial.seed})" if run.trial.seed != "off" else "")
        )
    return tuple(cleaners), any(failed)


def _passed(case: Case, polluter: str) -> list[Ordered]:
    """Runs in which it passed although the polluter had run before it."""
    return [run for run in case.orders if not run.failed and _between(case, polluter, run)]


def _between(case: Case, polluter: str, run: Ordered) -> list[str]:
    """What ran after the polluter and before our test."""
    if polluter not in run.order or case.test not in run.order:
        return []
    return list(run.order[run.order.index(polluter) + 1 : run.order.index(case.test)])


def brittle(case: Case, seen: Answer) -> Found | None:
    """It fails alone and passed in this run of its package: it needs a state that something before it sets."""
    case.trying = "which tests before it set what it needs"

    def passes(chosen: Sequence[str]) -> bool:
        return case.ask(Trial().only(*chosen, case.test)).failed is False

    setters = minimal(before(case, seen), passes)
    if not setters:
        case.because.append("the tests before it do not suffice to make it pass")
        return None
    if not all(passes(setters) and case.fails(case.alone) for _ in range(_TURNS)):
        case.because.append(f"after {_and(setters)} it passed only sometimes")
        return None
    case.because.append(f"after {_and(setters)} it passed each time: that sets what it needs")
    return Found("order-dependent", case.alone, "brittle", cleaners=tuple(setters))


def shuffled(case: Case, names: Sequence[str], left_out: Sequence[str], seeds: Seeds, which: slice) -> tuple[Trial, Answer] | None:
    """Orders in which our test comes late. The first that made it fail, and its answer; None: it passed."""
    case.trying = "other orders of its package"
    tops = [n for n in names if n not in left_out]
    chosen = list(seeds(names, "", case.test.partition("/")[0], which.stop))[which] if len(names) > 1 else []
    for seed in chosen:
        trial = Trial(tests=tuple(tops) if left_out else None, seed=seed)
        answer = case.ask(trial)
        if answer.failed is True:
            case.because.append(f"with its package in the order of -shuffle={seed} it failed")
            return trial, answer
        case.passes += answer.failed is False and not answer.skipped
    if chosen:
        case.because.append(f"in {len(chosen)} other orders of its package it passed")
    return None


def _in_order(tests: Sequence[str], names: Sequence[str]) -> bool:
    """Whether these, subtests aside, stand in the source in this order."""
    places = [names.index(t) if t in names else -1 for t in tests]
    return places == sorted(places)


def _and(names: Sequence[str]) -> str:
    return " and ".join(names)
