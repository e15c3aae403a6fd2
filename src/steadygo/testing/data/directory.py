"""Copies of a directory."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from steadygo.errors import UserError
from steadygo.testing.data import tree
from steadygo.testing.data.files import Files


class Directory(Files):
    """`shown` is the template as steadygo.toml has it."""

    def __init__(self, template: Path | None, shown: str) -> None:
        self._template, self._shown = template, shown
        super().__init__()

    def open(self, key: str) -> None:
        if self._template is not None and not self._template.is_dir():
            raise UserError(f"There is no directory {self._shown} to copy.", "The path starts at the directory of steadygo.toml.")
        self._room.open(key)

    def make(self, name: str) -> Mapping[str, str]:
        path = self._room.path / name
        if self._template is not None:
            tree.copy(self._template, path, self._shown)
        else:
            path.mkdir(0o700)
        return {"path": str(path), "name": name, "url": path.as_uri()}
