"""The program of guard.py: waits until the process that started it is gone, then clears up what that left.

Run by its path as `python -I -S clearing.py TOKEN PID` with the pipe as standard input, it needs the standard library alone.
A line is `NUMBER JSON`, something to clear up, or `NUMBER`, no longer.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time

VARIABLE = "STEADYGO_GUARD"
"""What is started under a guard carries its token here; tokens of nested guards are joined by colons."""

_MOST_SECONDS = 30.0  # a process that cannot be killed (uninterruptible sleep) is not waited for longer
_PAUSE_SECONDS = 0.01
_COMMAND_SECONDS = 60.0


def wait(process: int) -> list[str]:
    """Wait for the end of the pipe, or of the process. What is left to clear up, as JSON, the newest first."""
    ends, most_seconds = [], None
    try:
        ends.append(os.pidfd_open(process))
    except ProcessLookupError:  # gone already: take what is in the pipe
        most_seconds = 0.0
    except OSError:  # an old kernel: the pipe ends too, unless a copy of the process holds it open
        pass
    left: dict[bytes, bytes] = {}
    rest = b""
    while True:
        ready = select.select([0, *ends], [], [], most_seconds)[0]
        chunk = os.read(0, 1 << 16) if 0 in ready else b""
        if not chunk:
            return [line.decode() for line in reversed(left.values())]
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            number, space, what = line.partition(b" ")
            if space:
                left[number] = what
            else:
                left.pop(number, None)


def kill_all(token: str, groups: frozenset[int]) -> None:
    """Kill what carries the token, the processes of these groups, and all that descend from them, until none is left."""
    until, silent = time.monotonic() + _MOST_SECONDS, 0
    while silent < 2 and time.monotonic() < until:  # twice: what forks and ends while it is looked for is seen the second time
        found = _find(token.encode(), groups)
        silent = 0 if found else silent + 1
        for process in found:
            try:
                os.kill(process, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                continue
        if found:
            time.sleep(_PAUSE_SECONDS)


def _find(token: bytes, groups: frozenset[int]) -> set[int]:
    everything = [int(name) for name in os.listdir("/proc") if name.isdecimal()]
    found = {p for p in everything if _carries(p, token) and not _clears(p)}
    if not found and not groups:
        return found
    parents: dict[int, list[int]] = {}
    for process in everything:
        state, parent, group = _stat(process)
        if state in "ZX":
            found.discard(process)
            continue
        parents.setdefault(parent, []).append(process)
        if group in groups and not _clears(process):
            found.add(process)
    left = list(found)
    while left:
        for child in parents.get(left.pop(), ()):
            if child not in found and not _clears(child):
                found.add(child)
                left.append(child)
    return found


def _carries(process: int, token: bytes) -> bool:
    try:
        with open(f"/proc/{process}/environ", "rb") as file:
            data = file.read()
    except OSError:
        return False
    start = f"{VARIABLE}=".encode()
    return token in data and any(token in v[len(start) :].split(b":") for v in data.split(b"\0") if v.startswith(start))


def _clears(process: int) -> bool:
    """Whether it is this program: what is killed may have a guard of its own, and that has still to clear up."""
    try:
        with open(f"/proc/{process}/cmdline", "rb") as file:
            return os.fsencode(__file__) in file.read().split(b"\0")[1:4]
    except OSError:
        return False


def _stat(process: int) -> tuple[str, int, int]:
    """(state, parent, group) of a process; state X when it is gone."""
    try:
        with open(f"/proc/{process}/stat", "rb") as file:
            state, parent, group = file.read().rpartition(b")")[2].split()[:3]
    except (OSError, ValueError):
        return "X", 0, 0
    return state.decode(), int(parent), int(group)


def clear(token: str, left: list[str]) -> None:
    """Processes first, for they write; then the commands, the newest first; then the directories."""
    import json

    entries = [json.loads(line) for line in left]
    kill_all(token, frozenset(e["group"] for e in entries if "group" in e))
    for entry in entries:
        if "run" in entry:
            _run(entry["run"], entry["environment"])
    for entry in entries:
        if "remove" in entry:
            remove(entry["remove"])


def _run(arguments: list[str], environment: dict[str, str] | None) -> None:
    import subprocess

    try:
        subprocess.run(
            arguments,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_COMMAND_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return


def remove(path: str) -> None:
    """Remove a file or a tree, directories without write permission (a Go module cache) included; what is gone already is fine."""
    import shutil

    try:
        os.unlink(path)
        return
    except FileNotFoundError:
        return
    except OSError:
        pass
    for folder, folders, _ in os.walk(path):
        for one in [folder, *(os.path.join(folder, f) for f in folders if not os.path.islink(os.path.join(folder, f)))]:
            try:
                os.chmod(one, 0o700)
            except OSError:
                continue
    shutil.rmtree(path, ignore_errors=True)


if __name__ == "__main__":
    for unwanted in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(unwanted, signal.SIG_IGN)
    clear(sys.argv[1], wait(int(sys.argv[2])))
