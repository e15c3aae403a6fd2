"""Each table [test.data.NAME] and the origin that it asks for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from steadygo.errors import UserError
from steadygo.testing.data import address
from steadygo.testing.data.directory import Directory
from steadygo.testing.data.found import Found
from steadygo.testing.data.lender import Lender
from steadygo.testing.data.lender import Origin as Lent
from steadygo.testing.data.mysql import MySQL
from steadygo.testing.data.postgresql import PostgreSQL
from steadygo.testing.data.snapshot import Snapshot
from steadygo.testing.data.sqlite import SQLite
from steadygo.testing.data.table import Data


class Origin(Lent, Protocol):
    """Also asked without a lease."""

    def find(self) -> list[Found]:
        """What steadygo made there, by any run. Raises UserError."""

    def clean(self) -> list[Found]:
        """Drop of that what has no live lease, kept templates too; what was dropped. Raises UserError."""


def lenders(tables: Mapping[str, Data], at: Path, environment: Mapping[str, str]) -> list[Lender]:
    """One for each table; relative paths start at `at`. Raises UserError. Nothing is reached yet."""
    return [Lender(name, data, at, origin(name, data, at, environment)) for name, data in tables.items()]


def origin(name: str, data: Data, at: Path, environment: Mapping[str, str]) -> Origin:
    """The origin of one table. Raises UserError."""
    snapshot = Snapshot(at / data.snapshot, data.snapshot) if data.snapshot else None
    match data.kind:
        case "postgresql":
            return PostgreSQL(address.postgresql(*_address(name, data, environment)), data.template, snapshot)
        case "mysql":
            return MySQL(address.mysql(*_address(name, data, environment)), data.template, snapshot)
        case "sqlite":
            return SQLite(at / data.template if data.template else None, data.template, snapshot)
        case "directory":
            return Directory(at / data.template if data.template else None, data.template)


def _address(name: str, data: Data, environment: Mapping[str, str]) -> tuple[str, str]:
    """The text, and what to call it: the text itself may hold a password."""
    if data.url:
        return data.url, f"[test.data.{name}]: url"
    text = environment.get(data.source, "")
    if not text:
        raise UserError(
            f"[test.data.{name}]: {data.source} is not set, so nothing says where the server is.",
            f"Set {data.source}, or give url or url-from in steadygo.toml.",
        )
    return text, f"[test.data.{name}]: {data.source}"
