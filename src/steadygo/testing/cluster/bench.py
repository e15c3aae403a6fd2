"""A worker's bench: compiles each package of a run once, runs the pieces it is given, and puts what happens into the outbox."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from msgspec.structs import replace

from steadygo.errors import UserError
from steadygo.testing import compiling, engine, verdict
from steadygo.testing.cluster.messages import Over, Piece, Refusal, Verdict, chunks, encode
from steadygo.testing.cluster.outbox import Outbox
from steadygo.testing.engine import Setting
from steadygo.testing.events import Watch
from steadygo.testing.plan import Planned
from steadygo.testing.results import Package, Test
from steadygo.tools import guard


@dataclass
class _Built:
    """A package's test binary; None, and what go said, when there is none."""

    binary: Path | None
    said: str = ""


@dataclass
class _Job:
    piece: Piece
    package: Planned
    stop: threading.Event = field(default_factory=threading.Event)
    watch: Watch | None = None
    started: bool = False
    done: bool = False

    @property
    def key(self) -> tuple[str, int]:
        return self.piece.shard, self.piece.attempt


class Bench:
    """What one run has on one worker. `root` is the top of the tree; `slots` is shared by all runs of the worker."""

    def __init__(self, setting: Setting, root: Path, outbox: Outbox, slots: threading.Semaphore, at_once: int) -> None:
        self._setting, self._root, self._outbox, self._slots = setting, root, outbox, slots
        self._changed = threading.Condition()
        self._stop = threading.Event()
        self._jobs: dict[tuple[str, int], _Job] = {}
        self._to_compile: deque[_Job] = deque()
        self._to_run: deque[_Job] = deque()
        self._built: dict[str, _Built] = {}
        self._compiling = 0
        self._broken = ""
        self._work = threading.Thread(target=self._conduct, args=(at_once,), daemon=True)
        self._work.start()

    def give(self, pieces: Sequence[Piece]) -> None:
        """Take on pieces; those known already are passed over."""
        with self._changed:
            for piece in pieces:
                if (piece.shard, piece.attempt) not in self._jobs and not self._stop.is_set():
                    package = Planned(piece.path, self._root / piece.place, "", piece.tests)
                    job = self._jobs[(piece.shard, piece.attempt)] = _Job(piece, package)
                    self._to_compile.append(job)
            self._changed.notify_all()
            refused = [(piece.shard, piece.attempt) for piece in pieces] if self._broken else []
        for key in refused:
            self._outbox.put(encode(Refusal(*key, self._broken)), urgent=True)

    def drop(self, keys: Sequence[tuple[str, int]]) -> None:
        """Stop these pieces: somebody else has them."""
        with self._changed:
            for key in keys:
                if key in self._jobs:
                    self._jobs[key].stop.set()

    def withdraw(self, keys: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
        """Give back those of these pieces that have not started."""
        with self._changed:
            found = [key for key in keys if key in self._jobs and not self._jobs[key].started]
            for key in found:
                self._jobs[key].stop.set()
            return found

    def halt(self) -> None:
        """Stop everything. What ran is judged and told, then `Over`."""
        with self._changed:
            self._stop.set()
            self._changed.notify_all()

    def close(self) -> None:
        """Stop everything and wait until it is gone."""
        self.halt()
        self._outbox.close()
        self._work.join()

    def running(self) -> list[tuple[str, str, float]]:
        """(package, test, seconds) of what runs now."""
        with self._changed:
            watches = [(job.piece.path, job.watch) for job in self._jobs.values() if job.watch is not None]
        try:
            return [(path, name, seconds) for path, watch in watches for name, seconds in watch.running()]
        except RuntimeError:  # a dictionary grew in its own thread; the next one who asks is luckier
            return []

    def started(self) -> list[tuple[str, int]]:
        """What has a process now, by (shard, attempt)."""
        with self._changed:
            return [job.key for job in self._jobs.values() if job.started and not job.done]

    @property
    def compiling(self) -> int:
        return self._compiling

    @property
    def is_busy(self) -> bool:
        with self._changed:
            return bool(self._compiling or self._to_compile or self._to_run or any(j.watch for j in self._jobs.values()))

    def _conduct(self, at_once: int) -> None:
        self._surely(lambda: self._work_all(at_once))
        self._outbox.put(encode(Over()), urgent=True)

    def _work_all(self, at_once: int) -> None:
        with guard.scratch("steadygo-test-", self._setting.environment) as scratch:
            work = [lambda: self._run_all(scratch)] * at_once + [lambda: self._compile_all(scratch)]
            threads = [threading.Thread(target=self._surely, args=(one,), daemon=True) for one in work]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

    def _surely(self, work: Callable[[], None]) -> None:
        """Do it. When it cannot be done, everything that is not done is refused: the client waits for an answer."""
        try:
            work()
        except Exception as error:
            with self._changed:
                self._broken = _why(error)
                left = [job for job in self._jobs.values() if not job.done and not job.stop.is_set()]
                for job in left:
                    job.stop.set()
                self._stop.set()
                self._changed.notify_all()
            for job in left:
                self._outbox.put(encode(Refusal(*job.key, self._broken)), urgent=True)

    def _compile_all(self, scratch: Path) -> None:
        number = 0
        while True:
            with self._changed:
                while not self._to_compile and not self._stop.is_set():
                    self._changed.wait()
                if self._stop.is_set():
                    self._changed.notify_all()
                    return
                jobs = list(self._to_compile)
                self._to_compile.clear()
                jobs = [j for j in jobs if not j.stop.is_set()]
                wanted = {j.piece.path: j.package for j in jobs if j.piece.path not in self._built}
            for batch in compiling.batches(list(wanted.values())):
                self._compile(batch, scratch / f"bin{number}")
                number += 1
                ready = [j for j in jobs if j.piece.path in self._built]
                jobs = [j for j in jobs if j.piece.path not in self._built]
                self._hand_on(ready)
            self._hand_on(jobs)

    def _compile(self, batch: Sequence[Planned], out: Path) -> None:
        self._compiling = len(batch)
        try:
            binaries, said = compiling.compile_tests(batch, self._setting, out, self._stop.is_set)
            for package in batch:
                self._built[package.path] = _Built(binaries.get(package.path), said)
        finally:
            self._compiling = 0

    def _hand_on(self, jobs: Sequence[_Job]) -> None:
        with self._changed:
            self._to_run.extend(jobs)
            self._changed.notify_all()

    def _run_all(self, scratch: Path) -> None:
        while True:
            with self._changed:
                while not self._to_run and not self._stop.is_set():
                    self._changed.wait()
                if self._stop.is_set():
                    return
            with self._slots:
                job = self._next()
                if job is not None:
                    self._settle(job, scratch)

    def _next(self) -> _Job | None:
        with self._changed:
            while self._to_run and not self._stop.is_set():
                job = self._to_run.popleft()
                if not job.stop.is_set():
                    job.started = True
                    return job
        return None

    def _settle(self, job: _Job, scratch: Path) -> None:
        built = self._built.get(job.piece.path)
        files = scratch / f"{job.piece.shard}-{job.piece.attempt}"
        try:
            if built is None or built.binary is None:
                result = verdict.refused(job.package, *verdict.own_complaint(built.said if built else "", job.piece.path))
            else:
                try:
                    result = self._run(job, built.binary, files)
                except engine.NotLent as error:
                    result = verdict.refused(job.package, "It did not get what [test] of steadygo.toml gives it", str(error))
            if not job.stop.is_set():
                self._send(job, result, files.with_name(f"{files.name}.cover"))
        except Exception as error:
            self._outbox.put(encode(Refusal(*job.key, _why(error))), urgent=True)
        finally:
            self._finish(job)

    def _finish(self, job: _Job) -> None:
        """A package that is not divided needs its binary no longer, unless the same shard came again."""
        path = job.piece.path
        with self._changed:
            job.watch, job.done = None, True
            again = any(j.piece.path == path and not j.done and not j.stop.is_set() for j in self._jobs.values())
            built = self._built.pop(path, None) if not job.piece.only and not again else None
        if built is not None and built.binary is not None:
            built.binary.unlink(missing_ok=True)

    def _run(self, job: _Job, binary: Path, files: Path) -> Package:
        job.watch = Watch()
        verbose = self._setting.flags.verbose

        def tell(tests: Sequence[Test]) -> None:
            for test in tests:
                shown = test if verbose or test.outcome.bad else replace(test, output="")
                self._outbox.put(encode(Verdict(*job.key, job.piece.path, shown)))

        def stopped() -> bool:
            return self._stop.is_set() or job.stop.is_set()

        process = engine.Process(binary, files, job.watch, tell, stopped, job.piece.only)
        return engine.run_tests(job.package, self._setting, process)

    def _send(self, job: _Job, result: Package, profile: Path) -> None:
        data = profile.read_bytes() if profile.is_file() else b""
        for chunk in chunks(job.piece, result, data):
            self._outbox.put(encode(chunk), urgent=chunk.last and not chunk.profile)


def _why(error: Exception) -> str:
    return str(error) if isinstance(error, UserError) else f"It cannot go on: {type(error).__name__}: {error}."
