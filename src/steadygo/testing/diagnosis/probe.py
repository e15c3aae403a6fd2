"""Carry out trials on a real package: one binary a build, run from the package's directory, watched so that a hang costs seconds."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from steadygo.errors import UserError
from steadygo.testing import testlog
from steadygo.testing.compiling import binary_name
from steadygo.testing.diagnosis.trial import Change, Trial
from steadygo.testing.engine import Setting
from steadygo.testing.events import Event, Lines, Watch
from steadygo.testing.plan import Planned
from steadygo.testing.results import Outcome
from steadygo.testing.verdict import cut_short, own_complaint
from steadygo.tools import go_test
from steadygo.tools.run import Ran

_HANGS_AFTER_SECONDS = 60.0  # before its usual time is known; -timeout says otherwise
_LEAST_SECONDS, _TIMES_USUAL = 5.0, 10.0
_PERIOD_SECONDS = 0.1  # of being stopped and let on again
_MOST_COPIED_BYTES = 1 << 30
OVERRIDDEN = frozenset({"run", "count", "shuffle", "skip", "timeout"})
_NO_TIMEOUT = "-test.timeout=24h"  # not 0: with a timer Go does not call a hang a deadlock, and neither does go test
_PANIC = "panic: "


class CannotTry(Exception):
    """This trial cannot be carried out here; the text says why."""


class Spent(Exception):
    """The budget is used up."""


@dataclass(frozen=True)
class Answer:
    """What one run showed. `failed` None: the test has no verdict. `verdicts`: failed or not, each time that the test ran in it.

    `order`: tests as they started, subtests only beside a test that is a subtest itself. `parallel`: those of them that called
    t.Parallel. `ended_by`: the test that ended the process before this one had a verdict. `hung_after`: seconds after which it was
    stopped for taking too long. `ended`: how the process ended, "with exit status 3".
    `seconds` of the process, `own_seconds` of the test at its slowest.
    """

    failed: bool | None
    order: tuple[str, ...] = ()
    parallel: frozenset[str] = frozenset()
    verdicts: tuple[bool, ...] = ()
    output: str = ""
    skipped: bool = False
    hung_after: float = 0.0
    ended_by: str = ""
    ended: str = ""
    seconds: float = 0.0
    own_seconds: float = 0.0


@dataclass
class _Tape:
    """The events of one process, and since when the looked-at test has been running."""

    test: str
    limit_seconds: float
    stall_seconds: float
    watch: Watch = field(default_factory=Watch)
    lines: Lines = field(default_factory=Lines)
    parallel: set[str] = field(default_factory=set)
    since: float | None = None
    last: float = field(default_factory=time.monotonic)
    hung: bool = False

    def take(self, chunk: bytes) -> None:
        for event in self.lines.feed(chunk):
            self.watch.take(event)
            self._time(event)

    def _time(self, event: Event) -> None:
        self.last = time.monotonic()
        if event.Action == "pause":
            self.parallel.add(event.Test)
        if event.Test == self.test and event.Action != "output":
            self.since = self.last if event.Action in ("run", "cont") else None

    def too_long(self) -> bool:
        now = time.monotonic()
        too_long = self.since is not None and now - self.since > self.limit_seconds
        self.hung = self.hung or too_long or now - self.last > self.stall_seconds
        return self.hung


@dataclass
class Prober:
    """A package and one of its tests. Asked from the main thread: Ctrl-C ends the run and the diagnosis.

    `until`: when the budget's time ends a run, by the monotonic clock.
    """

    package: Planned
    test: str
    setting: Setting
    scratch: Path
    until: float = float("inf")
    asked_for: set[str] = field(default_factory=set)
    usual_seconds: float | None = None
    _binaries: dict[tuple[tuple[str, ...], Path | None, str], Path | CannotTry] = field(default_factory=dict)

    def ask(self, trial: Trial) -> Answer:
        """Run it; `asked_for` collects the variables that the package's tests ask for. Raises CannotTry and Spent."""
        change = trial.change or Change("", "")
        binary, directory = self.binary(change), self._directory(change)
        log, stop = self.scratch / "test.log", threading.Event()
        given = [f"-test.{flag[1:]}" for flag in self.setting.flags.but(OVERRIDDEN)]
        words = ["-test.paniconexit0", *given, _NO_TIMEOUT, *(f"-test.{flag[1:]}" for flag in trial.flags())]
        log.touch()
        log.chmod(0o666)  # it may run as somebody else
        started = time.monotonic()

        def once(number: int) -> tuple[_Tape, Ran]:
            tape = _Tape(self.test, *self._limits(trial))
            own = [*words, *([f"-test.testlogfile={log}"] if number == 0 else []), *self.setting.flags.arguments]
            with _duty(change.awake) as began:
                ran = go_test.run_binary(
                    Path(change.start[0]) if change.start else binary,
                    [*change.start[1:], str(binary), "-test.v=test2json", *own] if change.start else own,
                    tape.take,
                    test2json=self.setting.test2json,
                    directory=directory,
                    environment=environment,
                    timeout_seconds=float(1 << 31),
                    stopped=lambda: stop.is_set() or self._late() or tape.too_long(),
                    marked=not change.start,
                    began=began,
                )
            return tape, ran

        with self.setting.lent(self.package.path, directory) as environment:
            for name, value in change.environment:
                environment.pop(name, None)
                if value is not None:
                    environment[name] = value
            environment |= {name: self._fresh() for name in change.fresh}
            with ThreadPoolExecutor(max(1, trial.copies - 1)) as pool:
                try:
                    others = [pool.submit(once, n) for n in range(1, trial.copies)]
                    tapes = [once(0), *(other.result() for other in others)]
                finally:
                    stop.set()
        if self._late():
            raise Spent
        self.asked_for |= {name for what, name in testlog.lines(log.read_bytes()) if what == "getenv"}
        answers = [self._answer(tape, ran, time.monotonic() - started) for tape, ran in tapes]
        worst = next((a for a in answers if a.failed), answers[0])
        if trial.change is None and trial.copies == 1 and worst.failed is False:
            self.usual_seconds = max(self.usual_seconds or 0.0, worst.own_seconds)
        return worst

    def _late(self) -> bool:
        return time.monotonic() > self.until

    def _answer(self, tape: _Tape, ran: Ran, seconds: float) -> Answer:
        tests = tape.watch.tests((), "the process ended")
        running = [name for name, _ in tape.watch.running()]
        others = [t.name for t in tests if t.outcome.bad and t.name != self.test and not _within(t.name, self.test)]
        ended_by = next((t.name for t in tests if t.outcome is Outcome.FAILED and t.name in others and _PANIC in t.output), "")
        own = [t for t in tests if t.name == self.test]
        counted = [t for t in own if t.outcome is not Outcome.LOST or (_is_running(self.test, running) and not ended_by)]
        if not counted and not ended_by:
            ended_by = next((name.partition("/")[0] for name in running if not _within(name, self.test)), "")
        return Answer(
            failed=any(t.outcome.bad for t in counted) if counted else None,
            order=tuple(dict.fromkeys(t.name for t in tests if self._beside(t.name))),
            parallel=frozenset(tape.parallel),
            verdicts=tuple(t.outcome.bad for t in counted),
            output="".join(t.output for t in tests if _within(t.name, self.test)) + tape.watch.output(),
            skipped=bool(counted) and all(t.outcome is Outcome.SKIPPED for t in counted),
            hung_after=tape.limit_seconds if tape.hung else 0.0,
            ended_by=ended_by,
            ended="" if ran.status is None else f"with exit status {ran.status}" if ran.status >= 0 else f"by signal {-ran.status}",
            seconds=seconds,
            own_seconds=max((t.seconds for t in counted), default=0.0),
        )

    def _beside(self, name: str) -> bool:
        """Whether a test can be chosen with or without ours: top-level ones, and siblings of a subtest or of what it is part of."""
        return not self.test.startswith(name + "/") and self.test.startswith(name.rpartition("/")[0])

    def _limits(self, trial: Trial) -> tuple[float, float]:
        """Seconds after which our test, and after which a silent package is taken for hanging."""
        slower = trial.copies / (trial.change.awake if trial.change else 1.0)
        if "timeout" in self.setting.flags.values:
            given = self.setting.flags.timeout_seconds or float(1 << 31)
            return given * slower, given * slower
        usual = self.usual_seconds
        own = _HANGS_AFTER_SECONDS if usual is None else max(_LEAST_SECONDS, _TIMES_USUAL * usual)
        return own * slower, max(own, _HANGS_AFTER_SECONDS) * slower

    def binary(self, change: Change) -> Path:
        """The test binary of this build, compiled once. Raises CannotTry and Spent."""
        key = (change.build, change.go, change.place if change.copied else "")
        if key not in self._binaries:
            try:
                self._binaries[key] = self._compile(change, self.scratch / str(len(self._binaries)))
            except CannotTry as error:
                self._binaries[key] = error
        found = self._binaries[key]
        if isinstance(found, CannotTry):
            raise found
        return found

    def _compile(self, change: Change, out: Path) -> Path:
        out.mkdir()
        out.chmod(0o755)
        binary, setting = out / binary_name(self.package.path), self.setting
        directory = self._directory(change) if change.copied else setting.directory
        environment = {**setting.environment, **({"GOTOOLCHAIN": "local", "GOROOT": ""} if change.go else {})}
        flags = (*setting.flags.build, *change.build)
        ran = go_test.compile_tests(change.go or setting.go, directory, [self.package.path], binary, flags, environment, self._late)
        if not binary.is_file():
            if self._late():
                raise Spent
            what, complaint = own_complaint(ran.stderr.decode("utf-8", "replace"), self.package.path, cut_short(ran))
            raise CannotTry(f"{what}: {complaint}")
        return binary

    def _fresh(self) -> str:
        directory = tempfile.mkdtemp(dir=self.scratch)
        Path(directory).chmod(0o777)  # it may run as somebody else
        return directory

    @property
    def module(self) -> Path:
        """The directory of the package's module."""
        places = (self.package.directory, *self.package.directory.parents)
        return next((p for p in places if (p / "go.mod").is_file()), self.package.directory)

    def _directory(self, change: Change) -> Path:
        if not change.place:
            return self.package.directory
        there = self.scratch / change.place
        if not os.path.lexists(there):
            if change.copied:
                _copy(self.module, there)
            else:
                there.symlink_to(self.module)
        return there / self.package.directory.relative_to(self.module)


