"""The table [test] of steadygo.toml."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from pathlib import Path
from typing import get_args, get_type_hints

import msgspec

from steadygo.errors import BadSettings
from steadygo.testing.data import table as data_table
from steadygo.testing.data.table import Data

NAME = "steadygo.toml"


class Dependency(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the tests connect to by TCP: `variable` holds where it is, `address` (host:port) says so where the variable does not."""

    variable: str = ""
    address: str = ""

    def __post_init__(self) -> None:
        if not self.variable and not self.address:
            raise ValueError("a dependency needs `variable` or `address`")


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a service says about its tests. `at` is the directory of the file; relative paths start there."""

    at: Path = Path()
    dependencies: dict[str, Dependency] = {}
    data: dict[str, Data] = {}


def find(directory: Path) -> Path | None:
    """The nearest steadygo.toml at `directory` or above, inside of its repository, whatever it is; not where nobody may look."""
    for place in (directory, *directory.parents):
        file = place / NAME
        if os.path.lexists(file):
            return file
        if os.path.exists(place / ".git"):
            break
    return None


def load(directory: Path) -> Settings:
    """Settings of the steadygo.toml that holds for `directory`. Raises BadSettings."""
    file = find(directory)
    return _read(file) if file else Settings(directory)


def _read(file: Path) -> Settings:
    try:
        table = tomllib.loads(file.read_bytes().decode("utf-8")).get("test", {})
        settings = msgspec.convert({**table, "at": file.parent}, Settings, strict=False)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadSettings(f"{NAME} is not valid TOML: {error}.", "Mend the line, or remove the file.") from error
    except FileNotFoundError as error:
        raise BadSettings(f"{file} is a link to nothing.", "Mend the link, or remove it.") from error
    except OSError as error:
        raise BadSettings(f"{file} cannot be read: {error.strerror}.", "Mend its permissions, or remove it.") from error
    except (msgspec.ValidationError, TypeError) as error:
        raise BadSettings(f"{NAME}, [test]: {error}.", _hint(str(error))) from error
    data_table.check(settings.data)
    return settings


def _hint(said: str) -> str:
    """The nearest known key where msgspec complains of an unknown one: "… unknown field `templat` - at `$.data[...]`"."""
    unknown = re.search(r"unknown field `([^`]+)`(?: - at `\$\.?([^`]*)`)?", said)
    if unknown:
        kind: type = Settings
        for step in filter(None, (unknown[2] or "").replace("[...]", ".").split(".")):
            kind = get_type_hints(kind)[step]
            kind = next((k for k in get_args(kind) if k is not str), kind)
        known = [f.encode_name for f in msgspec.structs.fields(kind) if f.name != "at"]
        near = difflib.get_close_matches(unknown[1], known, 1, 0.5)
        return f"Did you mean {near[0]}?" if near else f"There are {', '.join(known)}."
    if "enum value" in said and said.endswith(".kind`"):
        return f"There are {', '.join(data_table.KINDS)}; MariaDB is mysql."
    return "docs/testing.md shows each key with its type."
