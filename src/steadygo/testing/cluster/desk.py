"""What a worker does for its clients: a session for each run, with a bench, an outbox, and the time of the client's last word."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from steadygo.errors import UserError
from steadygo.testing.cluster.bench import Bench
from steadygo.testing.cluster.context import Assignment
from steadygo.testing.cluster.messages import Piece, Refusal, encode
from steadygo.testing.cluster.outbox import Outbox
from steadygo.testing.cluster.refused import Refused
from steadygo.testing.cluster.shards import pattern
from steadygo.testing.engine import Setting

Check = Callable[[bytes], Assignment]
"""A signed assignment -> what it says. Raises Refused."""

Prepare = Callable[[Assignment], AbstractContextManager[tuple[Setting, Path]]]
"""(how tests run here, the top of the tree), for as long as the run lasts. Raises Refused or UserError."""


@dataclass
class _Session:
    """`token` tells a client whether it still talks to the session that it began."""

    outbox: Outbox
    heard: float
    token: str = field(default_factory=lambda: secrets.token_hex(8))
    lock: threading.Lock = field(default_factory=threading.Lock)
    bench: Bench | None = None
    prepared: ExitStack = field(default_factory=ExitStack)
    given: set[tuple[str, int]] = field(default_factory=set)
    terms: tuple[object, ...] = ()


def _terms(said: Assignment) -> tuple[object, ...]:
    """What all assignments of a run have in common: it was made ready for that."""
    return said.source, said.directory, said.flags, said.variables, said.fingerprint, said.faults, said.data


class Desk:
    """All sessions of a worker. At most `at_once` test processes run at a time; `forget` is told the runs that are over.

    Its methods may be called from any thread.
    """

    def __init__(self, check: Check, prepare: Prepare, forget: Callable[[str], None], at_once: int, silence_seconds: float) -> None:
        self._check, self._prepare, self._forget = check, prepare, forget
        self.at_once, self._silence_seconds = at_once, silence_seconds
        self._slots = threading.Semaphore(at_once)
        self._lock = threading.Lock()
        self._sessions: dict[str, _Session] = {}

    def begin(self, run: str, hurry: Callable[[], None]) -> str:
        """The token of the run's session, a new one unless there is one. `hurry` is called, from any thread, when there is news."""
        with self._lock:
            session = self._sessions.get(run)
            if session is None:
                session = self._sessions[run] = _Session(Outbox(hurry), time.monotonic())
            session.heard = time.monotonic()
            return session.token

    def hear(self, run: str) -> bool:
        """A sign of life of the run's client. Whether there is a session for it."""
        with self._lock:
            session = self._sessions.get(run)
            if session is not None:
                session.heard = time.monotonic()
            return session is not None

    def give(self, run: str, keys: Sequence[tuple[str, int]], signed: Sequence[bytes]) -> bool:
        """Take on assignments, `keys` are their (shard, attempt). False when there is no such session."""
        with self._lock:
            session = self._sessions.get(run)
        if session is None:
            return False
        with session.lock:  # not the desk's: getting ready for the first one takes a while
            pieces = []
            for key, data in zip(keys, signed, strict=True):
                if key in session.given:  # the client did not hear that it had arrived
                    continue
                session.given.add(key)
                try:
                    pieces.append(self._accepted(run, key, data, session))
                except (Refused, UserError) as error:
                    session.outbox.put(encode(Refusal(*key, str(error))), urgent=True)
            if pieces and session.bench is not None:
                session.bench.give(pieces)
        return True

    def _accepted(self, run: str, key: tuple[str, int], data: bytes, session: _Session) -> Piece:
        said = self._check(data)
        if (said.run, said.shard, said.attempt) != (run, *key):
            raise Refused("The assignment was signed for another shard than the one that it came as.")
        if session.bench is None:
            setting, root = session.prepared.enter_context(self._prepare(said))
            session.bench, session.terms = Bench(setting, root, session.outbox, self._slots, self.at_once), _terms(said)
        elif session.terms != _terms(said):
            raise Refused("The assignment differs from the first one of its run in more than its tests.")
        return Piece(said.shard, said.attempt, said.package, said.place, said.tests, pattern(said.tests) if said.divided else "")

    def take(self, run: str, acknowledged: int) -> tuple[int, list[bytes]] | None:
        """(number of the first, messages); None when there is no such session."""
        with self._lock:
            session = self._sessions.get(run)
        if session is None:
            return None
        session.heard = time.monotonic()
        return session.outbox.take(acknowledged)

    def now(self, run: str) -> tuple[list[tuple[str, str, float]], int, bool]:
        """(tests that run, packages that are compiled, whether there is anything to do)."""
        session = self._sessions.get(run)
        if session is None or session.bench is None:
            return [], 0, False
        return session.bench.running(), session.bench.compiling, session.bench.is_busy

    def drop(self, run: str, keys: Sequence[tuple[str, int]]) -> None:
        """Stop these attempts."""
        session = self._sessions.get(run)
        if session is not None and session.bench is not None:
            session.bench.drop(keys)

    def withdraw(self, run: str, keys: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
        """Give back those of these attempts that have not started."""
        session = self._sessions.get(run)
        return session.bench.withdraw(keys) if session is not None and session.bench is not None else []

    def halt(self, run: str) -> bool:
        """Stop everything of the run, and tell what is known. Whether there is something that will say `Over`."""
        session = self._sessions.get(run)
        if session is None or session.bench is None:
            return False
        session.bench.halt()
        return True

    def end(self, run: str) -> None:
        """Forget the run; whatever of it still runs is killed."""
        with self._lock:
            session = self._sessions.pop(run, None)
        if session is not None:
            with session.prepared:
                if session.bench is not None:
                    session.bench.close()
            self._forget(run)

    def end_silent(self) -> list[str]:
        """End the runs whose clients said nothing for too long."""
        now = time.monotonic()
        with self._lock:
            silent = [run for run, session in self._sessions.items() if now - session.heard > self._silence_seconds]
        for run in silent:
            self.end(run)
        return silent

    def end_all(self) -> None:
        """The worker stops."""
        for run in list(self._sessions):
            self.end(run)
