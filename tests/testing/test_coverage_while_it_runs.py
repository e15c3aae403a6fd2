"""The difference of coverage package by package."""

from __future__ import annotations

from steadygo.facts.go import Function
from steadygo.testing.coverage.difference import compare
from steadygo.testing.coverage.functions import table
from steadygo.testing.coverage.live import Live
from steadygo.testing.coverage.profile import Profile, merged

DECLARED = {"a/a.go": (Function("F", 1, 3, 1, 8), Function("G", 2, 10, 1, 12)), "b/b.go": (Function("Do", 1, 3, 1, 5, receiver="T"),)}
F, F_IF, G, DO = "m/a/a.go:3.14,5.2 2", "m/a/a.go:5.2,7.3 1", "m/a/a.go:10.12,12.2 1", "m/b/b.go:3.10,5.2 4"


def _profile(*blocks: str) -> bytes:
    return "\n".join(["mode: set", *blocks, ""]).encode()


def _path(name: str) -> str:
    return name.removeprefix("m/")


def _merged(*profiles: bytes) -> Profile:
    return merged((p, "p") for p in profiles)


def _live(*before: bytes) -> Live:
    then = table(_merged(*before), _path, DECLARED.get) if before else None
    return Live(then, _path, DECLARED.get, stands=lambda _: False, renamed={}, threshold=1.0)


def test_ends_where_the_whole_comparison_ends() -> None:
    first, second = _profile(f"{F} 1", f"{F_IF} 0", f"{G} 0", f"{DO} 0"), _profile(f"{F} 0", f"{F_IF} 1", f"{G} 0", f"{DO} 1")
    before = _profile(f"{F} 1", f"{F_IF} 0", f"{G} 1", f"{DO} 1")
    live = _live(before)
    one, two = live.take("m/a", first), live.take("m/b", second)
    assert {f.function: f.state for f in one.functions} == {"F": "same", "G": "lost", "T.Do": "lost"}
    assert {f.function: f.state for f in two.functions} == {"F": "gained", "T.Do": "same"}  # G did not move again
    after = table(_merged(first, second), _path, DECLARED.get)
    whole = compare(table(_merged(before), _path, DECLARED.get), after, stands=(lambda _: False,) * 2, renamed={}, threshold=1.0)
    told = {f.function: f for f in (*one.functions, *two.functions)}
    assert sorted(told.values(), key=lambda f: f.function) == sorted(whole, key=lambda f: f.function)
    assert (two.finished, two.after.covered, two.after.statements) == (2, after.total.covered, after.total.statements)


def test_totals_are_those_of_what_was_measured_so_far() -> None:
    live = _live(_profile(f"{F} 1", f"{F_IF} 1", f"{G} 1", f"{DO} 0"))
    one = live.take("m/a", _profile(f"{F} 1", f"{F_IF} 0", f"{G} 1"))
    assert one.before is not None
    assert (one.before.statements, one.after.statements, one.change) == (4, 4, -25.0)
    two = live.take("m/nothing", b"")
    assert (two.functions, two.change) == ((), -25.0)


def test_without_a_base_there_is_a_total() -> None:
    one = _live().take("m/b", _profile(f"{DO} 1"))
    assert (one.before, one.change, one.functions, one.after.percent) == (None, None, (), 100.0)
