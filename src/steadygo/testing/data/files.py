"""What copies that are files have in common: a room of the run, in which each test binary has a place of its own."""

from __future__ import annotations

import os

from steadygo.errors import UserError
from steadygo.testing.data import room, tree
from steadygo.testing.data.found import Found


class Files:
    """Copies in a room; see Origin."""

    def __init__(self) -> None:
        self._room = room.Room()

    @property
    def address(self) -> str:
        return ""

    def close(self) -> None:
        self._room.close()

    def reclaim(self, key: str) -> bool:
        return self._room.reclaim(key)

    def drop(self, name: str) -> None:
        try:
            tree.remove(self._room.path / name)
        except OSError as error:
            raise UserError(
                f"{name} cannot be removed: {error.strerror}.", f"Remove {os.path.dirname(self._room.path)} by hand."
            ) from error

    def foreign(self) -> frozenset[str]:
        return frozenset()

    def find(self) -> list[Found]:
        return room.find()

    def clean(self) -> list[Found]:
        return room.clean()
