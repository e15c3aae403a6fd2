"""Runs of tests, oldest first; the packages of a run are added as they finish."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steadygo.testing.results import Context, Package, Run, decode, encode

if TYPE_CHECKING:
    from sqlalchemy import Connection


def begin(db: Connection, run: str, context: Context) -> None:
    """Keep what a run is, before its first result."""
    from sqlalchemy import text

    db.execute(text("INSERT INTO test_runs (run, content) VALUES (:run, :content)"), {"run": run, "content": encode(context)})


def add(db: Connection, run: str, packages: list[Package]) -> None:
    """Keep packages that finished."""
    from sqlalchemy import text

    rows = [{"run": run, "content": encode(p)} for p in packages]
    if rows:
        db.execute(text("INSERT INTO test_packages (run, content) VALUES (:run, :content)"), rows)


def latest(db: Connection, most: int) -> list[Run]:
    """The newest runs, at most so many."""
    from sqlalchemy import text

    rows = db.execute(text("SELECT run, content FROM test_runs ORDER BY id DESC LIMIT :most"), {"most": most}).all()
    return [_run(db, row[0], row[1]) for row in rows][::-1]


def find(db: Connection, start: str) -> list[Run]:
    """Runs whose id starts with these characters."""
    from sqlalchemy import text

    rows = db.execute(text("SELECT run, content FROM test_runs ORDER BY id")).all()
    return [_run(db, row[0], row[1]) for row in rows if row[0].startswith(start)]


def _run(db: Connection, run: str, context: str) -> Run:
    from sqlalchemy import text

    rows = db.execute(text("SELECT content FROM test_packages WHERE run = :run ORDER BY id"), {"run": run}).scalars()
    return Run(run, decode(context, Context), tuple(decode(row, Package) for row in rows))
