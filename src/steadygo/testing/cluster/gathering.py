"""The files that a run of tests needs on a worker: those of the modules under test, as git sees them, or all where there is no git."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from steadygo.errors import ToolMissing, UserError
from steadygo.testing.cluster import manifest
from steadygo.testing.cluster.manifest import Entry, Kind, Manifest
from steadygo.testing.cluster.refused import Refused
from steadygo.tools import git

_CHUNK = 1 << 20
_NOT_SOURCE = frozenset({".git", ".hg", ".svn", ".jj"})


@dataclass(frozen=True)
class Gathered:
    """A tree that can be shipped: `root` is the folder that its paths start at."""

    root: Path
    manifest: Manifest


def gather(folders: Sequence[Path], also: Iterable[Path] = ()) -> Gathered:
    """The files of `folders` (modules, test data) and the files `also`, which git may ignore (generated code that go names).

    The root is the nearest folder above all of them. Raises UserError for what cannot mean the same on a worker.
    """
    folders = _outermost([Path(os.path.abspath(f)) for f in folders])
    others = [Path(os.path.abspath(f)) for f in also]
    root = Path(os.path.commonpath([*folders, *(o.parent for o in others)]))
    paths: dict[str, None] = {}
    for folder in folders:
        for name in (*_files(folder), folder):
            paths[os.path.relpath(name, root)] = None
    for other in others:
        paths[os.path.relpath(other, root)] = None
    found: dict[str, Entry] = {}
    for path in paths:
        if path != ".":
            _add(root, path, found)
    try:
        return Gathered(root, manifest.make(found.values()))
    except Refused as refused:
        raise UserError(f"{root} cannot be sent to a worker: {refused.sentence}", "Mend it, or run without --cluster.") from None


def _outermost(folders: Iterable[Path]) -> list[Path]:
    kept: list[Path] = []
    for folder in sorted(set(folders), key=lambda f: len(f.parts)):
        if not any(folder.is_relative_to(k) for k in kept):
            kept.append(folder)
    return kept


def _files(folder: Path) -> Iterator[Path]:
    """Files and links below `folder`; without git also its folders."""
    try:
        names = git.files(folder)
    except ToolMissing:
        names = None
    if names is None:
        yield from _walk(folder)
        return
    for name in names:
        path = folder / name
        if path.is_dir() and not path.is_symlink():  # a submodule, or a checkout within this one
            yield path
            yield from _files(path) if (path / ".git").exists() else _walk(path)
        else:
            yield path


def _walk(folder: Path) -> Iterator[Path]:
    def complain(error: OSError) -> None:
        raise UserError(f"{error.filename} cannot be read: {error.strerror}.", "Mend its permissions.")

    for place, folders, names in os.walk(folder, onerror=complain):
        folders[:] = [f for f in folders if f not in _NOT_SOURCE]
        for name in (*folders, *names):
            yield Path(place, name)


def _add(root: Path, path: str, found: dict[str, Entry]) -> None:
    """The entry at `path` and the folders above it. A file that git knows and that is gone is left out."""
    file = root / path
    try:
        path.encode()
        status = file.lstat()
        if stat.S_ISREG(status.st_mode):
            entry = Entry(path, Kind.FILE, stat.S_IMODE(status.st_mode) & 0o777, *_hashed(file))
        elif stat.S_ISLNK(status.st_mode):
            entry = Entry(path, Kind.LINK, target=os.readlink(file))
            entry.target.encode()
        elif stat.S_ISDIR(status.st_mode):
            entry = Entry(path, Kind.FOLDER, stat.S_IMODE(status.st_mode) & 0o777)
        else:
            return  # a socket or a pipe is no source
    except (FileNotFoundError, NotADirectoryError):
        return
    except UnicodeEncodeError:
        raise UserError(f"{os.fsencode(file)!r}: this name is not UTF-8.", "Rename it: other machines could not.") from None
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}.", "Mend its permissions, or let git ignore it.") from None
    found[path] = entry
    above = os.path.dirname(path)
    if above and above not in found:
        _add(root, above, found)


def _hashed(file: Path) -> tuple[int, str]:
    """(bytes, SHA-256): both of what was read, whatever happens to the file meanwhile."""
    size, seen = 0, hashlib.sha256()
    with file.open("rb", buffering=0) as opened:
        while chunk := opened.read(_CHUNK):
            size += len(chunk)
            seen.update(chunk)
    return size, seen.hexdigest()
