"""A test that fails by chance, at any rate, hardly ever gets the name of a certain cause; and one that often fails is called what it is."""

from __future__ import annotations

import math
import random
import re
from collections import Counter
from collections.abc import Collection, Sequence
from functools import cache
from itertools import permutations

import pytest

from steadygo.testing.diagnosis.case import Budget, Case, Diagnosis, Found
from steadygo.testing.diagnosis.chance import by_chance
from steadygo.testing.diagnosis.decide import Means, decide, doubted
from steadygo.testing.diagnosis.probe import Answer
from steadygo.testing.diagnosis.reproduce import Commands, conclude
from steadygo.testing.diagnosis.trial import Change, Trial, variable

NAMES = ("TestA", "TestB", "TestC", "TestD", "TestX")
ORDERS = {str(n): "".join(p) + "X" for n, p in enumerate(permutations("DCBA"), 1)}
CHANGES = [variable(name, "1") for name in ("TZ", "GOMAXPROCS", "LC_ALL", "LANG", *(f"V{n}" for n in range(20)))]
DEAR = [Change("race", "-race", build=("-race",)), Change("working directory", "a copy", place="copy/elsewhere")]
TIMES = 400
LEAST = {0.02: 0.5, 0.05: 0.8, 0.9: 0.93, 0.95: 0.7, 0.98: 0.35}
"""Shares that are called nondeterministic, 95 % at other rates; the rest has not failed, or not passed, in all the runs."""


def _coin(rate: float, chance: random.Random) -> Diagnosis:
    def ask(trial: Trial) -> Answer:
        chosen = trial.tests or NAMES
        order = tuple(f"Test{c}" for c in ORDERS.get(trial.seed, "ABCDX") if f"Test{c}" in chosen)
        verdicts = tuple(chance.random() < rate for _ in range(trial.count * trial.copies))
        return Answer(any(verdicts), order, verdicts=verdicts, seconds=0.1, own_seconds=0.1)

    means = Means(NAMES, lambda _order, _first, _last, wanted: list(ORDERS)[:wanted], lambda: (CHANGES, []), tuple, lambda: DEAR, list)
    case = Case(ask, "TestX", Budget(150))

    def run(line: str) -> bool:
        return any(chance.random() < rate for _ in range(math.prod(map(int, re.findall(r"(?:-count=|seq )(\d+)", line)))))

    return conclude(case, decide(case, means), Commands("p", "go", (), run), lambda found: doubted(case, means, found))


@pytest.mark.parametrize("rate", [0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95, 0.98])
def test_chance_gets_no_certain_name(rate: float) -> None:
    chance = random.Random(7)
    found = [_coin(rate, chance) for _ in range(TIMES)]
    kinds = Counter(one.kind for one in found)
    wrong = kinds.total() - kinds["nondeterministic"] - kinds["stable"] - kinds["not-known"]
    assert wrong <= 0.023 * TIMES, kinds
    assert kinds["nondeterministic"] >= LEAST.get(rate, 0.95) * TIMES, kinds
    named = [one for one in found if one.kind == "nondeterministic"]
    assert all(one.rate for one in named)
    assert sum("-run=^TestX$" in one.reproduce for one in named) >= 0.85 * len(named)  # the test alone, not its package
    if rate > 0.9:  # it never passed: that is all that can be said
        assert all("what fails always" in " ".join(one.because) for one in found if one.kind == "not-known")


def test_a_slow_test_that_seldom_fails_is_not_repeated_for_hours() -> None:
    asked: list[Trial] = []

    def ask(trial: Trial) -> Answer:
        asked.append(trial)
        return Answer(False, ("TestX",), verdicts=(False,) * trial.count, seconds=2.0 * trial.count, own_seconds=2.0)

    case = Case(ask, "TestX", Budget(150))
    case.ask(case.alone)
    found = by_chance(case, case.alone, [], 1, 39)
    assert found.kind == "nondeterministic"
    assert sum(2.0 * trial.count for trial in asked) < 60


NAMES_OF_200 = tuple(f"Test{number:03}" for number in range(200))


def _of_two_hundred(victim: int, polluters: Collection[int], cleaners: Collection[int]) -> tuple[Found, int]:
    """What is found, and the runs that it took, those of the two printed commands included."""

    @cache
    def permuted(seed: str) -> list[str]:
        order = list(NAMES_OF_200)
        if seed != "off":
            random.Random(seed).shuffle(order)
        return order

    def ask(trial: Trial) -> Answer:
        order = [name for name in permuted(trial.seed) if trial.tests is None or name in trial.tests]
        dirty, verdicts = False, []
        for name in order * trial.count:
            dirty = (dirty or int(name[4:]) in polluters) and int(name[4:]) not in cleaners
            verdicts += [dirty] if name == NAMES_OF_200[victim] else []
        return Answer(any(verdicts), tuple(order), verdicts=tuple(verdicts), seconds=0.1, own_seconds=0.1)

    def seeds(_order: Sequence[str], first: str, last: str, wanted: int) -> list[str]:
        between = {seed: permuted(seed).index(last) - (permuted(seed).index(first) if first else -1) for seed in map(str, range(1, 500))}
        return sorted((seed for seed in between if between[seed] > 0), key=lambda seed: -between[seed])[:wanted]

    case = Case(ask, NAMES_OF_200[victim], Budget(150))
    found = decide(case, Means(NAMES_OF_200, seeds, lambda: ([], []), tuple, tuple, list))
    return found, case.runs + 2


@pytest.mark.parametrize(
    ("victim", "polluter", "cleaner"), [(90, 17, None), (90, 181, None), (20, 60, 100), (90, 181, 120), (150, 199, 140)]
)
def test_a_certain_polluter_among_two_hundred_is_cheap(victim: int, polluter: int, cleaner: int | None) -> None:
    found, runs = _of_two_hundred(victim, {polluter}, set() if cleaner is None else {cleaner})
    assert (found.role, found.polluters) == ("victim", (NAMES_OF_200[polluter],))
    assert found.cleaners == (() if cleaner is None else (NAMES_OF_200[cleaner],))
    assert runs <= 28


@pytest.mark.slow
def test_polluter_and_cleaner_are_found_wherever_they_stand() -> None:
    """Dear only where the cleaner stands between the two in each of the first orders, and missed only where it does in none."""
    chance, dear, missed, times = random.Random(5), 0, 0, 200
    for _ in range(times):
        victim, polluter, cleaner = chance.sample(range(200), 3)
        found, runs = _of_two_hundred(victim, {polluter}, {cleaner})
        assert (found.role, found.polluters) == ("victim", (NAMES_OF_200[polluter],))
        assert found.cleaners in ((), (NAMES_OF_200[cleaner],))
        dear, missed = dear + (runs > 28), missed + (not found.cleaners)
    assert dear <= 0.08 * times
    assert missed <= 0.08 * times


def test_a_cleaner_is_found_where_a_second_polluter_hides_it() -> None:
    chance = random.Random(5)
    for _ in range(40):
        victim, one, other, cleaner = chance.sample(range(200), 4)
        found, runs = _of_two_hundred(victim, {one, other}, {cleaner})
        assert found.role == "victim"
        assert found.polluters in ((NAMES_OF_200[one],), (NAMES_OF_200[other],))
        assert found.cleaners in ((), (NAMES_OF_200[cleaner],))
        assert runs <= 28