def compiled(package: Planned, test: str, setting: Setting, scratch: Path) -> Prober:
    """Compile the package's tests once. Raises UserError with what the compiler says."""
    if package.error:
        raise UserError(f"Go cannot load {package.path}: {package.error}.", "Mend that first.")
    prober = Prober(package, test, setting, scratch)
    try:
        prober.binary(Change("", ""))
    except CannotTry as error:
        raise UserError(f"{package.path} cannot be tested. {str(error).rstrip('.')}.", "Mend that first.") from None
    return prober


def _copy(module: Path, there: Path) -> None:
    size = sum(f.lstat().st_size for f in module.rglob("*"))
    if size > _MOST_COPIED_BYTES:
        raise CannotTry(f"the module is larger than {_MOST_COPIED_BYTES >> 30} GiB")
    try:
        shutil.copytree(module, there, symlinks=True)
    except (OSError, shutil.Error) as error:
        raise CannotTry(f"the module cannot be copied: {error}") from None


def _within(name: str, test: str) -> bool:
    return name == test or name.startswith(test + "/")


def _is_running(test: str, running: list[str]) -> bool:
    return any(_within(name, test) for name in running)


@contextmanager
def _duty(awake: float) -> Iterator[Callable[[int], None] | None]:
    """Takes the id of a process that is to run in this share of the time only."""
    if awake >= 1.0:
        yield None
        return
    stop, threads = threading.Event(), list[threading.Thread]()

    def began(pid: int) -> None:
        try:
            handle = os.pidfd_open(pid)  # names this process, whoever gets its number later
        except OSError:
            return
        threads.append(threading.Thread(target=_stop_and_go, args=(handle, awake, stop), daemon=True))
        threads[0].start()

    try:
        yield began
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _stop_and_go(handle: int, awake: float, stop: threading.Event) -> None:
    try:
        while True:
            signal.pidfd_send_signal(handle, signal.SIGSTOP)
            ended = stop.wait(_PERIOD_SECONDS * (1 - awake))
            signal.pidfd_send_signal(handle, signal.SIGCONT)
            if ended or stop.wait(_PERIOD_SECONDS * awake):
                return
    except ProcessLookupError:
        return
    finally:
        os.close(handle)
