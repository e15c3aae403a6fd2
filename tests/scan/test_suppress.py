"""Suppressions: what they cover, when they end, and what is wrong with them."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadygo.errors import BadSettings
from steadygo.findings import Finding, Place
from steadygo.scan import suppress

TODAY = datetime.date(2026, 11, 20)
KNOWN = ["shutdown-missing", "print-logging"]


def finding(line: int, rule: str = "shutdown-missing") -> Finding:
    return Finding("stops hard", Place("main.go", line), rule=rule)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (b"x := 1 // steadygo:ignore shutdown-missing -- ours", (1,)),
        (b"# steadygo:ignore shutdown-missing -- ours\n\n# more\nFROM scratch", (1, 3)),
        (b"-- steadygo:ignore shutdown-missing -- ours\nSELECT 1", (1, 2)),
        (b"/* steadygo:ignore shutdown-missing -- ours */\nx", (1, 2)),
        (b"<!-- steadygo:ignore shutdown-missing -- ours -->\nx", (1, 2)),
        (b"; steadygo:ignore shutdown-missing -- ours\r\nRestart=no\r\n", (1, 2)),
    ],
)
def test_covers_its_own_line_or_the_next_one(text: bytes, lines: tuple[int, ...]) -> None:
    (found,) = suppress.find(text)
    assert found.lines == lines
    assert found.rules == ("shutdown-missing",)
    assert found.reason == "ours"


def test_leaves_out_a_finding_and_keeps_its_reason() -> None:
    found = {"main.go": suppress.find(b"a // steadygo:ignore shutdown-missing, print-logging -- batch job\nb")}
    kept, left_out, stale = suppress.apply([finding(1), finding(2)], found, TODAY)
    assert kept == [finding(2)]
    assert [(s.finding, s.reason, s.by) for s in left_out] == [(finding(1), "batch job", "comment")]
    assert [(s.rule, s.message) for s in stale] == [("print-logging", "the suppression meets no finding: remove it")]


@pytest.mark.parametrize(("until", "counts"), [("2026-11-20", True), ("2026-11-19", False)])
def test_ends_after_its_last_day(until: str, counts: bool) -> None:
    found = {"main.go": suppress.find(f"a // steadygo:ignore shutdown-missing -- until {until} we drain by hand".encode())}
    kept, left_out, stale = suppress.apply([finding(1)], found, TODAY)
    assert (len(left_out) == 1) is counts
    assert (kept == [finding(1)]) is not counts
    assert [s.message for s in stale] == ([] if counts else [f"the suppression ended on {until}"])


@pytest.mark.parametrize(
    ("comment", "message"),
    [
        ("// steadygo:ignore shutdown-missing", "main.go:1: steadygo:ignore shutdown-missing gives no reason."),
        ("// steadygo:ignore -- because", "main.go:1: steadygo:ignore names no rule."),
        ("// steadygo:ignore shutdown-mising -- x", "Did you mean shutdown-missing?"),
        ("// steadygo:ignore shutdown-missing -- until 2026-13-40", "2026-13-40 is not a date."),
    ],
)
def test_says_what_is_wrong_with_a_suppression(comment: str, message: str) -> None:
    with pytest.raises(BadSettings, match=message.replace("?", r"\?")):
        suppress.check({"main.go": suppress.find(comment.encode())}, KNOWN)


@given(st.binary() | st.text().map(lambda t: b"// steadygo:ignore " + t.encode("utf-8", "replace")))
def test_takes_any_bytes(data: bytes) -> None:
    for found in suppress.find(data):
        assert found.line in found.lines


def test_takes_a_string_in_go_for_no_comment() -> None:
    assert suppress.find(b'a("steadygo:ignore x", "# steadygo:ignore y")', "main.go") == ()
    assert suppress.find(b"a() // steadygo:ignore x -- why", "main.go")[0].rules == ("x",)
