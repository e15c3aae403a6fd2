"""Processes that outlive the program that started them, found in /proc by a variable that they inherited or by their session."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterable
from typing import NamedTuple

_LISTENS = "0A"


class Alive(NamedTuple):
    """A process. `ports` it listens on (TCP)."""

    pid: int
    command: str
    ports: tuple[int, ...]


def find(variable: str, value: str, session: int | None) -> list[Alive]:
    """Those that carry VARIABLE=VALUE in their environment, or belong to the session. Without the ones that have ended."""
    mark = f"{variable}={value}".encode()
    found = []
    for name in os.listdir("/proc"):
        if name.isdecimal() and int(name) != os.getpid() and (_in_session(name, session) or mark in _read(name, "environ").split(b"\0")):
            state = _stat(name)[:1]
            if state and state[0] not in "ZX":
                words = _read(name, "cmdline").rstrip(b"\0").replace(b"\0", b" ").decode("utf-8", "replace")
                found.append(Alive(int(name), words or _read(name, "comm").decode("utf-8", "replace").strip(), _ports(name)))
    return sorted(found)


def kill(processes: Iterable[Alive]) -> None:
    """SIGKILL to each that is still there."""
    for process in processes:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(process.pid, signal.SIGKILL)


def ended_by(status: int) -> str:
    """`killed by SIGKILL` for a negative status, as subprocess gives it, else `exit status 3`."""
    if status >= 0:
        return f"exit status {status}"
    try:
        return f"killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"killed by signal {-status}"


def _in_session(pid: str, session: int | None) -> bool:
    fields = _stat(pid)
    return session is not None and len(fields) > 3 and fields[3] == str(session)


def _stat(pid: str) -> list[str]:
    """State, parent, group, session … of a process; the name before them may hold anything."""
    return _read(pid, "stat").rpartition(b")")[2].decode("ascii", "replace").split()


def _read(pid: str, name: str) -> bytes:
    try:
        with open(f"/proc/{pid}/{name}", "rb") as file:
            return file.read()
    except OSError:
        return b""


def _ports(pid: str) -> tuple[int, ...]:
    sockets = set()
    with contextlib.suppress(OSError):
        for number in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(OSError):
                sockets.add(os.readlink(f"/proc/{pid}/fd/{number}"))
    found = set()
    for table in ("net/tcp", "net/tcp6"):
        for line in _read(pid, table).decode("ascii", "replace").splitlines()[1:]:
            fields = line.split()
            if len(fields) > 9 and fields[3] == _LISTENS and f"socket:[{fields[9]}]" in sockets:
                found.add(int(fields[1].rpartition(":")[2], 16))
    return tuple(sorted(found))
