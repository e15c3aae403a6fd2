"""One diagnosis in the making: the budget, what was tried, what is known so far."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import msgspec

from steadygo.testing.diagnosis.probe import Answer, Spent
from steadygo.testing.diagnosis.trial import Change, Trial

KEPT_FOR_COMMANDS = 2  # runs that stay for trying the commands that are printed
_GRACE_SECONDS = 10.0  # what has begun in time may end


class NotTried(msgspec.Struct, frozen=True):
    """A factor that could not be examined here, and why."""

    factor: str
    because: str


class Diagnosis(msgspec.Struct, frozen=True):
    """What was found. `kind`: order-dependent not-idempotent parallel factor nondeterministic stable not-known.

    `polluters` make a victim fail, or run beside it; `cleaners` make a polluted victim pass, or set what a brittle test needs.
    `rate`: the share of failures that was seen, where it fails by chance. `reproduce` is a plain command, `steadygo` the same by
    steadygo; "" without one. `runs` counts processes of the test binary, those of the printed commands included.
    """

    test: str
    kind: str
    role: str = ""
    polluters: tuple[str, ...] = ()
    cleaners: tuple[str, ...] = ()
    factor: str = ""
    because: tuple[str, ...] = ()
    reproduce: str = ""
    runs: int = 0
    steadygo: str = ""
    rate: float | None = None
    tried: tuple[str, ...] = ()
    not_tried: tuple[NotTried, ...] = ()


@dataclass(frozen=True)
class Found:
    """A conclusion: `shown` is the trial that makes the test fail, `change` the change of the environment that turns its verdict."""

    kind: str
    shown: Trial | None = None
    role: str = ""
    polluters: tuple[str, ...] = ()
    cleaners: tuple[str, ...] = ()
    factor: str = ""
    rate: float | None = None
    change: Change | None = None


@dataclass(frozen=True)
class Ordered:
    """A run that changed nothing but which tests ran in which order, and had a verdict."""

    trial: Trial
    order: tuple[str, ...]
    failed: bool
    seconds: float


@dataclass(frozen=True)
class Budget:
    """How much may be spent."""

    runs: int
    minutes: float = float("inf")

    @property
    def words(self) -> str:
        if self.minutes == float("inf"):
            return counted(self.runs, "run")
        time_ = f"{self.minutes:.3g} {'minute' if self.minutes == 1 else 'minutes'}" if self.minutes >= 1 else f"{60 * self.minutes:.0f} s"
        return f"{counted(self.runs, 'run')} or {time_}"


Tell = Callable[[str, int, Sequence[str]], None]
"""(what is being tried, runs spent, what is known so far)."""


def _silent(trying: str, runs: int, known: Sequence[str]) -> None:
    pass


@dataclass
class Case:
    """`ask_once` carries out a trial. `passes` counts runs that changed nothing that matters and passed.

    `failed` counts those runs in which it failed, whatever was changed.
    `orders` are the runs so far that differ in their tests and their order only.
    `strays` are changes with which the verdict turned once and not again.
    `hung_after`: the longest that a failing run was waited for before it was stopped, 0 when none was.
    """

    ask_once: Callable[[Trial], Answer]
    test: str
    budget: Budget
    tell: Tell = _silent
    runs: int = 0
    failed: int = 0
    because: list[str] = field(default_factory=list)
    tried: list[str] = field(default_factory=list)
    not_tried: list[NotTried] = field(default_factory=list)
    passes: int = 0
    orders: list[Ordered] = field(default_factory=list)
    strays: list[str] = field(default_factory=list)
    trying: str = ""
    hung_after: float = 0.0
    _began: float = field(default_factory=time.monotonic)

    @property
    def left(self) -> int:
        """Runs that may still be spent."""
        return max(0, self.budget.runs - KEPT_FOR_COMMANDS - self.runs)

    @property
    def until(self) -> float:
        """When what still runs is stopped, by the monotonic clock."""
        return self._began + 60 * self.budget.minutes + _GRACE_SECONDS

    @property
    def command_seconds(self) -> float:
        """How long a command may be tried; a short one always."""
        return max(_GRACE_SECONDS, self.until - time.monotonic())

    @property
    def alone(self) -> Trial:
        """Nothing but the test."""
        return Trial(tests=(self.test,))

    def ask(self, trial: Trial) -> Answer:
        """One run. Raises Spent, or CannotTry."""
        minutes = (time.monotonic() - self._began) / 60
        if not self.left or minutes >= self.budget.minutes:
            raise Spent
        self.tell(self.trying, self.runs, self.because)
        try:
            answer = self.ask_once(trial)
        except Spent:
            self.runs += 1
            raise
        self.runs += 1
        if answer.failed:
            self.failed += 1
            self.hung_after = max(self.hung_after, answer.hung_after)
        if answer.failed is not None and not answer.skipped and trial == Trial(tests=trial.tests, seed=trial.seed):
            self.orders.append(Ordered(trial, answer.order, answer.failed, answer.seconds))
        return answer

    def seen(self, trial: Trial) -> tuple[int, int]:
        """Failures and runs of this very trial so far, where only tests and order differ from others; runs without a verdict left out."""
        verdicts = [run.failed for run in self.orders if run.trial == trial]
        return sum(verdicts), len(verdicts)

    def wavers(self, trial: Trial) -> bool:
        """Whether this very trial has failed and passed."""
        failed, runs = self.seen(trial)
        return 0 < failed < runs

    def failures(self, trial: Trial, times: int) -> int | None:
        """How often it fails in so many runs; None when it had no verdict in one."""
        answers = [self.ask(trial).failed for _ in range(times)]
        return None if None in answers else sum(map(bool, answers))

    def fails(self, trial: Trial) -> bool:
        """Whether it fails in one run; without a verdict it does not."""
        return self.ask(trial).failed is True


def counted(number: int, what: str) -> str:
    """A number of things."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def of(failures: int | None, runs: int) -> str:
    """Both numbers, for a sentence."""
    return f"{failures} of {counted(runs, 'run')}" if failures is not None else "a run without a verdict"
