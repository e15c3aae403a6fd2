"""Coverage profiles of several packages, put together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from steadygo.errors import UserError


def merge(profiles: Sequence[Path], out: str, directory: Path) -> None:
    """Write one profile in `go test`'s text format to `out`, relative to `directory`; nothing when `out` is empty. Raises UserError."""
    if not out:
        return
    mode, blocks = "mode: set", []
    for profile in profiles:
        first, _, rest = profile.read_text("utf-8").partition("\n")
        if first.startswith("mode:"):
            mode = first
            blocks.append(rest)
    try:
        (directory / out).write_text("".join([mode, "\n", *blocks]), "utf-8")
    except OSError as error:
        raise UserError(f"{out} cannot be written: {error.strerror}.", "Give another file with -coverprofile.") from None
