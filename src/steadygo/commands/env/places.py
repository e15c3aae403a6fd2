"""Where toolchains, their caches and the trusted key live (XDG base directories)."""

from __future__ import annotations

import os
from pathlib import Path

from steadygo.environment.toolchains import GOOGLE, GOOGLE_URL, Places
from steadygo.errors import UserError


def _base(variable: str, default: str) -> Path:
    named = os.environ.get(variable, "")
    return (Path(named) if named.startswith("/") else Path.home() / default) / "steadygo"


def toolchains() -> Places:
    """Trees in the data directory, downloads in the cache directory."""
    return Places(_base("XDG_DATA_HOME", ".local/share") / "toolchains", _base("XDG_CACHE_HOME", ".cache") / "downloads")


def use_caches() -> Path:
    """GOPATH, GOCACHE and GOTMPDIR of `env use`, one folder a version."""
    return _base("XDG_CACHE_HOME", ".cache") / "use"


def signing_key(given: Path | None) -> Path:
    """The key to trust. Raises UserError that says where to get it when none was given and none is kept."""
    kept = _base("XDG_CONFIG_HOME", ".config") / "go-signing-key.asc"
    path = given or kept
    if not path.is_file():
        raise UserError(
            f"There is no signing key at {path}.",
            f"Go's archives are signed by Google's Linux packages key ({GOOGLE}): put {GOOGLE_URL} at {kept}, or give --key FILE.",
        )
    return path
