"""Programs that `steadygo build` made, oldest first."""

from __future__ import annotations

from steadygo.build.history import Kept, decode, encode
from steadygo.store.database import Database


def save(db: Database, build: Kept) -> None:
    """Keep one build; earlier ones stay."""
    db.execute(
        "INSERT INTO builds (package, sha256, made, content) VALUES (:package, :sha256, :made, :content)",
        {"package": build.package, "sha256": build.sha256, "made": build.made, "content": encode(build)},
    )


def of_package(db: Database, package: str) -> list[Kept]:
    """All builds of a main package."""
    rows = db.execute("SELECT content FROM builds WHERE package = :package ORDER BY id", {"package": package})
    return [decode(row[0]) for row in rows]


def latest(db: Database, most: int) -> list[Kept]:
    """The newest builds of all packages, at most so many."""
    rows = db.execute("SELECT content FROM builds ORDER BY id DESC LIMIT :most", {"most": most})
    return [decode(row[0]) for row in rows][::-1]


def find(db: Database, start: str) -> list[Kept]:
    """Builds whose SHA-256 starts with these characters (hexadecimal)."""
    rows = db.execute("SELECT content FROM builds WHERE sha256 LIKE :start ORDER BY id", {"start": start + "%"})
    return [decode(row[0]) for row in rows]
