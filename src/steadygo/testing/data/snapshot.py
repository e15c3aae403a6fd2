"""A file with the content that test data starts from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from steadygo.errors import UserError


@dataclass(frozen=True)
class Snapshot:
    """`shown` is the path as steadygo.toml has it."""

    path: Path
    shown: str

    def read(self) -> bytes:
        """Its content. Raises UserError."""
        try:
            return self.path.read_bytes()
        except OSError as error:
            raise UserError(
                f"The snapshot {self.shown} cannot be read: {error.strerror}.", "The path starts at the directory of steadygo.toml."
            ) from error
