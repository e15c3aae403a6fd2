"""The [build] table of steadygo.toml."""

from __future__ import annotations

import difflib
import tomllib
from pathlib import Path

import msgspec

from steadygo.errors import BadSettings

NAME = "steadygo.toml"


class BuildSettings(msgspec.Struct, frozen=True, rename="kebab", forbid_unknown_fields=True):
    """`entry_points` are the packages that may be shipped ("./cmd/api"); empty: every main package. Licences are SPDX identifiers."""

    entry_points: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    allow_licences: tuple[str, ...] = ()
    deny_licences: tuple[str, ...] = ()


def load(root: Path) -> BuildSettings:
    """The settings at a module's root, the defaults where there are none. Raises BadSettings."""
    try:
        document = tomllib.loads((root / NAME).read_bytes().decode("utf-8"))
    except FileNotFoundError:
        return BuildSettings()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettings(f"{NAME} is not valid TOML: {error}.", "Mend the line, or remove the file.") from None
    except OSError as error:
        raise BadSettings(f"{NAME} cannot be read: {error.strerror}.", "Mend its permissions, or remove it.") from None
    table = document.get("build", {})
    known = [field.encode_name for field in msgspec.structs.fields(BuildSettings)]
    for key in table if isinstance(table, dict) else ():
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
            raise BadSettings(
                f"{NAME}: unknown key build.{key}.", f"Did you mean build.{near[0]}?" if near else f"Known: {', '.join(known)}."
            )
    try:
        return msgspec.convert(table, BuildSettings)
    except msgspec.ValidationError as error:
        raise BadSettings(f"{NAME}: build: {error}.", "See docs/build.md for the keys and their types.") from None
