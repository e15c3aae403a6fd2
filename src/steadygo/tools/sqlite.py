"""Copies of SQLite databases: whole, whatever a write-ahead log or another process holds of them."""

from __future__ import annotations

import contextlib
import re
import shutil
import sqlite3
import time
from pathlib import Path

from steadygo.errors import UserError

_PATIENCE_SECONDS = 15.0
_HEADER = b"SQLite format 3\0"
_WAL_VERSION = 2


def copy(template: Path, to: Path, shown: str) -> None:
    """Write a consistent copy of a database, its log merged into it. The template and its directory stay as they are.

    Raises UserError when it is no database, or locked for longer than 15 s.
    """
    try:
        with open(template, "rb") as file:
            head = file.read(20)
        if head and not head.startswith(_HEADER):
            raise UserError(f"{shown} is no database of SQLite.", "Give a database as template; a file of SQL is a snapshot.")
        # A reader would make -shm beside a database with a log, and may not roll back a journal. Where nobody has it open, copy files.
        wal = head[18:19] == bytes([_WAL_VERSION])
        if (wal and not _beside(template, "-shm").exists()) or (not wal and _is_abandoned(template)):
            _copy_files(template, to)
        else:
            _back_up(template, to)
    except sqlite3.Error as error:
        raise UserError(f"{shown} cannot be copied: {error}.", "Close the program that writes to it, or mend the file.") from error
    except OSError as error:
        raise UserError(
            f"{shown} cannot be copied: {error.strerror}.", "It must be there and readable, and the disk needs room."
        ) from error


def load(script: str, to: Path, shown: str) -> None:
    """Make a database from SQL, as `.dump` writes it. Raises UserError with the line."""
    at, line, statement = 1, 1, ""
    try:
        with contextlib.closing(sqlite3.connect(to, isolation_level=None)) as database:
            database.execute("PRAGMA synchronous = OFF")
            for piece in re.findall(r"[^;]*;?", script):
                if not statement.strip():
                    at = line + piece[: len(piece) - len(piece.lstrip())].count("\n")
                statement += piece
                line += piece.count("\n")
                if piece.endswith(";") and sqlite3.complete_statement(statement):
                    database.execute(statement)
                    statement = ""
            database.execute(statement)
            if database.in_transaction:
                database.execute("COMMIT")
    except (sqlite3.Error, ValueError) as error:
        raise UserError(f"{shown}, line {at}: {error}.", "Mend the statement that starts there.") from error


def _beside(file: Path, end: str) -> Path:
    return file.with_name(file.name + end)


def _is_abandoned(template: Path) -> bool:
    """Whether a process that is gone has left a journal to roll back."""
    journal = _beside(template, "-journal")
    if not journal.exists() or not journal.stat().st_size:
        return False
    with contextlib.closing(sqlite3.connect(f"{template.absolute().as_uri()}?mode=ro", uri=True, timeout=0)) as database:
        try:
            database.execute("SELECT count(*) FROM sqlite_master")
        except sqlite3.OperationalError as error:
            return "locked" not in str(error)
    return False


def _copy_files(template: Path, to: Path) -> None:
    pairs = [(_beside(template, end), _beside(to, end)) for end in ("", "-wal", "-journal")]
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        before = [_signature(file) for file, _ in pairs]
        for file, target in pairs:
            target.unlink(missing_ok=True)
            if file.exists():
                shutil.copyfile(file, target)
        if before == [_signature(file) for file, _ in pairs]:
            break
        if time.monotonic() > deadline:
            raise sqlite3.OperationalError("it keeps changing")
    with contextlib.closing(sqlite3.connect(to)) as copied:
        copied.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        copied.execute("SELECT count(*) FROM sqlite_master").fetchone()


def _signature(file: Path) -> tuple[int, int, int]:
    try:
        stat = file.stat()
    except FileNotFoundError:
        return (0, 0, 0)
    return (stat.st_ino, stat.st_size, stat.st_mtime_ns)


def _back_up(template: Path, to: Path) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS

    def waited(status: int, remaining: int, total: int) -> None:
        if time.monotonic() > deadline and status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise sqlite3.OperationalError("database is locked")

    source = sqlite3.connect(f"{template.absolute().as_uri()}?mode=ro", uri=True, timeout=_PATIENCE_SECONDS)
    with contextlib.closing(source), contextlib.closing(sqlite3.connect(to)) as target:
        source.backup(target, progress=waited, sleep=0.05)
