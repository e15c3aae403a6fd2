"""What databases of all servers have in common: a connection that stays holds the lease, and names tell whose a database is."""

from __future__ import annotations

import contextlib
import difflib
import threading
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Generic, Protocol, TypeVar

from steadygo.errors import UserError
from steadygo.testing.data import names
from steadygo.testing.data.address import Address
from steadygo.testing.data.found import Found

Server = TypeVar("Server", contravariant=True)
Connected = TypeVar("Connected")


class _Named(Protocol):
    @property
    def name(self) -> str: ...


Database = TypeVar("Database", bound=_Named, covariant=True)


class Tool(Protocol[Server, Connected, Database]):
    """The adapter of one kind of server: a module of tools/."""

    def connected(self, server: Server) -> AbstractContextManager[Connected]: ...
    def connect(self, server: Server) -> Connected: ...
    def close(self, connection: Connected) -> None: ...
    def alive(self, connection: Connected) -> bool: ...
    def databases(self, connection: Connected) -> Sequence[Database]: ...
    def drop(self, connection: Connected, name: str) -> None: ...
    def sentences(self, server: Server) -> AbstractContextManager[None]: ...


class Databases(ABC, Generic[Server, Connected, Database]):
    """Databases that are made on a server under a lease; see Origin. A kind of server says how the lease is held and looked for."""

    def __init__(self, tool: Tool[Server, Connected, Database], server: Server, address: Address, template: str) -> None:
        self._tool, self._server, self._address, self._template = tool, server, address, template
        self._key = ""
        self._control: Connected | None = None
        self._holds = False
        self._turn = threading.Lock()

    @abstractmethod
    def _hold(self, control: Connected) -> bool:
        """Take the lease; whether this connection has it."""

    @abstractmethod
    def _end(self, connection: Connected, key: str) -> None:
        """End what the server still does for a run. Raises UserError."""

    @abstractmethod
    def _found(self, connection: Connected) -> list[Found]:
        """All that steadygo made there."""

    @property
    def address(self) -> str:
        return self._address.naming(self._address.database)

    def close(self) -> None:
        control, self._control = self._control, None
        if control is None:
            return
        try:
            with self._tool.sentences(self._server):
                self._drop_all(control, self._key)
        except UserError:
            pass  # without its lease the next start drops it
        finally:
            self._tool.close(control)

    def reclaim(self, key: str) -> bool:
        with self._tool.connected(self._server) as connection:
            self._end(connection, key)
            return self._drop_all(connection, key)

    def drop(self, name: str) -> None:
        with self._tool.connected(self._server) as connection:
            self._tool.drop(connection, name)

    def foreign(self) -> frozenset[str]:
        with self._tool.connected(self._server) as connection:
            there = [d.name for d in self._tool.databases(connection)]
        return frozenset(name for name in there if not names.key_of(name) and not names.is_template(name))

    def find(self) -> list[Found]:
        with self._tool.connected(self._server) as connection:
            return self._found(connection)

    def clean(self) -> list[Found]:
        cleaned = []
        with self._tool.connected(self._server) as connection:
            for found in self._found(connection):
                if found.state != "in use":
                    self._tool.drop(connection, found.name)
                    cleaned.append(found)
        return cleaned

    def _leased(self) -> Connected:
        """The connection that holds the lease. A server that was restarted has ended all tests on it, and forgotten the lease."""
        if self._control is not None and not self._tool.alive(self._control):
            self._tool.close(self._control)
            self._control, self._holds = None, False
        if self._control is None:
            self._control = self._tool.connect(self._server)
        self._holds = self._holds or self._hold(self._control)
        return self._control

    def _drop_left(self, control: Connected) -> None:
        """What has no lease. What belongs to another role, its owner's next run drops."""
        for found in self._found(control):
            if found.state == "left":
                with contextlib.suppress(UserError), self._tool.sentences(self._server):
                    self._tool.drop(control, found.name)

    def _drop_all(self, connection: Connected, key: str) -> bool:
        """Whether there was something of this run."""
        found = [d.name for d in self._tool.databases(connection) if names.key_of(d.name) == key]
        for name in found:
            self._tool.drop(connection, name)
        return bool(found)

    def _find_template(self, control: Connected, missing: str) -> Database:
        """Raises UserError with the sentence `missing` when it is not there."""
        there = {d.name: d for d in self._tool.databases(control)}
        if self._template in there:
            return there[self._template]
        near = difflib.get_close_matches(self._template, there, 1, 0.6)
        raise UserError(
            missing, f"Did you mean {near[0]}?" if near else "Create it and run the service's migrations in it, or give a snapshot."
        )
