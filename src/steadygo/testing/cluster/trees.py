"""Trees of files on a worker, each exactly as its manifest says: nothing stale, nothing altered, modes included.

Files are copies, so tests that write into their tree cannot reach the store. A tree is kept and brought up to date for the next run, at the
same path, so that Go's build cache helps. One process uses a tree at a time.

    DIR/0/tree/   the files      DIR/0/index   what was written, to see what tests have changed      DIR/0/lock
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import stat
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import msgspec

from steadygo.testing.cluster.blobs import Blobs, full
from steadygo.testing.cluster.manifest import Entry, Kind, Manifest
from steadygo.testing.cluster.refused import Refused

_MODIFIED_NS = 946_684_800 * 10**9  # 2000-01-01: whoever writes to a file changes this, however soon

_Signature = tuple[str, int, int, int, int]  # sha256, inode, size, mtime, ctime
_Index = dict[str, _Signature]


class Trees:
    """The trees below `directory`, filled from `blobs`."""

    def __init__(self, directory: Path, blobs: Blobs) -> None:
        self._directory, self._blobs = directory, blobs

    @contextlib.contextmanager
    def tree(self, manifest: Manifest) -> Iterator[Path]:
        """A tree that equals the manifest, for this caller alone.

        Raises Refused when a content is missing or altered, the disk is full, or the file system cannot hold two of the names.
        """
        with self._free() as place:
            _Sync(place, self._blobs).run(manifest)
            yield place / "tree"

    @contextlib.contextmanager
    def _free(self) -> Iterator[Path]:
        for number in count():
            place = self._directory / str(number)
            try:
                place.mkdir(mode=0o700, parents=True, exist_ok=True)
                descriptor = os.open(place / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            except OSError as error:
                raise full(error, place) from None
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                continue
            try:
                yield place
            finally:
                os.close(descriptor)
            return


class _Sync:
    def __init__(self, place: Path, blobs: Blobs) -> None:
        self._index_file, self._root, self._blobs = place / "index", place / "tree", blobs
        self._before = self._load()
        self._index: _Index = {}
        self._kept: set[str] = set()  # folders and links that stand as they should

    def run(self, manifest: Manifest) -> None:
        try:
            # Whoever is killed from here on leaves no index: everything is then written anew.
            self._index_file.unlink(missing_ok=True)
            self._root.mkdir(mode=0o755, exist_ok=True)
            self._root.chmod(0o755)
            self._remove_what_differs({e.path: e for e in manifest.entries})
            for entry in manifest.entries:
                self._make(entry)
            for entry in reversed(manifest.entries):
                if entry.kind is Kind.FOLDER:
                    (self._root / entry.path).chmod(entry.mode)
            self._index_file.write_bytes(msgspec.msgpack.encode(self._index))
        except OSError as error:
            raise full(error, self._root) from None

    def _load(self) -> _Index:
        try:
            return msgspec.msgpack.decode(self._index_file.read_bytes(), type=_Index)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            return {}

    def _remove_what_differs(self, wanted: dict[str, Entry]) -> None:
        left = [""]
        while left:
            folder = left.pop()
            with os.scandir(self._root / folder) as found:
                entries = list(found)
            for one in entries:
                path = f"{folder}/{one.name}" if folder else one.name
                entry = wanted.get(path)
                if one.is_dir(follow_symlinks=False):
                    os.chmod(one.path, 0o700)
                    if entry is not None and entry.kind is Kind.FOLDER:
                        self._kept.add(path)
                        left.append(path)
                    else:
                        _remove_folder(Path(one.path))
                elif entry is not None and self._is_as_written(Path(one.path), path, entry):
                    self._kept.add(path)
                else:
                    os.unlink(one.path)

    def _is_as_written(self, file: Path, path: str, entry: Entry) -> bool:
        status = file.lstat()
        if entry.kind is Kind.LINK:
            return stat.S_ISLNK(status.st_mode) and os.readlink(file) == entry.target
        same = self._before.get(path) == _signature(entry.sha256, status)
        if not same or entry.kind is not Kind.FILE or stat.S_IMODE(status.st_mode) != entry.mode:
            return False
        self._index[path] = _signature(entry.sha256, status)
        return True

    def _make(self, entry: Entry) -> None:
        place = self._root / entry.path
        if entry.path in self._kept:
            return
        try:
            if entry.kind is Kind.FOLDER:
                place.mkdir(mode=0o700)
            elif entry.kind is Kind.LINK:
                place.symlink_to(entry.target)
            else:
                self._index[entry.path] = self._write(place, entry)
        except FileExistsError:
            raise Refused(f"{entry.path} cannot be written: this worker's file system takes its name for that of another file.") from None

    def _write(self, place: Path, entry: Entry) -> _Signature:
        descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb", buffering=0) as file:
            self._blobs.copy(entry.sha256, entry.size, file, entry.path)
            os.fchmod(descriptor, entry.mode)
            os.utime(descriptor, ns=(_MODIFIED_NS, _MODIFIED_NS))
        return _signature(entry.sha256, place.lstat())


def _signature(sha256: str, status: os.stat_result) -> _Signature:
    return sha256, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _remove_folder(folder: Path) -> None:
    for place, folders, _ in os.walk(folder):
        for name in folders:
            path = Path(place, name)
            if not path.is_symlink():
                path.chmod(0o700)
    shutil.rmtree(folder)
