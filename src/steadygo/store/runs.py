"""Runs of tests, oldest first; the packages of a run are added as they finish."""

from __future__ import annotations

from steadygo.store.database import Database
from steadygo.testing.results import Context, Package, Run, Times, decode, encode


def begin(db: Database, run: str, context: Context) -> None:
    """Keep what a run is, before its first result."""
    db.execute("INSERT INTO test_runs (run, content) VALUES (:run, :content)", {"run": run, "content": encode(context)})


def add(db: Database, run: str, packages: list[Package]) -> None:
    """Keep packages that finished."""
    for package in packages:
        db.execute("INSERT INTO test_packages (run, content) VALUES (:run, :content)", {"run": run, "content": encode(package)})


def latest(db: Database, most: int) -> list[Run]:
    """The newest runs, at most so many."""
    rows = db.execute("SELECT run, content FROM test_runs ORDER BY id DESC LIMIT :most", {"most": most})
    return [_run(db, row[0], row[1]) for row in rows][::-1]


def contexts(db: Database, most: int) -> list[Context]:
    """What the newest runs were asked for, at most so many; the oldest first."""
    rows = db.execute("SELECT content FROM test_runs ORDER BY id DESC LIMIT :most", {"most": most})
    return [decode(row[0], Context) for row in reversed(rows)]


def times(db: Database, most: int) -> list[Times]:
    """How long packages and tests took in the newest runs, at most so many; the oldest first."""
    newest = db.execute("SELECT run FROM test_runs ORDER BY id DESC LIMIT :most", {"most": most})
    packages = "SELECT content FROM test_packages WHERE run = :run ORDER BY id"
    return [decode(row[0], Times) for (run,) in reversed(newest) for row in db.execute(packages, {"run": run})]


def find(db: Database, start: str) -> list[Run]:
    """Runs whose id starts with these characters."""
    rows = db.execute("SELECT run, content FROM test_runs ORDER BY id")
    return [_run(db, row[0], row[1]) for row in rows if row[0].startswith(start)]


def _run(db: Database, run: str, context: str) -> Run:
    rows = db.execute("SELECT content FROM test_packages WHERE run = :run ORDER BY id", {"run": run})
    return Run(run, decode(context, Context), tuple(decode(row[0], Package) for row in rows))
