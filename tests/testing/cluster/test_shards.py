"""Every planned test is in exactly one shard, and only what may be divided is."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from steadygo.testing.cluster.shards import Shard, Timing, cut, pattern
from steadygo.testing.flags import Flags, parse
from steadygo.testing.plan import Planned

NAMES = st.lists(st.sampled_from([f"Test{n}" for n in "ABCDEFGHIJKLé_"]), unique=True, max_size=12).map(tuple)
SECONDS = st.floats(0, 100)


@st.composite
def suites(draw: st.DrawFn) -> tuple[list[Planned], dict[str, Timing]]:
    plan, times = [], {}
    for number in range(draw(st.integers(0, 6))):
        tests = draw(NAMES)
        plan.append(
            Planned(f"p{number}", Path(), "source", tests, draw(st.booleans()), draw(st.booleans()), draw(st.sampled_from(["", "x"])))
        )
        if draw(st.booleans()):
            known = draw(st.dictionaries(st.sampled_from([*tests, "TestGone"]), SECONDS))
            times[f"p{number}"] = Timing(draw(SECONDS), known)
    return plan, times


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(suites(), st.integers(1, 8))
def test_every_planned_test_is_in_exactly_one_shard(suite: tuple[list[Planned], dict[str, Timing]], at_once: int) -> None:
    plan, times = suite
    shards = cut(plan, times, Flags(), at_once)
    assert len({s.id for s in shards}) == len(shards)
    for package in plan:
        own = [s for s in shards if s.package.path == package.path]
        if package.error or not package.has_files:
            assert own == []
            continue
        assert sorted(n for s in own for n in s.package.tests) == sorted(package.tests)
        assert own and (len(own) == 1) == (not own[0].divided)
        assert all(s.package.tests for s in own if s.divided)


def _cut(flags: str = "", tests: int = 10, *, start: float = 0.0, others: int = 1) -> list[Shard]:
    names = tuple(f"Test{n}" for n in range(tests))
    plan = [Planned("long", Path(), "", names), *(Planned(f"short{n}", Path(), "", ("TestA",)) for n in range(others))]
    times = {"long": Timing(start + tests, dict.fromkeys(names, 1.0)), **{f"short{n}": Timing(1.0, {"TestA": 1.0}) for n in range(others)}}
    return cut(plan, times, parse(flags.split()), 2)


def test_divides_a_package_that_alone_would_keep_the_others_waiting() -> None:
    long = [s for s in _cut() if s.package.path == "long"]
    assert [len(s.package.tests) for s in long] == [5, 5]
    assert all(s.divided for s in long)


def test_leaves_packages_whole_that_are_no_longer_than_their_share() -> None:
    assert not any(s.divided for s in _cut(others=12))


@pytest.mark.parametrize(
    "flags", ["-shuffle=1", "-shuffle=on", "-failfast", "-cover", "-coverprofile=c", "-coverpkg=./...", "-bench=.", "-run=Test/sub"]
)
def test_leaves_packages_whole_whose_parts_would_mean_something_else(flags: str) -> None:
    assert not any(s.divided for s in _cut(flags))


@pytest.mark.parametrize("flags", ["-count=3", "-race", "-run=Test", "-skip=X/y", "-cover=false", "-parallel=2"])
def test_divides_under_flags_that_hold_for_each_test_by_itself(flags: str) -> None:
    assert any(s.divided for s in _cut(flags))


def test_leaves_packages_whole_whose_start_takes_long() -> None:
    assert not any(s.divided for s in _cut(start=30.0))


def test_starts_with_what_was_never_timed_then_with_the_longest() -> None:
    plan = [Planned(p, Path(), "", ("TestA",)) for p in ("short", "new", "long")]
    shards = cut(plan, {"short": Timing(0.1), "long": Timing(0.9)}, Flags(), 1)
    assert [s.package.path for s in shards] == ["new", "long", "short"]


def test_the_pattern_takes_names_for_what_they_are() -> None:
    assert pattern(("TestA", "ExampleT.m")) == r"^(TestA|ExampleT\.m)$"
