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
from steadygo.testing.cluster.messages import Over, Piece, Refusal, encode
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
    """`token` tells a client whether it still talks to the session that it began. A thread of its own gets ready and accepts what is
    `pending`, by (shard, attempt), so that the client is answered meanwhile.

    `given`: everything that came, or that the client does not want any more. `changed` guards all but the outbox.
    """

    outbox: Outbox
    heard: float
    token: str = field(default_factory=lambda: secrets.token_hex(8))
    changed: threading.Condition = field(default_factory=threading.Condition)
    bench: Bench | None = None
    prepared: ExitStack = field(default_factory=ExitStack)
    given: set[tuple[str, int]] = field(default_factory=set)
    pending: dict[tuple[str, int], bytes] = field(default_factory=dict)
    stopped: bool = False
    work: threading.Thread | None = None
    terms: tuple[object, ...] = ()


def _terms(said: Assignment) -> tuple[object, ...]:
    """What all assignments of a run have in common: it was made ready for that."""
    return said.source, said.directory, said.flags, said.variables, said.fingerprint, said.faults


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
        session = self._session(run)
        if session is None:
            return False
        with session.changed:
            for key, data in zip(keys, signed, strict=True):
                if key not in session.given:  # else the client did not hear that it had arrived
                    session.given.add(key)
                    session.pending[key] = data
            if session.work is None:
                session.work = threading.Thread(target=self._work, args=(run, session), daemon=True)
                session.work.start()
            session.changed.notify_all()
        return True

    def _session(self, run: str) -> _Session | None:
        with self._lock:
            return self._sessions.get(run)

    def _work(self, run: str, session: _Session) -> None:
        """Accept what comes, until the session is stopped."""
        while True:
            with session.changed:
                while not session.pending and not session.stopped:
                    session.changed.wait()
                if session.stopped:
                    break
                batch = dict(session.pending)
            pieces: list[Piece] = []
            for key, data in batch.items():
                try:
                    pieces.append(self._accepted(run, key, data, session))
                except (Refused, UserError) as error:
                    self._refuse(session, key, str(error))
                except Exception as error:  # the client must hear of it: it waits for an answer
                    self._refuse(session, key, f"It cannot get ready: {type(error).__name__}: {error}.")
            with session.changed:
                wanted = [p for p in pieces if session.pending.pop((p.shard, p.attempt), None) is not None]
                if session.bench is not None:
                    session.bench.give(wanted)
        if session.bench is None:  # else that says it
            session.outbox.put(encode(Over()), urgent=True)

    def _refuse(self, session: _Session, key: tuple[str, int], why: str) -> None:
        with session.changed:
            wanted = session.pending.pop(key, None) is not None
        if wanted:
            session.outbox.put(encode(Refusal(*key, why)), urgent=True)

    def _accepted(self, run: str, key: tuple[str, int], data: bytes, session: _Session) -> Piece:
        said = self._check(data)
        if (said.run, said.shard, said.attempt) != (run, *key):
            raise Refused("The assignment was signed for another shard than the one that it came as.")
        if session.bench is None:
            setting, root = session.prepared.enter_context(self._prepare(said))
            with session.changed:
                if session.stopped:
                    raise Refused("The run was stopped.")
                session.bench, session.terms = Bench(setting, root, session.outbox, self._slots, self.at_once), _terms(said)
        elif session.terms != _terms(said):
            raise Refused("The assignment differs from the first one of its run in more than its tests.")
        return Piece(said.shard, said.attempt, said.package, said.place, said.tests, pattern(said.tests) if said.divided else "")

    def take(self, run: str, acknowledged: int) -> tuple[int, list[bytes]] | None:
        """(number of the first, messages); None when there is no such session."""
        session = self._session(run)
        if session is None:
            return None
        session.heard = time.monotonic()
        return session.outbox.take(acknowledged)

    def now(self, run: str) -> tuple[list[tuple[str, str, float]], int, bool]:
        """(tests that run, packages that are compiled, whether there is anything to do)."""
        session = self._session(run)
        if session is None or session.bench is None:
            return [], 0, session is not None and bool(session.pending)
        return session.bench.running(), session.bench.compiling, session.bench.is_busy or bool(session.pending)

    def started(self, run: str) -> tuple[list[tuple[str, int]], int]:
        """(what of the run has a process now, processes that could be started for any run)."""
        with self._lock:
            found = {name: one.bench.started() for name, one in self._sessions.items() if one.bench is not None}
        return found.get(run, []), max(0, self.at_once - sum(map(len, found.values())))

    def drop(self, run: str, keys: Sequence[tuple[str, int]]) -> None:
        """Stop these attempts, and take them on no more should they come late."""
        session = self._session(run)
        if session is None:
            return
        with session.changed:
            session.given.update(keys)
            for key in keys:
                session.pending.pop(key, None)
            if session.bench is not None:
                session.bench.drop(keys)

    def withdraw(self, run: str, keys: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
        """Give back those of these attempts that have not started."""
        session = self._session(run)
        if session is None:
            return []
        with session.changed:
            back = [key for key in keys if session.pending.pop(key, None) is not None]
            return back + (session.bench.withdraw(keys) if session.bench is not None else [])

    def halt(self, run: str) -> bool:
        """Stop everything of the run, and tell what is known. Whether there is something that will say `Over`."""
        session = self._session(run)
        if session is None:
            return False
        with session.changed:
            session.stopped = True
            session.changed.notify_all()
            if session.bench is not None:
                session.bench.halt()
            return session.work is not None

    def end(self, run: str) -> None:
        """Forget the run; whatever of it still runs is killed."""
        with self._lock:
            session = self._sessions.pop(run, None)
        if session is None:
            return
        with session.changed:
            session.stopped = True
            session.changed.notify_all()
        session.outbox.close()
        if session.bench is not None:
            session.bench.halt()
        if session.work is not None:
            session.work.join()
        try:
            with session.prepared:
                if session.bench is not None:
                    session.bench.close()
        finally:
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
