"""What a file is, in a few words that are the same on every machine where its content is: no times, no owners."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

WRITTEN = "changed while the tests ran"
"""What it was before is not known."""

_SYSTEM = ("/proc/", "/sys/", "/dev/")
_TICK_SECONDS = 0.02  # kernels stamp files with the time of their last tick
_END_BYTES = 64 << 10  # of a larger file both ends are read, and its size


def asked(path: Path, began: float) -> str:
    """What os.Stat told of it to a process that started at `began` (seconds since 1970)."""
    found = _look(path, began)
    if isinstance(found, str):
        return found
    return "a directory" if stat.S_ISDIR(found.st_mode) else f"a file of {found.st_size} bytes"


def opened(path: Path, began: float) -> str:
    """The same with its content: bytes of a file, names in a directory."""
    found = _look(path, began)
    if isinstance(found, str):
        return found
    try:
        if stat.S_ISDIR(found.st_mode):
            names = sorted(os.listdir(path))
            return f"a directory of {len(names)}, sha256 {_short(os.fsencode(chr(0).join(names)))}"
        return f"{found.st_size} bytes, sha256 {_short(_ends(path, found.st_size))}"
    except OSError:
        return "out of reach"


def _look(path: Path, began: float) -> os.stat_result | str:
    if str(path).startswith(_SYSTEM):
        return "made by the system"
    try:
        found = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return "absent"
    except (OSError, ValueError):
        return "out of reach"
    if not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
        return "a device, pipe or socket"
    return WRITTEN if found.st_mtime >= began - _TICK_SECONDS else found


def _ends(path: Path, size: int) -> bytes:
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        if size <= 2 * _END_BYTES:
            return file.read(2 * _END_BYTES)
        first = file.read(_END_BYTES)
        file.seek(-_END_BYTES, os.SEEK_END)
        return first + file.read(_END_BYTES)


def _short(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]
