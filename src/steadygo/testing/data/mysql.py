"""Databases of MariaDB or MySQL. There are no templates: a dump is loaded for each. The lease is a GET_LOCK of one connection."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from steadygo.errors import UserError
from steadygo.testing.data import names
from steadygo.testing.data.address import Address
from steadygo.testing.data.found import Found
from steadygo.testing.data.room import Room
from steadygo.testing.data.server import Databases
from steadygo.testing.data.snapshot import Snapshot
from steadygo.tools import mysql as tool
from steadygo.tools import mysql_client

if TYPE_CHECKING:
    from steadygo.tools.mysql import Connected


class MySQL(Databases[tool.Server, "Connected", tool.Database]):
    """What is loaded: the dump of a template, taken once a run, or a snapshot, or nothing."""

    def __init__(self, address: Address, template: str, snapshot: Snapshot | None) -> None:
        given = (address.host, int(address.port or 3306), address.socket, address.user, address.password)
        server = tool.Server(*given, address.parameters.get("tls", ""), address.shown)
        super().__init__(tool, server, address, template)
        self._snapshot = snapshot
        self._text: tuple[str, str] | None = None
        self._file: Path | None = None
        self._shown = snapshot.shown if snapshot else f"the dump of {template}"
        self._room = Room()

    def _hold(self, control: Connected) -> bool:
        return tool.hold(control, _lease(self._key))

    def _end(self, connection: Connected, key: str) -> None:
        tool.end(connection, _lease(key), names.of(key))

    def open(self, key: str) -> None:
        self._key = key
        if self._snapshot is not None:
            mysql_client.check(self._snapshot.read(), self._snapshot.shown)
        with self._turn, tool.sentences(self._server):
            control = self._leased()
            self._drop_left(control)
            self._try(control)
            if self._snapshot is not None:
                self._file = self._snapshot.path
            elif self._template:
                missing = f"MySQL at {self._address.shown} has no database {self._template} to copy, or this user may not see it."
                self._text = self._find_template(control, missing).text
                self._room.open(key)
                self._file = self._room.path / "template.sql"
                mysql_client.dump(self._server, self._template, self._file)

    def _try(self, control: Connected) -> None:
        """A right that lacks, or bad SQL, is one sentence now instead of one for each package. Raises UserError."""
        name = names.leased(self._key, 0, "first")
        try:
            tool.create(control, name, None, "try")
            if self._snapshot is not None:
                mysql_client.load(self._server, name, self._snapshot.path, self._shown)
        finally:
            with contextlib.suppress(UserError):
                self.drop(name)

    def close(self) -> None:
        self._room.close()
        super().close()

    def reclaim(self, key: str) -> bool:
        files = self._room.reclaim(key)
        return super().reclaim(key) or files

    def make(self, name: str) -> Mapping[str, str]:
        with self._turn, tool.sentences(self._server):
            tool.create(self._leased(), name, self._text, "copy")  # on the connection whose end the lease tells
        if self._file is not None:
            mysql_client.load(self._server, name, self._file, self._shown)
        return self._address.fields(name)

    def _found(self, connection: Connected) -> list[Found]:
        found = []
        for database in tool.databases(connection):
            key = names.key_of(database.name)
            if database.ours and key:
                held = tool.is_held(connection, _lease(key))
                found.append(Found(database.name, "in use" if held else "left", self._address.shown))
        return found


def _lease(key: str) -> str:
    return f"steadygo_{key}"
