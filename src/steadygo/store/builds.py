"""Programs that `steadygo build` made, oldest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steadygo.build.history import Kept, decode, encode

if TYPE_CHECKING:
    from sqlalchemy import Connection


def save(db: Connection, build: Kept) -> None:
    """Keep one build; earlier ones stay."""
    from sqlalchemy import text

    db.execute(
        text("INSERT INTO builds (package, sha256, made, content) VALUES (:package, :sha256, :made, :content)"),
        {"package": build.package, "sha256": build.sha256, "made": build.made, "content": encode(build)},
    )


def of_package(db: Connection, package: str) -> list[Kept]:
    """All builds of a main package."""
    from sqlalchemy import text

    rows = db.execute(text("SELECT content FROM builds WHERE package = :package ORDER BY id"), {"package": package}).scalars()
    return [decode(row) for row in rows]


def latest(db: Connection, most: int) -> list[Kept]:
    """The newest builds of all packages, at most so many."""
    from sqlalchemy import text

    rows = db.execute(text("SELECT content FROM builds ORDER BY id DESC LIMIT :most"), {"most": most}).scalars()
    return [decode(row) for row in rows][::-1]


def find(db: Connection, start: str) -> list[Kept]:
    """Builds whose SHA-256 starts with these characters (hexadecimal)."""
    from sqlalchemy import text

    rows = db.execute(text("SELECT content FROM builds WHERE sha256 LIKE :start ORDER BY id"), {"start": start + "%"}).scalars()
    return [decode(row) for row in rows]
