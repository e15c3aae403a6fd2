"""Databases of PostgreSQL, copied by CREATE DATABASE … TEMPLATE. The lease is an advisory lock of one connection."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from steadygo.errors import UserError
from steadygo.testing.data import names
from steadygo.testing.data.address import Address
from steadygo.testing.data.found import Found
from steadygo.testing.data.server import Databases
from steadygo.testing.data.snapshot import Snapshot
from steadygo.tools import postgresql as tool
from steadygo.tools import psql

if TYPE_CHECKING:
    from steadygo.tools.postgresql import Connected


class PostgreSQL(Databases[tool.Server, "Connected", tool.Database]):
    """Copies of a database that is there, or of a snapshot: loaded once into a template that is kept and found by its content."""

    def __init__(self, address: Address, template: str, snapshot: Snapshot | None) -> None:
        self._snapshot = snapshot
        own = {"host": address.host, "port": address.port, "user": address.user, "password": address.password, "dbname": address.database}
        self._parameters = {**address.parameters, **own}
        self._content, self._settings = b"", list[tuple[str, str]]()
        super().__init__(tool, tool.server(self._parameters, address.shown, "steadygo"), address, template)

    def _hold(self, control: Connected) -> bool:
        return tool.hold(control, names.number_of(self._key))

    def _end(self, connection: Connected, key: str) -> None:
        tool.end(connection, _program(key), names.of(key))

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
            self._drop_left(control)
            if self._snapshot is not None:
                self._load(control, self._snapshot)
            elif self._template:
                self._find_template(control, f"PostgreSQL at {self._address.shown} has no database {self._template} to copy.")
            self._settings = tool.settings(control, self._template)

    def make(self, name: str) -> Mapping[str, str]:
        with self._turn, tool.sentences(self._server):
            control = self._leased()
            if self._snapshot is not None and not tool.exists(control, self._template):  # cleaned away meanwhile
                self._load(control, self._snapshot)
        with tool.connected(self._server) as connection:
            tool.create(connection, name, self._template, f"copy of {self._template or 'nothing'}")
            tool.configure(connection, name, self._settings)
        return self._address.fields(name)

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
