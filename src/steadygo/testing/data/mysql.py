"""Databases of MariaDB or MySQL. There are no templates: a dump is loaded for each. The lease is a GET_LOCK of one connection."""

from __future__ import annotations

import contextlib
import difflib
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from steadygo.errors import UserError
from steadygo.testing.data import names
from steadygo.testing.data.address import Address
from steadygo.testing.data.found import Found
from steadygo.testing.data.room import Room
from steadygo.testing.data.snapshot import Snapshot
from steadygo.tools import mysql as tool
from steadygo.tools import mysql_client

if TYPE_CHECKING:
    from steadygo.tools.mysql import Connected


class MySQL:
    """What is loaded: the dump of a template, taken once a run, or a snapshot, or nothing."""

    def __init__(self, address: Address, template: str, snapshot: Snapshot | None) -> None:
        self._address, self._template, self._snapshot = address, template, snapshot
        self._server = tool.Server(
            address.host,
            int(address.port or 3306),
            address.socket,
            address.user,
            address.password,
            address.parameters.get("tls", ""),
            address.shown,
        )
        self._key = ""
        self._text: tuple[str, str] | None = None
        self._file: Path | None = None
        self._shown = snapshot.shown if snapshot else f"the dump of {template}"
        self._room = Room()
        self._control: Connected | None = None
        self._holds = False
        self._turn = threading.Lock()

    @property
    def address(self) -> str:
        return self._address.naming(self._address.database)

    def open(self, key: str) -> None:
        self._key = key
        if self._snapshot is not None:
            mysql_client.check(self._snapshot.read(), self._snapshot.shown)
        with self._turn, tool.sentences(self._server):
            control = self._leased()
            self._reclaim(control)
            self._try(control)
            if self._snapshot is not None:
                self._file = self._snapshot.path
            elif self._template:
                self._text = self._find_template(control)
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
        control, self._control = self._control, None
        if control is None:
            return
        try:
            with tool.sentences(self._server):
                _drop_all(control, self._key)
        except UserError:
            pass  # without its lease the next start drops it
        finally:
            tool.close(control)

    def reclaim(self, key: str) -> bool:
        files = self._room.reclaim(key)
        with tool.connected(self._server) as connection:
            tool.end(connection, _lease(key), names.of(key))
            return _drop_all(connection, key) or files

    def make(self, name: str) -> Mapping[str, str]:
        with self._turn, tool.sentences(self._server):
            tool.create(self._leased(), name, self._text, "copy")  # on the connection whose end the lease tells
        if self._file is not None:
            mysql_client.load(self._server, name, self._file, self._shown)
        return self._address.fields(name)

    def drop(self, name: str) -> None:
        with tool.connected(self._server) as connection:
            tool.drop(connection, name)

    def foreign(self) -> frozenset[str]:
        with tool.connected(self._server) as connection:
            there = [d.name for d in tool.databases(connection)]
        return frozenset(name for name in there if not names.key_of(name) and not names.is_template(name))

    def find(self) -> list[Found]:
        with tool.connected(self._server) as connection:
            return self._found(connection)

    def clean(self) -> list[Found]:
        cleaned = []
        with tool.connected(self._server) as connection:
            for found in self._found(connection):
                if found.state == "left":
                    tool.drop(connection, found.name)
                    cleaned.append(found)
        return cleaned

    def _found(self, connection: Connected) -> list[Found]:
        found = []
        for database in tool.databases(connection):
            key = names.key_of(database.name)
            if database.ours and key:
                held = tool.is_held(connection, _lease(key))
                found.append(Found(database.name, "in use" if held else "left", self._address.shown))
        return found

    def _leased(self) -> Connected:
        """The connection that holds the lease. A server that was restarted has ended all tests on it, and forgotten the lease."""
        if self._control is not None and not tool.alive(self._control):
            tool.close(self._control)
            self._control, self._holds = None, False
        if self._control is None:
            self._control = tool.connect(self._server)
        self._holds = self._holds or tool.hold(self._control, _lease(self._key))
        return self._control

    def _reclaim(self, control: Connected) -> None:
        for found in self._found(control):
            if found.state == "left":
                with contextlib.suppress(UserError), tool.sentences(self._server):
                    tool.drop(control, found.name)

    def _find_template(self, control: Connected) -> tuple[str, str]:
        there = {d.name: d.text for d in tool.databases(control)}
        if self._template in there:
            return there[self._template]
        near = difflib.get_close_matches(self._template, there, 1, 0.6)
        raise UserError(
            f"MySQL at {self._address.shown} has no database {self._template} to copy, or this user may not see it.",
            f"Did you mean {near[0]}?" if near else "Create it and run the service's migrations in it, or give a snapshot.",
        )


def _lease(key: str) -> str:
    return f"steadygo_{key}"


def _drop_all(connection: Connected, key: str) -> bool:
    found = [d.name for d in tool.databases(connection) if names.key_of(d.name) == key]
    for name in found:
        tool.drop(connection, name)
    return bool(found)
