"""A worker's store of contents by their hash: what has come once does not come again. Workers of a host may share one.

DIR/blobs/ab/abcd…   contents, read-only           DIR/coming/   contents on their way
DIR/pins/            what is about to be used: a locked file for each user, one hash a line
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import tempfile
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from steadygo.errors import UserError
from steadygo.testing.cluster.refused import Refused

_CHUNK = 1 << 20
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class Blobs:
    """The store at `directory`, made when it is not there. Raises UserError when that cannot be."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        try:
            for name in ("blobs", "coming", "pins"):
                (directory / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"The store {directory} cannot be made: {error.strerror}.", "Name another place.") from None

    def path(self, sha256: str) -> Path:
        """Where this content lies, if it is there."""
        return self.directory / "blobs" / sha256[:2] / sha256

    def missing(self, wanted: Iterable[str]) -> list[str]:
        """Those that have to come, sorted."""
        return sorted(sha256 for sha256 in set(wanted) if not self.path(sha256).is_file())

    def arriving(self, sha256: str, size: int, path: str) -> Arriving:
        """A content that comes in parts. `path` is for messages."""
        return Arriving(self, sha256, size, path)

    def copy(self, sha256: str, size: int, out: BinaryIO, path: str) -> None:
        """Write a content to `out`, checked once more. A content that changed in the store is thrown out of it: Refused."""
        place = self.path(sha256)
        try:
            with place.open("rb", buffering=0) as file:
                found, written = hashlib.sha256(), 0
                while chunk := file.read(_CHUNK):
                    found.update(chunk)
                    written += len(chunk)
                    if written > size:
                        break
                    _write(out, chunk, self.directory)
            os.utime(place)
        except FileNotFoundError:
            raise Refused(f"{path} is not in this worker's store ({sha256}): it was not sent, or was removed by hand.") from None
        if found.hexdigest() != sha256 or written != size:
            place.unlink(missing_ok=True)
            raise Refused(
                f"{path} was altered in this worker's store: its SHA-256 is {found.hexdigest()}, it should be {sha256}. "
                "It was thrown away, and has to be sent again."
            )

    @contextlib.contextmanager
    def pinned(self, wanted: Collection[str]) -> Iterator[None]:
        """Keep `prune` of every process from these contents meanwhile."""
        descriptor, place = self.marked("pins", "".join(f"{sha256}\n" for sha256 in wanted))
        try:
            yield
        finally:
            place.unlink(missing_ok=True)
            os.close(descriptor)

    def marked(self, folder: str, text: str = "") -> tuple[int, Path]:
        """A new file that is locked for as long as it is open, so that others see that its maker lives. Raises Refused."""
        try:
            with self._locked(fcntl.LOCK_SH):
                descriptor, name = tempfile.mkstemp(dir=self.directory / folder)
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                os.write(descriptor, text.encode())
        except OSError as error:
            raise full(error, self.directory) from None
        return descriptor, Path(name)

    def prune(self, most_bytes: int) -> int:
        """Remove contents, the longest unused first, until at most `most_bytes` are left; those in use stay. Returns bytes removed."""
        with self._locked(fcntl.LOCK_EX):
            used = self._used()
            for leftover in (self.directory / "coming").iterdir():
                with contextlib.suppress(FileNotFoundError):  # it has just arrived, or another worker removed it
                    _remove_unlocked(leftover)
            found = [(status.st_mtime, status.st_size, p) for p in (self.directory / "blobs").glob("*/*") if (status := p.stat())]
            total, removed = sum(size for _, size, _ in found), 0
            for _, size, path in sorted(found):
                if total - removed <= most_bytes:
                    break
                if path.name not in used:
                    path.unlink()
                    removed += size
        return removed

    def _used(self) -> set[str]:
        used: set[str] = set()
        for pin in (self.directory / "pins").iterdir():
            with contextlib.suppress(FileNotFoundError):
                if not _remove_unlocked(pin):
                    used.update(pin.read_text().split())
        return used

    @contextlib.contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        descriptor = os.open(self.directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, how)
            yield
        finally:
            os.close(descriptor)


class Arriving:
    """One content on its way. Give it its parts by `feed`, then `finish`; `drop` otherwise."""

    def __init__(self, blobs: Blobs, sha256: str, size: int, path: str) -> None:
        self._blobs, self._sha256, self._size, self._path = blobs, sha256, size, path
        self._hash, self._taken = hashlib.sha256(), 0
        descriptor, self._place = blobs.marked("coming")
        self._file = os.fdopen(descriptor, "wb", buffering=0)

    def feed(self, data: bytes) -> None:
        """The next part. Raises Refused when there is more than was announced, or no room for it."""
        self._taken += len(data)
        if self._taken > self._size:
            self.drop()
            raise Refused(f"{self._path} was altered on its way: more than its {self._size:,} bytes came.")
        self._hash.update(data)
        try:
            _write(self._file, data, self._blobs.directory)
        except Refused:
            self.drop()
            raise

    def finish(self) -> None:
        """Check it and put it into the store. Raises Refused with both hashes."""
        found = self._hash.hexdigest()
        if self._taken != self._size or found != self._sha256:
            self.drop()
            raise Refused(
                f"{self._path} was altered on its way: {self._taken:,} bytes with SHA-256 {found} came, "
                f"{self._size:,} bytes with {self._sha256} were announced."
            )
        target = self._blobs.path(self._sha256)
        try:
            os.fchmod(self._file.fileno(), 0o400)
            try:
                self._place.rename(target)
            except FileNotFoundError:  # the first with these two digits
                target.parent.mkdir(mode=0o700, exist_ok=True)
                self._place.rename(target)
        except OSError as error:
            self.drop()
            raise full(error, self._blobs.directory) from None
        self._file.close()

    def drop(self) -> None:
        """It will not come."""
        self._place.unlink(missing_ok=True)
        self._file.close()


def _write(out: BinaryIO, data: bytes, directory: Path) -> None:
    left = memoryview(data)
    try:
        while left:
            left = left[out.write(left) :]
    except OSError as error:
        raise full(error, directory) from None


def full(error: OSError, directory: Path) -> Refused:
    """The sentence for a store or a tree that cannot be written."""
    if error.errno in _FULL:
        return Refused(f"The disk of this worker is full: {directory} takes no more. Make room there, or give --store another place.")
    return Refused(f"This worker cannot write to {directory}: {error.strerror}.")


def _remove_unlocked(path: Path) -> bool:
    """Remove what a process that is gone left behind; whether it did."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink(missing_ok=True)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True
