"""The only place that spawns other programs: argument list, time limit, output cap, no shell, the whole group killed.

A guard that watches (guard.py) knows of each of them. Missing, failed, timed out and unreadable are four different answers (see `Outcome`).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Self

from steadygo.tools import guard
from steadygo.tools.starting import explained

_AFTER_QUIT_SECONDS = 5.0
_GATHER_SECONDS = 0.01  # a program that prints line by line would have us wake up for each of them
_GATHERED_BYTES = 1 << 20


class Outcome(StrEnum):
    """How a run ended. OK and FAILED carry an exit status; TOO_LONG had more output than was allowed."""

    OK = "ok"
    FAILED = "failed"
    MISSING = "missing"
    TIMED_OUT = "timed out"
    TOO_LONG = "too long"


@dataclass(frozen=True)
class Ran:
    """One finished run. `status` is the exit code, negative for a signal, None when the program never started."""

    outcome: Outcome
    status: int | None
    stdout: bytes
    stderr: bytes
    seconds: float

    @property
    def ok(self) -> bool:
        return self.outcome is Outcome.OK

    @property
    def text(self) -> str:
        return self.stdout.decode("utf-8", "replace")

    @property
    def complaint(self) -> str:
        """The last line of stderr, for a message."""
        lines = self.stderr.decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else f"{self.outcome} (status {self.status})"


def run(
    arguments: Sequence[str | Path],
    *,
    directory: Path | None = None,
    environment: Mapping[str, str] | None = None,
    timeout_seconds: float = 60.0,
    input: bytes = b"",
    most_bytes: int = 64 << 20,
    stopped: Callable[[], bool] | None = None,
) -> Ran:
    """Run a program to its end and return what it said. Never raises for what the program does, but UserError where it cannot start.

    The program leads its own process group; on a time-out, too much output or an interrupt the group gets SIGTERM, then SIGKILL
    after 5 s. `environment` replaces the whole environment when given. `stopped` is asked now and then; true ends it like a time-out.
    """
    started = time.monotonic()
    try:
        stdin = subprocess.PIPE if input else subprocess.DEVNULL
        process = _spawn(arguments, directory, environment, stdin, subprocess.PIPE, subprocess.PIPE)
    except (FileNotFoundError, NotADirectoryError, PermissionError) as error:
        return Ran(Outcome.MISSING, None, b"", str(error).encode(), time.monotonic() - started)
    with guard.on_death(group=process.pid):
        try:
            outcome, stdout, stderr = _collect(process, input, started + timeout_seconds, most_bytes, stopped)
        finally:
            if process.poll() is None:
                stop_group(process)
    status = process.wait()
    if outcome is Outcome.OK and status != 0:
        outcome = Outcome.FAILED
    return Ran(outcome, status, stdout, stderr, time.monotonic() - started)


def _collect(
    process: subprocess.Popen[bytes], data: bytes, deadline: float, most: int, stopped: Callable[[], bool] | None
) -> tuple[Outcome, bytes, bytes]:
    assert process.stdout is not None and process.stderr is not None
    taken: dict[int, bytearray] = {process.stdout.fileno(): bytearray(), process.stderr.fileno(): bytearray()}
    order = list(taken)
    with selectors.DefaultSelector() as selector, process.stdout, process.stderr:
        selector.register(process.stdout, selectors.EVENT_READ)
        selector.register(process.stderr, selectors.EVENT_READ)
        view = memoryview(data)
        if process.stdin is not None:
            os.set_blocking(process.stdin.fileno(), False)
            selector.register(process.stdin, selectors.EVENT_WRITE)
        outcome = Outcome.OK
        while selector.get_map():
            left = deadline - time.monotonic()
            if left <= 0 or (stopped is not None and stopped()):
                outcome = Outcome.TIMED_OUT
                break
            for key, _ in selector.select(left if stopped is None else min(left, 0.2)):
                if process.stdin is not None and key.fileobj is process.stdin:
                    try:
                        view = view[os.write(key.fd, view[:65536]) :]
                    except BrokenPipeError:
                        view = view[:0]
                    if not view:
                        selector.unregister(process.stdin)
                        with contextlib.suppress(BrokenPipeError):
                            process.stdin.close()
                    continue
                chunk = os.read(key.fd, 65536)
                if not chunk:
                    selector.unregister(key.fileobj)
                    continue
                taken[key.fd] += chunk
                if len(taken[key.fd]) > most:
                    outcome = Outcome.TOO_LONG
            if outcome is Outcome.TOO_LONG:
                break
        else:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                outcome = Outcome.TIMED_OUT
    return outcome, bytes(taken[order[0]]), bytes(taken[order[1]])


class Listened:
    """A program that runs as long as it takes; what it prints, stdout and stderr together, waits in a pipe until `listen`.

    It is ended with its whole group, if it has not ended, where the block of this context manager ends.
    """

    def __init__(self, arguments: Sequence[str | Path], *, directory: Path, environment: Mapping[str, str]) -> None:
        self._started = time.monotonic()
        self._process: subprocess.Popen[bytes] | None = None
        self._complaint = b""
        self._cleaning = contextlib.ExitStack()
        reader, writer = os.pipe()
        self._reader = reader
        self._cleaning.callback(os.close, reader)
        try:
            self._process = _spawn(arguments, directory, environment, subprocess.DEVNULL, writer, writer)
        except (FileNotFoundError, NotADirectoryError, PermissionError) as error:
            self._complaint = str(error).encode()
        except BaseException:
            self._cleaning.close()
            raise
        else:
            self._cleaning.enter_context(guard.on_death(group=self._process.pid))
            self._cleaning.callback(stop_group, self._process, 0.0)
        finally:
            os.close(writer)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._cleaning.close()

    def ended(self) -> bool:
        """Whether it has ended, or never began. From any thread."""
        return self._process is None or self._process.poll() is not None

    def listen(self, takes: Callable[[bytes], None], beside: tuple[int, Callable[[bytes], None]], stopped: Callable[[], bool]) -> Ran:
        """Hand on what it prints as it comes, until it ends. To be called once.

        `beside` is another descriptor that is read meanwhile, and who takes that. `stopped` true ends the whole group.
        """
        process = self._process
        if process is None:
            return Ran(Outcome.MISSING, None, b"", self._complaint, time.monotonic() - self._started)
        outcome, ended = Outcome.OK, float("inf")
        with selectors.DefaultSelector() as selector:
            selector.register(self._reader, selectors.EVENT_READ, takes)
            selector.register(beside[0], selectors.EVENT_READ, beside[1])
            while time.monotonic() < ended + _AFTER_QUIT_SECONDS:
                if stopped():
                    outcome = Outcome.TIMED_OUT
                    break
                ready = {key.fd: os.read(key.fd, 1 << 16) for key, _ in selector.select(0.1)}
                for fd, chunk in ready.items():
                    if chunk:
                        selector.get_key(fd).data(chunk)
                if ready.get(self._reader) == b"":
                    break
                if process.poll() is not None:
                    ended = min(ended, time.monotonic())
        stop_group(process, 0.0 if outcome is Outcome.TIMED_OUT else _AFTER_QUIT_SECONDS)
        if outcome is Outcome.OK and process.returncode != 0:
            outcome = Outcome.FAILED
        return Ran(outcome, process.returncode, b"", b"", time.monotonic() - self._started)


def follow(
    arguments: Sequence[str | Path],
    take: Callable[[bytes], None],
    *,
    through: Sequence[str | Path],
    directory: Path,
    environment: Mapping[str, str],
    timeout_seconds: float,
    stopped: Callable[[], bool],
    most_bytes: int = 1 << 30,
    linger_seconds: float = 30.0,
    began: Callable[[int], None] | None = None,
    ended: Callable[[], None] | None = None,
) -> Ran:
    """Run a program and hand on, chunk by chunk as it comes, what the filter `through` makes of its stdout and stderr.

    Both lead process groups of their own. The program's group gets SIGQUIT at the time limit (a Go program then tells its goroutines),
    and is killed after that, when `stopped` says so, and on too much output. `stderr` of the answer is what the filter complained about.
    A grandchild that holds the output open `linger_seconds` after the program's end is killed too; outcome TIMED_OUT with the status kept.
    `began` gets the program's process id; `ended` is called when it has ended, before what it left of its group is killed.
    """
    started = time.monotonic()
    reader, writer = os.pipe()
    try:
        try:
            filtering = _spawn(through, None, None, reader, subprocess.PIPE, subprocess.PIPE)
        finally:
            os.close(reader)
        try:
            process = _spawn(arguments, directory, environment, subprocess.DEVNULL, writer, writer)
        except BaseException:
            stop_group(filtering, 0.0)
            raise
    except (FileNotFoundError, NotADirectoryError, PermissionError) as error:
        return Ran(Outcome.MISSING, None, b"", str(error).encode(), time.monotonic() - started)
    finally:
        os.close(writer)
    with guard.on_death(group=process.pid), guard.on_death(group=filtering.pid):
        try:
            if began is not None:
                began(process.pid)
            outcome, complaint = _pass_on(process, filtering, take, _Limits(started + timeout_seconds, most_bytes, linger_seconds, stopped))
            if ended is not None and process.poll() is not None:
                ended()
        finally:
            stop_group(process, 0.0)
            stop_group(filtering, 0.0)
    if outcome is Outcome.OK and process.returncode != 0:
        outcome = Outcome.FAILED
    return Ran(outcome, process.returncode, b"", complaint, time.monotonic() - started)


def _spawn(
    arguments: Sequence[str | Path], directory: Path | None, environment: Mapping[str, str] | None, stdin: int, stdout: int, stderr: int
) -> subprocess.Popen[bytes]:
    with explained(arguments):
        return subprocess.Popen(
            [str(a) for a in arguments],
            cwd=directory,
            env=guard.marked(environment),
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        )


@dataclass(frozen=True)
class _Limits:
    deadline: float
    most_bytes: int
    linger_seconds: float
    stopped: Callable[[], bool]


def _pass_on(
    process: subprocess.Popen[bytes], filtering: subprocess.Popen[bytes], take: Callable[[bytes], None], limits: _Limits
) -> tuple[Outcome, bytes]:
    assert filtering.stdout is not None and filtering.stderr is not None
    outcome, seen, complaint = Outcome.OK, 0, bytearray()
    ended: float | None = None
    with selectors.DefaultSelector() as selector, filtering.stdout, filtering.stderr, _end_of(filtering) as end:
        selector.register(filtering.stdout, selectors.EVENT_READ)
        selector.register(filtering.stderr, selectors.EVENT_READ)
        with contextlib.suppress(OSError):  # more than this user may have: the program waits for us instead
            fcntl.fcntl(filtering.stdout, fcntl.F_SETPIPE_SZ, _GATHERED_BYTES)
        while selector.get_map():
            end.poll(_GATHER_SECONDS * 1000)
            for key, _ in selector.select(0.2):
                chunk = os.read(key.fd, _GATHERED_BYTES)
                if not chunk:
                    selector.unregister(key.fileobj)
                elif key.fileobj is filtering.stderr:
                    complaint += chunk[: 65536 - len(complaint)]
                else:
                    seen += len(chunk)
                    take(chunk)
            now = time.monotonic()
            if process.poll() is not None and ended is None:
                ended = now
            if ended is not None and now > ended + limits.linger_seconds:
                return Outcome.TIMED_OUT, bytes(complaint)
            if outcome is Outcome.OK and (seen > limits.most_bytes or limits.stopped()):
                outcome = Outcome.TOO_LONG if seen > limits.most_bytes else Outcome.TIMED_OUT
                stop_group(process, 0.0)
            elif ended is None and now > limits.deadline and outcome is Outcome.OK:
                outcome = Outcome.TIMED_OUT
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGQUIT)
            elif ended is None and now > limits.deadline + _AFTER_QUIT_SECONDS:
                stop_group(process, 0.0)
        process.wait()
    return outcome, bytes(complaint)


@contextlib.contextmanager
def _end_of(process: subprocess.Popen[bytes]) -> Iterator[select.poll]:
    """Something to wait at for the end of a process."""
    end = select.poll()
    try:
        descriptor = os.pidfd_open(process.pid)
    except OSError:  # an old kernel
        yield end
        return
    try:
        end.register(descriptor, select.POLLIN)
        yield end
    finally:
        os.close(descriptor)


def stop_group(process: subprocess.Popen[bytes], grace_seconds: float = 5.0) -> None:
    """SIGTERM to the process's whole group, SIGKILL after `grace_seconds`; members that another user owns by now are let be."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(grace_seconds)
    except subprocess.TimeoutExpired:
        pass
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
