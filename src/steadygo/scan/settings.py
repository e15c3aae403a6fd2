"""steadygo.toml -> Settings. An unknown key is an error that names the nearest known one."""

from __future__ import annotations

import difflib
import tomllib
from pathlib import Path
from typing import Any

import msgspec

from steadygo.errors import BadSettings
from steadygo.facts.settings import Settings, StatedService

NAME = "steadygo.toml"
OTHER_TABLES = ("test", "env", "build")
"""Tables of steadygo.toml that other commands read and check."""


def load(root: Path) -> Settings:
    """Settings of the service at `root`; the defaults when there is no steadygo.toml. Raises BadSettings."""
    path = root / NAME
    try:
        if path.is_symlink() or not path.is_file():
            return Settings()
        data = tomllib.loads(path.read_bytes().decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadSettings(f"{NAME} is not valid TOML: {error}.", "Mend the line, or remove the file.") from error
    except OSError as error:
        raise BadSettings(f"{NAME} cannot be read: {error.strerror}.", "Mend its permissions, or remove it.") from error
    return parse(data)


def parse(data: dict[str, Any]) -> Settings:
    """Check keys and types. Raises BadSettings with the nearest known key."""
    top = {key: value for key, value in data.items() if key not in OTHER_TABLES}
    _check_keys(top, Settings.__struct_fields__ + OTHER_TABLES, "")
    services = top.get("services", [])
    if not isinstance(services, list) or not all(isinstance(s, dict) for s in services):
        raise BadSettings(f"{NAME}: services must be tables.", "Write [[services]] and the keys below it.")
    for service in services:
        _check_keys(service, StatedService.__struct_fields__, "services.")
    try:
        return msgspec.convert(top, Settings)
    except msgspec.ValidationError as error:
        raise BadSettings(f"{NAME}: {error}.", "The README shows each key with its type.") from error


def _check_keys(table: dict[str, Any], known: tuple[str, ...], prefix: str) -> None:
    for key in table:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
            hint = f"Did you mean {prefix}{near[0]}?" if near else f"Known keys: {', '.join(known)}."
            raise BadSettings(f"{NAME}: unknown key {prefix}{key}.", hint)
