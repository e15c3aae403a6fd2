"""What becomes of processes, directories and databases when this process is killed: a second process then clears up.

SIGKILL leaves no time to clear up oneself. So a command that starts other people's code works in `with guard.watching():`, and in there

    with guard.scratch("steadygo-test-") as directory:           a temporary directory
    with guard.on_death(remove=path):                            a file or directory to be removed
    with guard.on_death(run=["dropdb", name], environment=...):  a command to be run, one minute at most

state what must not stay. Register first, then make: a clean-up must bear that there is nothing yet. While such a block lasts, the end of
this process, however it comes, makes the guard kill every process that was started, run the commands (the newest first) and remove the
paths. A block that is left has cleared up by itself: its registration is withdrawn. Where no guard watches, registering does nothing.

The guard is in a session of its own, holds the reading end of a pipe, and acts when that ends. It finds processes by the variable that
they inherit, by the process groups of run.py, and by descent from those. What a test started in a session of its own, with an empty
environment, and whose parents have all ended, is not found. The guard of a process that it kills is spared: it clears up for that one.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from steadygo.errors import UserError
from steadygo.tools import clearing
from steadygo.tools.starting import explained

VARIABLE = clearing.VARIABLE
_MOST_SECONDS = 60.0  # waited for the guard in the end


class _Guard:
    """The guard of this process, as seen from here."""

    def __init__(self) -> None:
        self.token = secrets.token_hex(8)
        self._lock = threading.Lock()
        self._number = 0
        reader, self._writer = os.pipe()
        program = [sys.executable, "-I", "-S", clearing.__file__, self.token, str(os.getpid())]
        try:
            with explained(program):
                self._process = subprocess.Popen(
                    program,
                    cwd="/",
                    stdin=reader,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )
        finally:
            os.close(reader)

    def register(self, what: Mapping[str, object]) -> str:
        """The number under which it can be withdrawn."""
        with self._lock:
            self._number += 1
            number = str(self._number)
            self._write(f"{number} {json.dumps(what)}\n".encode())
        return number

    def withdraw(self, number: str) -> None:
        """No longer."""
        with self._lock:
            self._write(f"{number}\n".encode())

    def _write(self, line: bytes) -> None:
        with contextlib.suppress(OSError):  # somebody killed the guard: nobody is left to be told
            while line:
                line = line[os.write(self._writer, line) :]

    def end(self) -> None:
        """Have everything cleared up that is still there, and wait for that."""
        os.close(self._writer)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_MOST_SECONDS)


_guards: list[_Guard] = []  # the one of this process, for run.py and for whoever registers


@contextlib.contextmanager
def watching() -> Iterator[None]:
    """Watch over what is started and registered in this block. In a block that is watched already, nothing more happens."""
    if _guards:
        yield
        return
    outer = os.environ.get(VARIABLE)
    guard = _Guard()
    _guards.append(guard)
    os.environ[VARIABLE] = f"{outer}:{guard.token}" if outer else guard.token
    try:
        yield
    finally:
        _guards.clear()
        if outer is None:
            del os.environ[VARIABLE]
        else:
            os.environ[VARIABLE] = outer
        guard.end()


@contextlib.contextmanager
def on_death(
    *,
    remove: Path | None = None,
    run: Sequence[str | Path] | None = None,
    environment: Mapping[str, str] | None = None,
    group: int | None = None,
) -> Iterator[None]:
    """Should this process end in the block: remove a file or directory, run a command, kill a process group. See the module.

    `environment` replaces the command's whole environment when given; put passwords there, for everybody can read `run`.
    """
    if not _guards:
        yield
        return
    guard, what = _guards[0], dict[str, object]()
    if remove is not None:
        what["remove"] = str(remove.absolute())
    if run is not None:
        what |= {"run": [str(a) for a in run], "environment": dict(environment) if environment is not None else None}
    if group is not None:
        what["group"] = group
    number = guard.register(what)
    try:
        yield
    finally:
        guard.withdraw(number)


@contextlib.contextmanager
def scratch(prefix: str, environment: Mapping[str, str] = os.environ) -> Iterator[Path]:
    """A new directory, removed with all that is in it. It stands where go puts its own: GOTMPDIR, else the temporary directory.

    Raises UserError when it cannot be made.
    """
    place = Path(environment.get("GOTMPDIR") or tempfile.gettempdir())
    path = place / f"{prefix}{secrets.token_hex(8)}"
    with on_death(remove=path):
        try:
            path.mkdir(mode=0o700)
        except OSError as error:
            raise UserError(f"No directory can be made in {place}: {error.strerror}.", "See GOTMPDIR and TMPDIR.") from None
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)
            if path.exists():
                clearing.remove(str(path))


def marked(environment: Mapping[str, str] | None) -> dict[str, str] | None:
    """The environment for a new process that the guard must find: with its variable. None stays None: this process's has it."""
    if environment is None or not _guards:
        return dict(environment) if environment is not None else None
    return {**environment, VARIABLE: os.environ[VARIABLE]}
