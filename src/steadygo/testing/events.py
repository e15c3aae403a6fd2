"""test2json's lines -> tests with their verdicts and output, while they come."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec

from steadygo.testing.results import Outcome, Test

_MOST_OUTPUT = 1 << 20  # characters kept of one test: the first and the last half of it
_VERDICTS = {"pass": Outcome.PASSED, "fail": Outcome.FAILED, "skip": Outcome.SKIPPED}


class Event(msgspec.Struct, frozen=True, gc=False):
    """One line of `go test -json`. Output is UTF-8: test2json replaces what is not."""

    Action: str
    Package: str = ""
    Test: str = ""
    Output: str = ""
    Elapsed: float = 0.0
    Time: str = ""
    FailedBuild: str = ""
    ImportPath: str = ""


class Kept:
    """Output with its middle left out when there is too much of it."""

    __slots__ = ("_head", "_left_out", "_size", "_tail")

    def __init__(self) -> None:
        self._head: list[str] = []
        self._tail: list[str] = []
        self._size = self._left_out = 0

    def add(self, text: str) -> None:
        """Append."""
        self._size += len(text)
        if self._size <= _MOST_OUTPUT // 2:
            self._head.append(text)
            return
        self._tail.append(text)
        if len(self._tail) > 64 and sum(map(len, self._tail)) > _MOST_OUTPUT:
            self._cut()

    def _cut(self) -> None:
        joined = "".join(self._tail)
        self._left_out += max(0, len(joined) - _MOST_OUTPUT // 2)
        self._tail = [joined[-_MOST_OUTPUT // 2 :]]

    def text(self) -> str:
        """What is kept."""
        if not self._tail:
            return "".join(self._head)
        self._cut()
        gap = [f"\n[{self._left_out} characters left out]\n"] if self._left_out else []
        return "".join([*self._head, *gap, *self._tail])


@dataclass
class _Open:
    name: str
    began: float
    started: str = ""
    ended: str = ""
    output: Kept = field(default_factory=Kept)
    outcome: Outcome | None = None
    seconds: float = 0.0
    paused: bool = False
    made: Test | None = None  # the test as it was told, unless it has printed since


class Watch:
    """Takes the events of one package in order. Repeated runs of a name (-count) are tests of their own."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._all: list[_Open] = []
        self._last: dict[str, _Open] = {}
        self._unfinished: dict[str, _Open] = {}
        self._package = Kept()
        self.passed_marker = False

    def take(self, event: Event) -> Test | None:
        """Account for one event; the test when it has just got its verdict."""
        name = event.Test
        if not name:
            if event.Action == "output":
                self._package.add(event.Output)
            elif event.Action == "pass":
                self.passed_marker = True
            return None
        one = self._last.get(name)
        if one is None or (event.Action == "run" and one.outcome is not None):
            one = _Open(name, self._clock(), _utc(event.Time))
            self._all.append(one)
            self._last[name] = self._unfinished[name] = one
        if event.Action == "output":
            one.output.add(event.Output)
            one.made = None
        elif event.Action in ("pause", "cont"):
            one.paused = event.Action == "pause"
        elif event.Action in _VERDICTS:
            one.outcome, one.seconds, one.ended, one.made = _VERDICTS[event.Action], event.Elapsed, _utc(event.Time), None
            self._unfinished.pop(name, None)
            return _test(one)
        return None

    def running(self) -> Iterator[tuple[str, float]]:
        """(name, seconds) of tests that run now, the longest first; parents of running subtests are left out."""
        now = self._clock()
        on = [o for o in list(self._unfinished.values()) if not o.paused]
        parents = {o.name[:at] for o in on for at, letter in enumerate(o.name) if letter == "/"}
        for one in on:
            if one.name not in parents:
                yield one.name, now - one.began

    def output(self) -> str:
        """What the package printed outside of its tests."""
        return self._package.text()

    def tests(self, planned: Iterable[str], ended: str, *, absent: bool = False) -> tuple[Test, ...]:
        """All tests. `ended` says how the process ended, for those that have no verdict; `absent`: planned ones that never ran too."""
        found = [_test(one, ended) for one in self._all]
        if absent:
            found += [Test(name, Outcome.LOST, why=f"it never ran: {ended}") for name in planned if name not in self._last]
        return tuple(found)


def _test(one: _Open, ended: str = "") -> Test:
    if one.outcome is None:
        output = one.output.text()
        failed = re.search(rf"^ *--- FAIL: {re.escape(one.name)} \(([\d.]+)s\)$", output, re.MULTILINE)  # so it panicked
        outcome, seconds = (Outcome.FAILED, float(failed[1])) if failed else (Outcome.LOST, one.seconds)
        return Test(one.name, outcome, seconds, output, f"it never finished: {ended}", one.started)
    if one.made is None:
        one.made = Test(one.name, one.outcome, one.seconds, one.output.text(), "", one.started, one.ended)
    return one.made


def _utc(time: str) -> str:
    """A time of test2json in UTC with microseconds, "" when it is none."""
    try:
        return datetime.fromisoformat(time).astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    except ValueError:
        return ""


class Lines:
    """Chunks of bytes -> whole events."""

    def __init__(self) -> None:
        self._rest = b""
        self._decoder = msgspec.json.Decoder(Event)

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """Events that are complete with this chunk. Lines that are no events are passed over."""
        *whole, self._rest = (self._rest + chunk).split(b"\n")
        for line in whole:
            if line.startswith(b"{"):
                try:
                    yield self._decoder.decode(line)
                except msgspec.DecodeError:
                    continue
