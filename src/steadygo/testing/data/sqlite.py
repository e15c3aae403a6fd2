"""Copies of a SQLite database, each in a directory of its own, where its log has room."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from pathlib import Path

from steadygo.errors import UserError
from steadygo.testing.data import room
from steadygo.testing.data.address import file_url
from steadygo.testing.data.files import Files
from steadygo.testing.data.snapshot import Snapshot
from steadygo.tools import sqlite

_BASE = "template.db"


class SQLite(Files):
    """The template is copied once a run, consistently; each test binary gets a copy of that. A snapshot is loaded once for its content."""

    def __init__(self, template: Path | None, shown: str, snapshot: Snapshot | None) -> None:
        self._template, self._shown, self._snapshot = template, shown, snapshot
        self._file_name = template.name if template else f"{Path(snapshot.shown).stem}.db" if snapshot else "test.db"
        super().__init__()

    def open(self, key: str) -> None:
        if self._template is not None and not self._template.is_file():
            raise UserError(f"There is no database {self._shown} to copy.", "The path starts at the directory of steadygo.toml.")
        content = self._snapshot.read() if self._snapshot else b""
        self._room.open(key)
        base = self._room.path / _BASE
        if self._template is not None:
            sqlite.copy(self._template, base, self._shown)
        elif self._snapshot is not None:
            self._load(content, base, self._snapshot.shown)

    def make(self, name: str) -> Mapping[str, str]:
        directory = self._room.path / name
        path = directory / self._file_name
        try:
            directory.mkdir(0o700)
            if (self._room.path / _BASE).exists():
                shutil.copyfile(self._room.path / _BASE, path)
        except OSError as error:
            raise UserError(f"{path} cannot be written: {error.strerror}.", "Free some room there, or set TMPDIR.") from error
        return {"path": str(path), "name": self._file_name, "url": file_url(str(path))}

    def _load(self, content: bytes, base: Path, shown: str) -> None:
        kept = room.kept(f"{hashlib.sha256(content).hexdigest()[:16]}.db")
        if not kept.is_file():
            new = base.with_name(kept.name)
            sqlite.load(content.decode("utf-8", "surrogateescape"), new, shown)
            kept.parent.mkdir(0o700, exist_ok=True)
            new.rename(kept)
        shutil.copyfile(kept, base)
