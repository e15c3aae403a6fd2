"""The only place that spawns processes: argument list, time limit, output cap, no shell, the whole group killed.

Missing, failed, timed out and unreadable are four different answers (see `Outcome`).
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


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
) -> Ran:
    """Run a program to its end and return what it said. Never raises for what the program does.

    The program leads its own process group; on a time-out, too much output or an interrupt the group gets SIGTERM, then SIGKILL
    after 5 s. `environment` replaces the whole environment when given.
    """
    started = time.monotonic()
    try:
        process = subprocess.Popen(
            [str(a) for a in arguments],
            cwd=directory,
            env=dict(environment) if environment is not None else None,
            stdin=subprocess.PIPE if input else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except (FileNotFoundError, NotADirectoryError, PermissionError) as error:
        return Ran(Outcome.MISSING, None, b"", str(error).encode(), time.monotonic() - started)
    try:
        outcome, stdout, stderr = _collect(process, input, started + timeout_seconds, most_bytes)
    finally:
        if process.poll() is None:
            stop_group(process)
    status = process.wait()
    if outcome is Outcome.OK and status != 0:
        outcome = Outcome.FAILED
    return Ran(outcome, status, stdout, stderr, time.monotonic() - started)


def _collect(process: subprocess.Popen[bytes], data: bytes, deadline: float, most: int) -> tuple[Outcome, bytes, bytes]:
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
            if left <= 0:
                outcome = Outcome.TIMED_OUT
                break
            for key, _ in selector.select(left):
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


def stop_group(process: subprocess.Popen[bytes], grace_seconds: float = 5.0) -> None:
    """SIGTERM to the process's whole group, SIGKILL after `grace_seconds`."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(grace_seconds)
    except subprocess.TimeoutExpired:
        pass
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
