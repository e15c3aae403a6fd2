"""Fingerprints kept under a name. The database is opened only when a name is used."""

from __future__ import annotations

import difflib
import re

from steadygo.environment.fingerprint import Fingerprint
from steadygo.errors import UserError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


def check_name(name: str) -> None:
    """Raise UserError for what would be read as another kind of side."""
    if not _NAME.fullmatch(name) or name == "here":
        raise UserError(f"{name!r} cannot be a fingerprint's name.", "Use letters, digits, `.`, `_` and `-`, at most 64, but not `here`.")


def save(name: str, fingerprint: Fingerprint) -> None:
    """Keep `fingerprint` under `name`."""
    from steadygo.store import database, fingerprints

    with database.opened() as db:
        fingerprints.save(db, name, fingerprint)


def load(name: str) -> Fingerprint:
    """The newest fingerprint of that name. Raises UserError with the nearest name."""
    from steadygo.store import database, fingerprints

    check_name(name)
    with database.opened() as db:
        found = fingerprints.latest(db, name)
        known = fingerprints.names(db) if found is None else []
    if found is None:
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        hint = f"Did you mean {near[0]}?" if near else "`steadygo env show --save NAME` saves one."
        raise UserError(f"There is no file and no saved fingerprint {name!r}.", hint)
    return found
