"""What a worker answers while it gets ready for a run, and when that goes wrong."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from steadygo.testing import compiling
from steadygo.testing.cluster.context import Assignment
from steadygo.testing.cluster.desk import Desk
from steadygo.testing.cluster.messages import Message, Over, Refusal, decode
from steadygo.testing.engine import Setting
from steadygo.testing.flags import parse

KEY = ("s", 1)


def _assignment(signed: bytes) -> Assignment:
    now = datetime.now(UTC)
    attempt = int(signed)
    return Assignment("r", "s", attempt, "example.com/p", ("TestA",), (), {}, "0" * 64, "", now, now + timedelta(hours=1))


class Worker:
    """A desk whose getting ready lasts until `go_on`, and may fail."""

    def __init__(self, top: Path, failure: Exception | None = None) -> None:
        self.top, self.failure = top, failure
        self.go_on, self.getting_ready = threading.Event(), threading.Event()
        self.forgotten: list[str] = []
        self.desk = Desk(_assignment, self._prepare, self.forgotten.append, 1, 60.0)
        self.desk.begin("r", lambda: None)
        self._seen = 0

    @contextmanager
    def _prepare(self, _: Assignment) -> Iterator[tuple[Setting, Path]]:
        self.getting_ready.set()
        assert self.go_on.wait(60)
        if self.failure is not None:
            raise self.failure
        yield Setting(self.top / "go", str(self.top), self.top, {}, parse(()), self.top / "test2json", "r"), self.top

    def told(self, enough: Callable[[list[Message]], object]) -> list[Message]:
        """What it tells, as soon as that is enough."""
        found: list[Message] = []
        deadline = time.monotonic() + 60
        while not enough(found) and time.monotonic() < deadline:
            first, messages = self.desk.take("r", self._seen) or (0, [])
            self._seen = first + len(messages)
            found += [decode(m) for m in messages]
            time.sleep(0.01)
        return found


def _compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    seen: list[str] = []

    def fail(*_: object) -> None:
        seen.append("compiled")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(compiling, "compile_tests", fail)
    return seen


def test_it_answers_while_it_gets_ready(tmp_path: Path) -> None:
    worker = Worker(tmp_path)
    assert worker.desk.give("r", [KEY], [b"1"])  # returns, though it is not ready
    assert worker.getting_ready.wait(60)
    assert worker.desk.now("r") == ([], 0, True)
    assert worker.desk.withdraw("r", [KEY]) == [KEY]
    worker.go_on.set()
    worker.desk.end("r")


def test_stopping_a_worker_that_gets_ready_stops_it_for_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = _compiled(monkeypatch)
    worker = Worker(tmp_path)
    worker.desk.give("r", [KEY], [b"1"])
    assert worker.getting_ready.wait(60)
    assert worker.desk.halt("r")
    worker.go_on.set()
    assert Over() in worker.told(lambda found: Over() in found)
    worker.desk.end("r")
    assert worker.forgotten == ["r"]
    assert not compiled


def test_a_run_that_ends_while_it_gets_ready_is_not_worked_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = _compiled(monkeypatch)
    worker = Worker(tmp_path)
    worker.desk.give("r", [KEY], [b"1"])
    assert worker.getting_ready.wait(60)
    ending = threading.Thread(target=worker.desk.end, args=("r",))
    ending.start()
    while worker.desk.hear("r"):
        time.sleep(0.01)
    worker.go_on.set()
    ending.join(60)
    assert worker.forgotten == ["r"] and not ending.is_alive()
    assert not compiled


def test_what_was_dropped_before_it_came_is_not_taken_on(tmp_path: Path) -> None:
    worker = Worker(tmp_path)
    worker.desk.drop("r", [KEY])
    assert worker.desk.give("r", [KEY], [b"1"])
    assert not worker.getting_ready.wait(0.3)
    worker.desk.end("r")


def test_any_failure_to_get_ready_is_told(tmp_path: Path) -> None:
    worker = Worker(tmp_path, OSError(28, "No space left on device"))
    worker.go_on.set()
    worker.desk.give("r", [KEY], [b"1"])
    assert worker.told(len) == [Refusal("s", 1, "It cannot get ready: OSError: [Errno 28] No space left on device.")]
    worker.desk.end("r")


def test_any_failure_to_compile_is_told_also_for_what_comes_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _compiled(monkeypatch)
    worker = Worker(tmp_path)
    worker.go_on.set()
    why = "It cannot go on: OSError: [Errno 28] No space left on device."
    worker.desk.give("r", [KEY], [b"1"])
    assert Refusal("s", 1, why) in worker.told(lambda found: Refusal("s", 1, why) in found)
    worker.desk.give("r", [("s", 2)], [b"2"])
    assert Refusal("s", 2, why) in worker.told(lambda found: Refusal("s", 2, why) in found)
    worker.desk.end("r")
