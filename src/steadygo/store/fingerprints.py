"""Saved fingerprints of environments, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steadygo.environment.fingerprint import Fingerprint, decode, encode

if TYPE_CHECKING:
    from sqlalchemy import Connection


def save(db: Connection, name: str, fingerprint: Fingerprint) -> None:
    """Keep `fingerprint` under `name`; earlier ones of that name stay."""
    from sqlalchemy import text

    db.execute(
        text("INSERT INTO fingerprints (name, taken, content) VALUES (:name, :taken, :content)"),
        {"name": name, "taken": fingerprint.taken, "content": encode(fingerprint)},
    )


def latest(db: Connection, name: str) -> Fingerprint | None:
    """The newest fingerprint of that name."""
    from sqlalchemy import text

    found = db.execute(text("SELECT content FROM fingerprints WHERE name = :name ORDER BY id DESC LIMIT 1"), {"name": name}).scalar()
    return decode(found, f"the saved fingerprint {name}") if found is not None else None


def names(db: Connection) -> list[str]:
    """Names that were saved, sorted."""
    from sqlalchemy import text

    return list(db.execute(text("SELECT DISTINCT name FROM fingerprints ORDER BY name")).scalars())
