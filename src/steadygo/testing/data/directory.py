"""Copies of a directory."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from steadygo.errors import UserError
from steadygo.testing.data import room, tree
from steadygo.testing.data.found import Found


class Directory:
    """`shown` is the template as steadygo.toml has it."""

    def __init__(self, template: Path | None, shown: str) -> None:
        self._template, self._shown = template, shown
        self._room = room.Room()

    @property
    def address(self) -> str:
        return ""

    def open(self, key: str) -> None:
        if self._template is not None and not self._template.is_dir():
            raise UserError(f"There is no directory {self._shown} to copy.", "The path starts at the directory of steadygo.toml.")
        self._room.open(key)

    def close(self) -> None:
        self._room.close()

    def reclaim(self, key: str) -> bool:
        return self._room.reclaim(key)

    def make(self, name: str) -> Mapping[str, str]:
        path = self._room.path / name
        if self._template is not None:
            tree.copy(self._template, path, self._shown)
        else:
            path.mkdir(0o700)
        return {"path": str(path), "name": name, "url": path.as_uri()}

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
