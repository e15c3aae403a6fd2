"""What the last scan of this root found, by content: two files below the user's cache directory, replaced atomically.

`index` holds signatures, kinds and content hashes of files, and the last result; `facts` holds encoded facts by content hash.
Both are salted with the version of steadygo, so that a new version never trusts an old one's facts.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import tempfile
import time
from functools import cache
from pathlib import Path

import msgspec

from steadygo import __version__

_KEEP_DAYS = 30


class Entry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One file: its signature, kind ("" for not ours) and the hash of path and content."""

    signature: tuple[int, int, int, int]
    kind: str
    hash: bytes = b""


class Index(msgspec.Struct, array_like=True):
    salt: str
    saved_ns: int = 0
    entries: dict[str, Entry] = msgspec.field(default_factory=dict)
    key: bytes = b""
    result: bytes = b""


def directory() -> Path:
    """Where caches are kept: $STEADYGO_CACHE, else $XDG_CACHE_HOME/steadygo, else ~/.cache/steadygo."""
    stated = os.environ.get("STEADYGO_CACHE")
    if stated:
        return Path(stated)
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(base) / "steadygo"


@cache
def salt() -> str:
    """Changes with the version of steadygo, of Python and, in a source checkout, with every edit of our own files."""
    home = Path(__file__).parent.parent
    state = hashlib.blake2b(f"{__version__} {sys.version}".encode(), digest_size=16)
    for room in ("facts", "read", "rules", "scan"):
        for folder, _, files in os.walk(home / room):
            for name in sorted(files):
                if name.endswith(".py"):
                    status = os.stat(os.path.join(folder, name))
                    state.update(f"{folder}/{name} {status.st_size} {status.st_mtime_ns}".encode())
    return state.hexdigest()


def content_hash(path: str, data: bytes) -> bytes:
    state = hashlib.blake2b(path.encode("utf-8", "surrogateescape") + b"\0", digest_size=16)
    state.update(data)
    return state.digest()


class Cache:
    """The cache of one root. Never raises: a cache that cannot be read or written is as good as none."""

    def __init__(self, root: Path, folder: Path | None) -> None:
        self._folder: Path | None = None
        if folder is not None:
            name = hashlib.blake2b(str(root).encode("utf-8", "surrogateescape"), digest_size=12).hexdigest()
            self._folder = folder / name
        self.index = Index(salt())

    def load(self) -> None:
        """Read the index; an index of another version counts as empty."""
        if self._folder is None:
            return
        with contextlib.suppress(OSError, msgspec.MsgspecError):
            index = msgspec.msgpack.decode((self._folder / "index").read_bytes(), type=Index)
            if index.salt == salt():
                self.index = index

    def trusted(self, path: str, signature: tuple[int, int, int, int]) -> Entry | None:
        """What is known of an unchanged file. A file touched within 50 ms before the index was saved is not trusted."""
        entry = self.index.entries.get(path)
        if entry is None or entry.signature != signature or max(signature[1], signature[2]) > self.index.saved_ns - 50_000_000:
            return None
        return entry

    def facts(self) -> dict[bytes, bytes]:
        """Encoded facts by content hash."""
        if self._folder is None:
            return {}
        try:
            return msgspec.msgpack.decode((self._folder / "facts").read_bytes(), type=dict[bytes, bytes])
        except (OSError, msgspec.MsgspecError):
            return {}

    def save_facts(self, facts: dict[bytes, bytes]) -> None:
        """Replace the facts: those of files that are gone are forgotten."""
        if self._folder is None:
            return
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            _replace(self._folder / "facts", msgspec.msgpack.encode(facts))
            _evict(self._folder.parent, self._folder)

    def save_index(self, entries: dict[str, Entry], key: bytes, result: bytes, started_ns: int) -> None:
        """Replace the index and the last result."""
        if self._folder is None:
            return
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            _replace(self._folder / "index", msgspec.msgpack.encode(Index(salt(), started_ns, entries, key, result)))


def _replace(path: Path, data: bytes) -> None:
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def _evict(folder: Path, keep: Path) -> None:
    oldest = time.time() - _KEEP_DAYS * 86400
    for other in folder.iterdir():
        index = other / "index"
        if other != keep and index.is_file() and index.stat().st_mtime < oldest:
            for file in other.iterdir():
                file.unlink()
            other.rmdir()
