"""Walk the tree: which files are ours to read. Nothing is followed out of the tree, nothing is opened but regular files."""

from __future__ import annotations

import fnmatch
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from steadygo.facts.contracts import Unread
from steadygo.facts.settings import Settings
from steadygo.read.recognise import recognise, skip_directory

MOST_BYTES = 8 << 20
"""A file above this size is not read: it is data, not something a team writes."""

Signature: TypeAlias = tuple[int, int, int, int]

_MOST_FILES = 400_000
_HEAD = 8192


@dataclass(frozen=True)
class Found:
    """A file to read. `signature` changes whenever the content may have changed."""

    path: str
    kind: str
    signature: Signature  # size, mtime in ns, ctime in ns, inode

    @property
    def size(self) -> int:
        return self.signature[0]


@dataclass
class Discovered:
    """`looked` keeps what a look into a file said, so that the next scan need not look again; "" is not ours."""

    files: list[Found] = field(default_factory=list)
    looked: dict[str, tuple[Signature, str]] = field(default_factory=dict)
    unread: list[Unread] = field(default_factory=list)
    paths: set[str] = field(default_factory=set)


def open_inside(root: Path, path: str) -> bytes:
    """The bytes of a regular file below `root`, at most MOST_BYTES + 1; never waits on a FIFO, never follows a link at the end."""
    descriptor = os.open(root / path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb", buffering=0) as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError("not a regular file")
        parts: list[bytes] = []
        left = MOST_BYTES + 1
        while left > 0 and (part := file.read(left)):
            parts.append(part)
            left -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)


def discover(root: Path, settings: Settings, known: Callable[[str, Signature], str | None]) -> Discovered:
    """Every file that a reader wants, sorted by path. `known` says the kind of an unchanged file: "" not ours, None not known."""
    found = Discovered()
    entries = dict(_walk(root, found, settings))
    found.paths.update(entries)
    for path, entry in sorted(entries.items()):
        try:
            status = entry.stat(follow_symlinks=False)
        except OSError as error:
            found.unread.append(Unread(path, error.strerror or "cannot be read"))
            continue
        signature = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
        kind = known(path, signature)
        if kind is None:
            kind = _recognise(root, path, status, found) or ""
        if kind or _wants_a_look(path):
            found.looked[path] = (signature, kind)
        if not kind:
            continue
        if not stat.S_ISREG(status.st_mode):
            reason = _odd(root, path, status)
            if reason:
                found.unread.append(Unread(path, reason))
            continue
        if status.st_size > MOST_BYTES:
            found.unread.append(Unread(path, f"{status.st_size / 1e6:.0f} MB is more than steadygo reads of one file (8 MB)"))
            continue
        found.files.append(Found(path, kind, signature))
    return found


def _recognise(root: Path, path: str, status: os.stat_result, found: Discovered) -> str | None:
    by_name = recognise(path, b"", found.paths)
    if by_name is not None or not stat.S_ISREG(status.st_mode) or status.st_size == 0:
        return by_name
    if not _wants_a_look(path):
        return None
    try:
        descriptor = os.open(root / path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            head = os.read(descriptor, _HEAD)
        finally:
            os.close(descriptor)
    except OSError as error:
        if path.endswith((".yaml", ".yml")):
            found.unread.append(Unread(path, error.strerror or "cannot be read"))
        return None
    if b"\0" in head and path.endswith((".yaml", ".yml")):
        found.unread.append(Unread(path, "not text: it holds NUL bytes"))
    return recognise(path, head, found.paths)


def _wants_a_look(path: str) -> bool:
    name = path.rpartition("/")[2]
    return name.endswith((".yaml", ".yml", ".json", ".sql", ".sh", ".bash", ".yaml.tmpl", ".rules")) or "." not in name


def _odd(root: Path, path: str, status: os.stat_result) -> str:
    """Why a file that is not regular is not read; "" for a link to a file that is read in its own place."""
    if stat.S_ISLNK(status.st_mode):
        try:
            target = os.path.realpath(root / path, strict=True)
        except OSError:
            return "a symbolic link that leads nowhere or in a circle"
        inside = os.path.commonpath([target, os.path.realpath(root)]) == os.path.realpath(root)
        return "" if inside else "a symbolic link out of the tree, not followed"
    if stat.S_ISDIR(status.st_mode):
        return "a directory where a file is expected"
    return "not a regular file"


def _walk(root: Path, found: Discovered, settings: Settings) -> Iterator[tuple[str, os.DirEntry[str]]]:
    pending = [""]
    count = 0
    while pending:
        directory = pending.pop()
        try:
            with os.scandir(root / directory if directory else root) as entries:
                for entry in entries:
                    path = f"{directory}/{entry.name}" if directory else entry.name
                    if any(fnmatch.fnmatchcase(path, glob) for glob in settings.exclude):
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        if not skip_directory(entry.name, path):
                            if recognise(path, b"", frozenset()) in ("dockerfile", "gomod", "go", "makefile"):
                                found.unread.append(Unread(path, "a directory where a file is expected"))
                            pending.append(path)
                    else:
                        count += 1
                        if count > _MOST_FILES:
                            found.unread.append(Unread(directory or ".", f"more than {_MOST_FILES:,} files: the rest was not looked at"))
                            return
                        yield path, entry
        except OSError as error:
            found.unread.append(Unread(directory or ".", f"the directory cannot be read: {error.strerror}"))
