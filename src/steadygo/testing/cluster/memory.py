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
_MOST_EXPIRED = 1000  # lines that may stay before the file is written anew


class Seen:
    """A file of what was seen, one JSON line each. What has expired is forgotten: its time refuses it from then on."""

    def __init__(self, file: Path) -> None:
        self._file = file

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
        known = [seen for line in file.read().splitlines() if (seen := _read(line))]
        living = [seen for seen in known if seen[0] >= now]
        if any(seen[1:] == one[1:] for seen in living):
            return False
        if len(known) - len(living) > _MOST_EXPIRED:
            file.seek(0)
            file.truncate()
            file.writelines(msgspec.json.encode(seen) + b"\n" for seen in living)
        file.write(b"\n" + msgspec.json.encode(one) + b"\n")  # a line that a killed worker left unfinished is closed first
        return True


def _read(line: bytes) -> _Seen | None:
    try:
        seen: _Seen = msgspec.json.decode(line, type=_Seen)
    except msgspec.DecodeError:
        return None
    return seen
