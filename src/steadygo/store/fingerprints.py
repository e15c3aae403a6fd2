"""Saved fingerprints of environments, by name."""

from __future__ import annotations

from steadygo.environment.fingerprint import Fingerprint, decode, encode
from steadygo.store.database import Database


def save(db: Database, name: str, fingerprint: Fingerprint) -> None:
    """Keep `fingerprint` under `name`; earlier ones of that name stay."""
    db.execute(
        "INSERT INTO fingerprints (name, taken, content) VALUES (:name, :taken, :content)",
        {"name": name, "taken": fingerprint.taken, "content": encode(fingerprint)},
    )


def latest(db: Database, name: str) -> Fingerprint | None:
    """The newest fingerprint of that name."""
    found = db.execute("SELECT content FROM fingerprints WHERE name = :name ORDER BY id DESC LIMIT 1", {"name": name})
    return decode(found[0][0], f"the saved fingerprint {name}") if found else None


def names(db: Database) -> list[str]:
    """Names that were saved, sorted."""
    return [row[0] for row in db.execute("SELECT DISTINCT name FROM fingerprints ORDER BY name")]
