"""Copies of SQLite databases that somebody writes to, or was killed writing to."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from steadygo.tools import sqlite

# One row is committed, then one is written and not committed, more than the cache holds, so that the file is touched.
WRITER = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("PRAGMA cache_size = 1")
db.execute("PRAGMA cache_spill = 1")
db.execute("PRAGMA journal_mode = " + sys.argv[2])
db.execute("CREATE TABLE t (x)")
db.execute("INSERT INTO t VALUES ('committed')")
db.execute("BEGIN IMMEDIATE")
db.executemany("INSERT INTO t VALUES (hex(randomblob(4000)))", [()] * 50)
print("written", flush=True)
sys.stdin.read()
"""


def _rows(file: Path) -> list[str]:
    with sqlite3.connect(file) as db:
        return [row[0] for row in db.execute("SELECT x FROM t")]


def _files(directory: Path) -> dict[str, bytes]:
    """What the files hold, but for the log's index: whoever reads a log leaves its locks there, and rebuilds it."""
    return {p.name: b"" if p.name.endswith("-shm") else p.read_bytes() for p in directory.iterdir()}


@pytest.mark.parametrize("mode", ["wal", "delete"])
def test_a_copy_holds_what_was_committed_when_the_writer_was_killed(tmp_path: Path, mode: str) -> None:
    template, copy = tmp_path / "t" / "orders.db", tmp_path / "copy.db"
    template.parent.mkdir()
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(template), mode], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert writer.stdout is not None and writer.stdout.readline() == b"written\n"
    writer.send_signal(signal.SIGKILL)
    writer.communicate()
    left = _files(template.parent)
    assert len(left) > 1, "a log or a journal must be left for this to show anything"
    sqlite.copy(template, copy, "orders.db")
    assert _rows(copy) == ["committed"]
    assert _files(template.parent) == left


def test_a_copy_holds_what_a_log_holds_while_its_writer_lives(tmp_path: Path) -> None:
    template, copy = tmp_path / "t" / "orders.db", tmp_path / "copy.db"
    template.parent.mkdir()
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(template), "wal"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert writer.stdout is not None and writer.stdout.readline() == b"written\n"
        before = sorted(os.listdir(template.parent))
        sqlite.copy(template, copy, "orders.db")
        assert _rows(copy) == ["committed"]
        assert sorted(os.listdir(template.parent)) == before
    finally:
        writer.communicate()
