"""A directory of one run for its files. The lease is a lock on a file beside it, which the system gives up with the process."""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
from pathlib import Path

from steadygo.errors import UserError
from steadygo.testing.data import names, tree
from steadygo.testing.data.found import Found

_LEASE = ".lease"
_KEPT = "templates"


def root() -> Path:
    """Where this user's test data lies: below TMPDIR."""
    return Path(tempfile.gettempdir()) / f"steadygo-data-{os.getuid()}"


def _name(key: str) -> str:
    return f"steadygo_{key}"


def kept(name: str) -> Path:
    """Where a template stays from run to run; its directory need not exist."""
    return root() / _KEPT / name


class Room:
    """`path` is there while the room is open."""

    def __init__(self) -> None:
        self._lease = -1
        self.path = Path()

    def open(self, key: str) -> None:
        """Take the lease and make the directory, after those without a live lease are removed. Raises UserError."""
        try:
            for found in find():
                if found.state == "left":
                    _remove(found.name)
            path = root() / _name(key)
            lease = _take(path.with_suffix(_LEASE))
            self.path, self._lease = path, lease  # together: `close` removes what stands there
            path.mkdir(0o700)
        except OSError as error:
            raise UserError(
                f"{root()} cannot be used for test data: {error.strerror}.", "Mend it, or set TMPDIR to a directory with room."
            ) from error

    def close(self) -> None:
        """Remove the directory and give up the lease."""
        if self._lease < 0:
            return
        try:
            tree.remove(self.path)
            self.path.with_suffix(_LEASE).unlink()
            _tidy()
        except OSError:
            pass  # the next start removes what is there
        os.close(self._lease)
        self._lease = -1

    def reclaim(self, key: str) -> bool:
        """Remove the directory of a process that is gone; whether there was one. Raises UserError."""
        there = (root() / _name(key)).exists()
        try:
            _remove(_name(key))
            _tidy()
            return there
        except OSError as error:
            raise UserError(f"{root() / _name(key)} cannot be removed: {error.strerror}.", "Remove it by hand.") from error


def _take(lease: Path) -> int:
    """A descriptor that holds the lease. Raises OSError where it cannot be had."""
    while True:
        _make_root()
        try:
            file = os.open(lease, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600)
        except FileNotFoundError:  # the last one out has just removed the root
            continue
        with contextlib.ExitStack() as stack:
            stack.callback(os.close, file)
            fcntl.flock(file, fcntl.LOCK_EX)
            if _same(file, lease):
                stack.pop_all()
                return file


def find() -> list[Found]:
    """All rooms and kept templates of this user."""
    found = []
    for key in _keys():
        held = _is_held(root() / f"{_name(key)}{_LEASE}")
        found.append(Found(_name(key), "in use" if held else "left", str(root())))
    templates = root() / _KEPT
    return found + [
        Found(f"{_KEPT}/{one.name}", "template", str(root())) for one in (sorted(templates.iterdir()) if templates.is_dir() else ())
    ]


def clean() -> list[Found]:
    """Remove the rooms without a live lease, and kept templates. Raises UserError."""
    cleaned = []
    for found in find():
        try:
            if found.state == "left":
                _remove(found.name)
            elif found.state == "template":
                (root() / found.name).unlink(missing_ok=True)
            else:
                continue
        except OSError as error:
            raise UserError(f"{root() / found.name} cannot be removed: {error.strerror}.", "Remove it by hand.") from error
        cleaned.append(found)
    _tidy()
    return cleaned


def _tidy() -> None:
    """Remove the root, unless something is in it."""
    with contextlib.suppress(OSError):
        if kept("").is_dir():
            kept("").rmdir()
        root().rmdir()


def _keys() -> list[str]:
    try:
        entries = os.listdir(root())
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted({key for entry in entries if (key := names.key_of(entry.removesuffix(_LEASE) + "_0_"))})


def _is_held(lease: Path) -> bool:
    try:
        file = os.open(lease, os.O_RDWR | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False


def _remove(name: str) -> None:
    """Under the lease, which goes last: what has one made later is not touched."""
    lease = root() / f"{name}{_LEASE}"
    try:
        file = os.open(lease, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except FileNotFoundError:
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if _same(file, lease):
            tree.remove(root() / name)
            lease.unlink()
    except BlockingIOError:
        return
    finally:
        os.close(file)


def _same(file: int, path: Path) -> bool:
    try:
        return os.fstat(file).st_ino == os.stat(path, follow_symlinks=False).st_ino
    except FileNotFoundError:
        return False


def _make_root() -> None:
    root().mkdir(0o700, exist_ok=True)
    stat = os.stat(root(), follow_symlinks=False)
    if stat.st_uid != os.getuid() or stat.st_mode & 0o022:
        raise UserError(f"{root()} belongs to somebody else, or others may write to it.", "Remove it, or set TMPDIR to another directory.")
