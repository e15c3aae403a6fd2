"""Sequential and exact tests keep their promises; the simulations have a fixed seed."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import fisher_exact

from steadygo.testing.diagnosis.statistics import ALPHA, BETA, Sprt, at_least, discoveries, fisher, passes_needed, reruns


def _share_called_high(rate: float, low: float, high: float) -> float:
    dice, called = random.Random(7), 0
    for _ in range(2000):
        test = Sprt(low, high)
        while test.verdict is None:
            test.add(dice.random() < rate)
        called += test.verdict is True
    return called / 2000


@pytest.mark.parametrize(("low", "high"), [(0.1, 0.9), (0.05, 0.5), (0.1, 0.5), (0.005, 0.1)])
def test_wrong_answers_of_the_sequential_test_are_as_rare_as_promised(low: float, high: float) -> None:
    assert _share_called_high(low, low, high) <= ALPHA * 1.15
    assert 1 - _share_called_high(high, low, high) <= BETA * 1.5


def test_a_certain_cause_costs_two_runs_and_a_stable_test_thirty_eight() -> None:
    test = Sprt(0.1, 0.9)
    assert [test.add(True), test.add(True)] == [None, True]
    assert passes_needed(0.005, 0.1) == 38
    test = Sprt(0.005, 0.1)
    assert [test.add(False) for _ in range(38)] == [None] * 37 + [False]


@given(st.integers(1, 30), st.integers(1, 30), st.data())
def test_fishers_test_is_that_of_scipy(runs: int, there: int, data: st.DataObject) -> None:
    a, b = data.draw(st.integers(0, runs)), data.draw(st.integers(0, there))
    expected = fisher_exact([[a, runs - a], [b, there - b]]).pvalue
    assert fisher(a, runs, b, there) == pytest.approx(expected, rel=1e-6, abs=1e-12)


def test_false_discoveries_are_as_rare_as_promised() -> None:
    dice, false = random.Random(11), 0
    for _ in range(1000):
        false += any(discoveries([dice.random() for _ in range(8)], 0.05))
    assert false / 1000 <= 0.065
    assert discoveries([0.001, 0.03, 0.8, 0.9], 0.05) == [True, False, False, False]
    assert discoveries([], 0.05) == []


def test_reruns_show_a_failure_of_that_rate() -> None:
    assert [reruns(0.1), reruns(0.01), reruns(1.0)] == [29, 299, 1]


@given(st.integers(1, 200), st.data())
def test_the_lower_end_of_a_rate_lies_below_it(runs: int, data: st.DataObject) -> None:
    failed = data.draw(st.integers(1, runs))
    assert 0 < at_least(failed, runs) < failed / runs
