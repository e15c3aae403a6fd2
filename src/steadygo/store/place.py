"""Where steadygo keeps what it remembers. No database library is imported here: start-up is a feature."""

from __future__ import annotations

import os
from pathlib import Path


def state_directory() -> Path:
    """The user's state directory for steadygo (XDG base directories); it need not exist yet."""
    named = os.environ.get("XDG_STATE_HOME", "")
    base = Path(named) if named.startswith("/") else Path.home() / ".local/state"
    return base / "steadygo"
