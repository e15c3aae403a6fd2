"""Why a test fails now and then, found by experiment: order first, then itself twice, then the environment, then chance.

Every conclusion is repeated before it is stated; what the budget does not suffice for is not known.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import msgspec

from steadygo.testing.minimal import minimal
from steadygo.testing.trial import Answer, Factor, Trial

_SHUFFLES = 8  # a victim with one polluter comes after it in half of all orders: 8 miss it once in 256
_REPEATS = 29  # a failure in one of ten runs shows in 29 with 95 %: n ≥ ln(1−C)/ln(1−p)
_FACTORS = (
    Factor("TZ", "America/St_Johns"),
    Factor("TZ", "Asia/Kathmandu"),
    Factor("TZ", "UTC"),
    Factor("GOMAXPROCS", "1"),
    Factor("GOMAXPROCS", "8"),
    Factor("umask", "0077"),
    Factor("umask", "0002"),
    Factor("LC_ALL", "C"),
    Factor("LC_ALL", "de_DE.UTF-8"),
)


class Diagnosis(msgspec.Struct, frozen=True):
    """`kind`: order-dependent not-idempotent factor nondeterministic stable not-known. `reproduce`: a plain command, "" without one."""

    test: str
    kind: str
    role: str = ""
    polluters: tuple[str, ...] = ()
    cleaners: tuple[str, ...] = ()
    factor: str = ""
    because: tuple[str, ...] = ()
    reproduce: str = ""
    runs: int = 0


class _Spent(Exception):
    """The budget is used up."""


@dataclass
class _Case:
    """One diagnosis in the making."""

    ask_once: Callable[[Trial], Answer]
    command: Callable[[Trial], str]
    test: str
    most_runs: int
    runs: int = 0
    because: list[str] = field(default_factory=list)

    @property
    def top(self) -> str:
        return self.test.partition("/")[0]

    def ask(self, trial: Trial) -> Answer:
        if self.runs >= self.most_runs:
            raise _Spent
        self.runs += 1
        return self.ask_once(trial)

    def failures(self, trial: Trial, times: int) -> int | None:
        """How often it fails in so many runs; None when it had no verdict in one."""
        answers = [self.ask(trial).failed for _ in range(times)]
        return None if None in answers else sum(map(bool, answers))

    def say(self, kind: str, trial: Trial | None = None, **more: object) -> Diagnosis:
        reproduce = self.command(trial) if trial else ""
        return msgspec.convert(
            {"test": self.test, "kind": kind, "because": self.because, "reproduce": reproduce, "runs": self.runs, **more}, Diagnosis
        )


def diagnose(
    ask: Callable[[Trial], Answer], command: Callable[[Trial], str], test: str, variables: Callable[[], Sequence[Factor]], most_runs: int
) -> Diagnosis:
    """Experiment with one test. `command` writes a trial as a plain command; `variables`: changes of what its package asks for."""
    case = _Case(ask, command, test, most_runs)
    try:
        return _diagnose(case, variables)
    except _Spent:
        case.because.append(f"the budget of {most_runs} runs was used up")
        return case.say("not-known")


def _diagnose(case: _Case, variables: Callable[[], Sequence[Factor]]) -> Diagnosis:
    alone, everything = Trial().only(case.top), Trial()
    one, all_ = case.failures(alone, 2), case.failures(everything, 2)
    case.because += [f"alone it failed in {_of(one, 2)}", f"with its whole package it failed in {_of(all_, 2)}"]
    if one is None or (all_ is None and one):
        case.because.append("the process ended before it had a verdict")
        return case.say("not-known")
    if one == 1:
        return case.say("nondeterministic", alone)
    if one == 2 and all_ == 0:
        return _brittle(case)
    if one == 2:
        return _factor(case, alone, variables, fails=True) or case.say("not-known", alone)
    if all_ == 2:
        return _victim(case, everything)
    if all_ == 1:
        return case.say("nondeterministic", everything)
    twice = Trial(count=2).only(case.top)
    answer = case.ask(twice)
    if answer.failed and case.ask(twice).failed:
        case.because.append("the second of two runs in one process (-count=2) failed, twice over")
        return case.say("not-idempotent", twice)
    return _shuffled(case) or _factor(case, alone, variables, fails=False) or _chance(case, alone)


def _of(failures: int | None, runs: int) -> str:
    return f"{failures} of {runs} runs" if failures is not None else "a run without a verdict"


def _shuffled(case: _Case) -> Diagnosis | None:
    for seed in range(1, _SHUFFLES + 1):
        trial = Trial(seed=str(seed))
        if not case.ask(trial).failed:
            continue
        case.because.append(f"with its whole package in the order of -shuffle={seed} it failed")
        if case.ask(trial).failed:
            return _victim(case, trial)
        case.because.append("in the same order again it passed")
        return case.say("nondeterministic", trial)
    case.because.append(f"in {_SHUFFLES} orders of its whole package it passed")
    return None


def _before(case: _Case, trial: Trial) -> list[str]:
    order = case.ask(trial).order
    return list(order[: order.index(case.top)]) if case.top in order else []


def _victim(case: _Case, trial: Trial) -> Diagnosis:
    """It passes alone and fails in this order: something before it leaves a state behind."""
    before = _before(case, trial)
    if not before or not case.ask(trial.only(*before, case.top)).failed:
        case.because.append("the tests before it do not suffice to make it fail")
        return case.say("not-known", trial)
    polluters = minimal(before, lambda chosen: case.ask(trial.only(*chosen, case.top)).failed is True)
    least = trial.only(*polluters, case.top)
    if case.failures(least, 2) != 2:
        case.because.append(f"after {', '.join(polluters)} it failed only sometimes")
        return case.say("not-known", trial)
    case.because.append(f"after {' and '.join(polluters)} alone it failed each time")
    return case.say("order-dependent", least, role="victim", polluters=polluters)


def _brittle(case: _Case) -> Diagnosis:
    """It fails alone and passes with its package: it needs a state that something before it sets."""
    before = _before(case, Trial())
    if not before or case.ask(Trial().only(*before, case.top)).failed is not False:
        case.because.append("the tests before it do not suffice to make it pass")
        return case.say("not-known", Trial().only(case.top))
    setters = minimal(before, lambda chosen: case.ask(Trial().only(*chosen, case.top)).failed is False)
    case.because.append(f"after {' and '.join(setters)} it passed: that sets what it needs")
    return case.say("order-dependent", Trial().only(case.top), role="brittle", cleaners=setters)


def _factor(case: _Case, base: Trial, variables: Callable[[], Sequence[Factor]], *, fails: bool) -> Diagnosis | None:
    """A change of the environment that turns its verdict each of three times, while it stays what it is without."""
    tried = (*_FACTORS, *variables())
    for factor in tried:
        trial = Trial(base.tests, base.seed, base.count, factor)
        if case.ask(trial).failed is not (not fails):
            continue
        turned = case.failures(trial, 2)
        if turned != (0 if fails else 2) or case.failures(base, 2) != (2 if fails else 0):
            continue
        with_it, without = ("passed", "failed") if fails else ("failed", "passed")
        case.because.append(f"with {factor.words} it {with_it} in 3 of 3 runs, without it {without} each time")
        return case.say("factor", base if fails else trial, factor=factor.name)
    case.because.append(f"none of {len(tried)} changes of the environment turned its verdict")
    return None


def _chance(case: _Case, base: Trial) -> Diagnosis:
    for number in range(1, _REPEATS + 1):
        if case.ask(base).failed:
            case.because.append(f"alone, in the same environment, it failed in run {number} of {number}")
            return case.say("nondeterministic", base)
    case.because.append(f"alone it passed {_REPEATS} more times: a failure in one of ten runs would have shown with 95 %")
    return case.say("stable")
