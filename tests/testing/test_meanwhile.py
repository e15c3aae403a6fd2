"""What faults did is told with the tests that failed meanwhile, and with no other."""

from __future__ import annotations

from steadygo.testing.meanwhile import annotated, told
from steadygo.testing.results import Interference, Outcome, Package, Test


def at(milliseconds: float) -> str:
    return f"2026-01-02T03:04:{5 + milliseconds / 1000:09.6f}Z"


def failed(start: float, end: float | None) -> Test:
    return Test("TestX", Outcome.FAILED, started=at(start), ended="" if end is None else at(end))


SEEN = [
    Interference(at(100), "db", 1, "opened"),
    Interference(at(110), "db", 1, "cut", "lost"),
    Interference(at(200), "db", 2, "opened"),
    Interference(at(210), "db", 2, "cut", "lost"),
    Interference(at(220), "db", 2, "cut", "lost"),
    Interference(at(230), "cache", 1, "delayed", "5 ms"),
]


def test_counts_what_fell_into_the_test() -> None:
    assert told(failed(50, 150), SEEN).meanwhile == "while it ran, 1 connection to db was cut"
    assert told(failed(50, 300), SEEN).meanwhile == "while it ran, 2 connections to db were cut and 1 connection to cache was delayed"
    assert told(failed(150, None), SEEN).meanwhile == "while it ran, 1 connection to db was cut and 1 connection to cache was delayed"
    assert told(failed(120, 190), SEEN).meanwhile == ""


def test_a_start_that_was_seen_late_keeps_its_connections() -> None:
    assert told(failed(101, 150), SEEN).meanwhile == "while it ran, 1 connection to db was cut"
    assert told(failed(116, 150), SEEN).meanwhile == ""
    long = Test("TestX", Outcome.FAILED, 0.05, started=at(130), ended=at(150))  # it says itself that it ran for 50 ms
    assert told(long, SEEN).meanwhile == "while it ran, 1 connection to db was cut"


def test_an_answer_that_waits_concerns_the_test_that_gave_up_and_not_the_next() -> None:
    held = [Interference(at(0), "db", 1, "opened"), Interference(at(100), "db", 1, "delayed", "500 ms", 0.5)]
    assert told(failed(99, 300), held).meanwhile == "while it ran, 1 connection to db was delayed"
    assert told(failed(103, 300), held).meanwhile == "while it ran, 1 connection to db was delayed"  # its start was seen late
    assert told(failed(301, 700), held).meanwhile == ""


def test_down_lasts() -> None:
    down = [Interference(at(0), "db", 0, "down")]
    assert told(failed(500, 600), down).meanwhile == "while it ran, db was down"


def test_passes_are_left_alone() -> None:
    passed = Test("TestY", Outcome.PASSED, started=at(0), ended=at(900))
    package = annotated(Package("p", Outcome.FAILED, tests=(passed, failed(50, 150))), SEEN)
    assert package.tests[0] == passed and package.tests[1].meanwhile and package.interference == tuple(SEEN)
