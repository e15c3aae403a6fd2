"""Which assignments a host has seen, so that none runs twice: also over a worker's restart, and among workers of one host."""

from __future__ import annotations

import datetime
import fcntl
import os
from pathlib import Path
from typing import BinaryIO

import msgspec

from steadygo.testing.cluster.refused import Refused

_Seen = tuple[float, str, str, int]  # expires (seconds UTC), run, shard, attempt


class Seen:
    """A file of what was seen, one JSON line each. Above `most_bytes` what has expired is forgotten: its time refuses it by itself."""

    def __init__(self, file: Path, most_bytes: int = 1 << 20) -> None:
        self._file, self._most_bytes = file, most_bytes

    def is_new(self, run: str, shard: str, attempt: int, expires: datetime.datetime, now: datetime.datetime) -> bool:
        """Whether this one was never seen; from now on it was. Raises Refused when the file cannot be written."""
        try:
            descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            with os.fdopen(descriptor, "r+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                return self._add(file, (expires.timestamp(), run, shard, attempt), now.timestamp())
        except OSError as error:
            raise Refused(f"{self._file}, which remembers what was run, cannot be written: {error.strerror}.") from None

    def _add(self, file: BinaryIO, one: _Seen, now: float) -> bool:
        known = file.read()
        same = msgspec.json.encode(one[1:])[1:]  # a line is the time, and then this
        if same in known and any(line.endswith(same) and _expires(line) >= now for line in known.splitlines()):
            return False
        if len(known) > self._most_bytes:
            file.seek(0)
            file.truncate()
            file.writelines(line + b"\n" for line in known.splitlines() if _expires(line) >= now)
        file.write(b"\n" + msgspec.json.encode(one))  # in front, for a line that a killed worker left unfinished
        return True


def _expires(line: bytes) -> float:
    try:
        seen: _Seen = msgspec.json.decode(line, type=_Seen)
    except msgspec.DecodeError:
        return 0.0
    return seen[0]
