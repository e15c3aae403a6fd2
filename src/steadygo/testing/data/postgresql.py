"""Databases of PostgreSQL, copied by CREATE DATABASE … TEMPLATE. The lease is an advisory lock of one connection."""

from __future__ import annotations

import difflib
import hashlib
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

from steadygo.errors import UserError
from steadygo.testing.data import names
from steadygo.testing.data.address import Address
from steadygo.testing.data.found import Found
from steadygo.testing.data.snapshot import Snapshot
from steadygo.tools import postgresql as tool
from steadygo.tools import psql

if TYPE_CHECKING:
    from steadygo.tools.postgresql import Connected


class PostgreSQL:
    """Copies of a database that is there, or of a snapshot: loaded once into a template that is kept and found by its content."""

    def __init__(self, address: Address, template: str, snapshot: Snapshot | None) -> None:
        self._address, self._template, self._snapshot = address, template, snapshot
        own = {"host": address.host, "port": address.port, "user": address.user, "password": address.password, "dbname": address.database}
        self._parameters = {**address.parameters, **own}
        self._server = tool.server(self._parameters, address.shown, "steadygo")
        self._key, self._content, self._settings = "", b"", list[tuple[str, str]]()
        self._control: Connected | None = None
        self._holds = False
        self._turn = threading.Lock()

    @property
    def address(self) -> str:
        return self._address.naming(self._address.database)

    def open(self, key: str) -> None:
        self._key = key
        self._server = tool.server(self._parameters, self._address.shown, _program(key))
        if self._snapshot is not None:
            self._content = self._snapshot.read()
            self._template = names.template(hashlib.sha256(self._content).hexdigest())
        with self._turn, tool.sentences(self._server):
            control = self._leased()
            if not tool.may_create(control):
                role = tool.role(control)
                raise UserError(
                    f"The role {role} may not create databases in PostgreSQL at {self._address.shown}.",
                    f'ALTER ROLE "{role}" CREATEDB allows it.',
                )
            self._reclaim(control)
            if self._snapshot is not None:
                self._load(control, self._snapshot)
            elif self._template:
                self._find_template(control)
            self._settings = tool.settings(control, self._template)

    def close(self) -> None:
        control, self._control = self._control, None
        if control is None:
            return
        try:
            with tool.sentences(self._server):
                _drop_all(control, self._key)
        except UserError:
            pass  # without its lease the next start drops it
        finally:
            control.close()

    def reclaim(self, key: str) -> bool:
        with tool.connected(self._server) as connection:
            tool.end(connection, _program(key), names.of(key))
            return _drop_all(connection, key)

    def make(self, name: str) -> Mapping[str, str]:
        with self._turn, tool.sentences(self._server):
            control = self._leased()
            if self._snapshot is not None and not tool.exists(control, self._template):  # cleaned away meanwhile
                self._load(control, self._snapshot)
        with tool.connected(self._server) as connection:
            tool.create(connection, name, self._template, f"copy of {self._template or 'nothing'}")
            tool.configure(connection, name, self._settings)
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
                if found.state != "in use":
                    tool.drop(connection, found.name)
                    cleaned.append(found)
        return cleaned

    def _found(self, connection: Connected) -> list[Found]:
        there = [d for d in tool.databases(connection) if d.ours]
        held = tool.held(connection)  # after the databases: a lease is older than what is made under it
        found = []
        for database in there:
            key = names.key_of(database.name)
            if key:
                leased = names.number_of(key) in held
                found.append(Found(database.name, "in use" if leased else "left", self._address.shown, database.comment))
            elif names.is_template(database.name):
                found.append(Found(database.name, "template", self._address.shown, database.comment))
        return found

    def _leased(self) -> Connected:
        """The connection that holds the lease. A server that was restarted has ended all tests on it, and forgotten the lease."""
        if self._control is not None and not tool.alive(self._control):
            self._control.close()
            self._control, self._holds = None, False
        if self._control is None:
            self._control = tool.connect(self._server)
        self._holds = self._holds or tool.hold(self._control, names.number_of(self._key))
        return self._control

    def _reclaim(self, control: Connected) -> None:
        for found in self._found(control):
            if found.state == "left":
                try:
                    with tool.sentences(self._server):
                        tool.drop(control, found.name)
                except UserError:
                    continue  # of another role: its owner's next run drops it

    def _find_template(self, control: Connected) -> None:
        there = [d.name for d in tool.databases(control)]
        if self._template in there:
            return
        near = difflib.get_close_matches(self._template, there, 1, 0.6)
        raise UserError(
            f"PostgreSQL at {self._address.shown} has no database {self._template} to copy.",
            f"Did you mean {near[0]}?" if near else "Create it and run the service's migrations in it, or give a snapshot.",
        )

    def _load(self, control: Connected, snapshot: Snapshot) -> None:
        with tool.alone(control, int(self._template[-12:], 16)):
            if tool.exists(control, self._template):
                return
            name = names.leased(self._key, 0, "template")
            tool.create(control, name, "", f"template of {snapshot.shown}")
            try:
                psql.load(snapshot.path, self._content, name, self._parameters, snapshot.shown)
                tool.seal(control, name, self._template)
            except BaseException:
                tool.drop(control, name)
                raise


def _program(key: str) -> str:
    """What the connections of a run call themselves."""
    return f"steadygo {key}"


def _drop_all(connection: Connected, key: str) -> bool:
    found = [d.name for d in tool.databases(connection) if names.key_of(d.name) == key]
    for name in found:
        tool.drop(connection, name)
    return bool(found)
