"""Give each test binary its own test data, and take it back."""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Protocol

import msgspec

from steadygo.errors import UserError
from steadygo.testing.data import names
from steadygo.testing.data.table import Data
from steadygo.testing.engine import NotLent
from steadygo.tools import guard

RECLAIM = "STEADYGO_RECLAIM"
"""reclaim.py finds here, as JSON, whose data it is to drop; an address in it may hold a password."""


class Origin(Protocol):
    """Where copies come from, and where they are made. Asked from several threads at once, but for `open` and `close`."""

    @property
    def address(self) -> str:
        """The server's address as it was given, "" for files."""

    def open(self, key: str) -> None:
        """Take the lease of `key`, drop what has no lease, and see that the template is there. Raises UserError."""

    def close(self) -> None:
        """Drop what was made under the lease and is still there, and give the lease up. Raises nothing.

        Only this run knew the key, so its name is enough: tests drop their database, too, and make it anew, without our mark.
        """

    def reclaim(self, key: str) -> bool:
        """Drop all that was made under the lease of a process that is gone, without `open`; whether there was any. Raises UserError.

        A server goes on with what a client asked that was killed meanwhile: that is ended first, and its end waited for.
        """

    def make(self, name: str) -> Mapping[str, str]:
        """Make a copy called `name`: its url, name, path and so on. Raises UserError."""

    def drop(self, name: str) -> None:
        """Drop that copy, whoever uses it. Raises UserError."""

    def foreign(self) -> frozenset[str]:
        """The databases on the server that steadygo did not make; none where there is no server. Raises UserError."""


class Lender:
    """[test.data.NAME] of a run: entered before the first test binary, called for each, left after the last.

    `at` is the directory of steadygo.toml. Should this process be killed, the guard runs reclaim.py.
    """

    def __init__(self, name: str, data: Data, at: Path, origin: Origin) -> None:
        self._name, self._data, self._at, self._origin = name, data, at, origin
        self._key, self._numbers = names.new_key(), itertools.count(1)
        self._stack = ExitStack()

    @property
    def promised(self) -> dict[str, str]:
        """Variables that will say where the server is, with an address that will do to see whether they can be understood."""
        return {name: self._origin.address for name, text in self._data.asked.items() if text == "{url}" and self._origin.address}

    def foreign(self) -> frozenset[str]:
        """The databases on the server that steadygo did not make; none where there is no server. Raises UserError."""
        return self._origin.foreign()

    def __enter__(self) -> None:
        with ExitStack() as stack:
            told = msgspec.json.encode((self._name, self._data, str(self._at), self._key)).decode()
            program = [sys.executable, "-m", "steadygo.testing.data.reclaim"]
            stack.enter_context(guard.on_death(run=program, environment={**os.environ, RECLAIM: told}))
            stack.callback(self._origin.close)
            try:
                self._origin.open(self._key)
            except UserError as error:
                raise UserError(f"[test.data.{self._name}]: {error.message}", error.remedy) from error
            self._stack = stack.pop_all()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.close()

    @contextmanager
    def __call__(self, shard: str, environment: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
        """The variables of one test binary. Raises NotLent."""
        name = names.leased(self._key, next(self._numbers), shard)
        try:
            fields = self._origin.make(name)
        except UserError as error:
            self._forget(name)
            raise NotLent(f"[test.data.{self._name}]: {error.message}", error.remedy) from error
        try:
            yield self._data.values(fields)
        finally:
            self._forget(name)

    def _forget(self, name: str) -> None:
        """The tests have their verdict already: what cannot be dropped now is tried again at the end, and at the next start."""
        try:
            self._origin.drop(name)
        except UserError:
            return
