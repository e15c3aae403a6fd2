"""What has become of a directory: fresh ones, ones seen through an overlay, and ones of which only the state before is known."""

from __future__ import annotations

import contextlib
import filecmp
import os
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

_OPAQUE = ("trusted.overlay.opaque", "user.overlay.opaque")


class How(StrEnum):
    """What happened to a path."""

    CREATED = "created"
    CHANGED = "changed"
    DELETED = "deleted"


class Change(NamedTuple):
    """`path` is relative. A directory that was created stands for all below it: `files` many, with `size` bytes."""

    path: str
    how: How
    directory: bool = False
    files: int = 1
    size: int = 0


def fresh(root: Path, given: Collection[str] = (), ignored: Collection[str] = ()) -> list[Change]:
    """All that is in a directory which was empty but for the `given` paths. What is `ignored` is not looked at, nor what is below."""
    return sorted(_fresh(root, "", set(given), set(ignored)))


def _fresh(root: Path, at: str, given: set[str], ignored: set[str]) -> Iterator[Change]:
    for entry in _scan(root / at):
        path = os.path.join(at, entry.name)
        if path in ignored:
            continue
        if path in given or (entry.is_dir(follow_symlinks=False) and any(i.startswith(f"{path}/") for i in ignored)):
            if entry.is_dir(follow_symlinks=False):
                below = list(_fresh(root, path, given, ignored))
                yield from below
        else:
            yield _created(root, path)


def overlaid(upper: Path, lower: Path) -> list[Change]:
    """What an overlay's upper directory says about its tree. A file that was opened for writing and is the same is no change."""
    return sorted(_overlaid(upper, lower, ""))


def _overlaid(upper: Path, lower: Path, at: str) -> Iterator[Change]:
    for entry in _scan(upper / at):
        path = os.path.join(at, entry.name)
        above = os.lstat(upper / path)
        below = _lstat(lower / path)
        if stat.S_ISCHR(above.st_mode) and above.st_rdev == 0:
            if below is not None:
                yield Change(path, How.DELETED, stat.S_ISDIR(below.st_mode))
        elif below is None:
            yield _created(upper, path)
        elif stat.S_ISDIR(above.st_mode) and stat.S_ISDIR(below.st_mode):
            yield from _overlaid(upper, lower, path)
            if _is_opaque(upper / path):
                there = {e.name for e in _scan(upper / path)}
                for gone in _scan(lower / path):
                    if gone.name not in there:
                        yield Change(os.path.join(path, gone.name), How.DELETED, gone.is_dir(follow_symlinks=False))
        elif not _same(upper / path, lower / path, above, below):
            yield Change(path, How.CHANGED, stat.S_ISDIR(above.st_mode), size=above.st_size)


State = Mapping[str, tuple[int, int, int, int]]


def state(root: Path) -> State:
    """{relative path: (mode, size, mtime, inode)} of all below; directories without their sizes and times."""
    found: dict[str, tuple[int, int, int, int]] = {}
    left = [""]
    while left:
        at = left.pop()
        for entry in _scan(root / at):
            path = os.path.join(at, entry.name)
            seen = _lstat(root / path)
            if seen is None:
                continue
            directory = stat.S_ISDIR(seen.st_mode)
            found[path] = (seen.st_mode, 0, 0, 0) if directory else (seen.st_mode, seen.st_size, seen.st_mtime_ns, seen.st_ino)
            if directory:
                left.append(path)
    return found


def compared(root: Path, before: State, after: State) -> list[Change]:
    """What differs between two states of a directory."""
    found = [Change(p, How.DELETED, stat.S_ISDIR(before[p][0])) for p in _topmost(before.keys() - after.keys())]
    found += [_created(root, p) for p in _topmost(after.keys() - before.keys())]
    found += [Change(p, How.CHANGED, stat.S_ISDIR(after[p][0]), size=after[p][1]) for p in after if p in before and after[p] != before[p]]
    return sorted(found)


def _topmost(paths: Iterable[str]) -> list[str]:
    kept: list[str] = []
    for path in sorted(paths, key=lambda p: p.split("/")):
        if not kept or not path.startswith(f"{kept[-1]}/"):
            kept.append(path)
    return kept


def _created(root: Path, path: str) -> Change:
    seen = _lstat(root / path)
    if seen is None or not stat.S_ISDIR(seen.st_mode):
        return Change(path, How.CREATED, False, 1, seen.st_size if seen else 0)
    files = size = 0
    left = [root / path]
    while left:
        for entry in _scan(left.pop()):
            if entry.is_dir(follow_symlinks=False):
                left.append(Path(entry.path))
            else:
                files, size = files + 1, size + entry.stat(follow_symlinks=False).st_size
    return Change(path, How.CREATED, True, files, size)


def _same(a: Path, b: Path, above: os.stat_result, below: os.stat_result) -> bool:
    if above.st_mode != below.st_mode or above.st_size != below.st_size:
        return False
    if stat.S_ISLNK(above.st_mode):
        return os.readlink(a) == os.readlink(b)
    with contextlib.suppress(OSError):
        return not stat.S_ISREG(above.st_mode) or filecmp.cmp(a, b, shallow=False)
    return False


def _is_opaque(path: Path) -> bool:
    for name in _OPAQUE:
        with contextlib.suppress(OSError):
            if os.getxattr(path, name) == b"y":
                return True
    return False


def _scan(path: Path) -> list[os.DirEntry[str]]:
    with contextlib.suppress(OSError), os.scandir(path) as entries:
        return sorted(entries, key=lambda e: e.name)
    return []


def _lstat(path: Path) -> os.stat_result | None:
    try:
        return os.lstat(path)
    except OSError:
        return None
