"""The database: SQLite in the user's state directory, or what STEADYGO_DATABASE names. Opening it brings its schema up to date.

SQLAlchemy is imported when a database is opened, Alembic only when the schema is behind.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from steadygo.errors import UserError
from steadygo.store.place import state_directory

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

_MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK_NUMBER = 0x57EAD960  # any number that other programs on the same PostgreSQL do not use


def url() -> str:
    """STEADYGO_DATABASE, else the SQLite file of this user."""
    named = os.environ.get("STEADYGO_DATABASE", "")
    if not named:
        return f"sqlite:///{state_directory() / 'steadygo.db'}"
    for scheme in ("postgresql://", "postgres://"):
        if named.startswith(scheme):
            return "postgresql+psycopg://" + named[len(scheme) :]
    if not named.startswith(("postgresql+", "sqlite:")):
        raise UserError(
            f"STEADYGO_DATABASE names a {named.partition(':')[0]!r} database.", "It can be postgresql://USER@HOST/NAME or sqlite:///FILE."
        )
    return named


@contextmanager
def opened() -> Iterator[Connection]:
    """One transaction: committed at the end, rolled back when something is raised."""
    from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError

    try:
        engine = _engine(url())
        _upgrade(engine)
        with engine.begin() as connection:
            yield connection
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise UserError(f"STEADYGO_DATABASE cannot be used: {error}.", "pip install 'steadygo[postgres]' for PostgreSQL.") from error
    except DatabaseError as error:
        reason = str(error.orig).strip().partition("\n")[0]
        raise UserError(
            f"The database does not answer: {reason}.", "See STEADYGO_DATABASE, or the free space and permissions of its file."
        ) from error


def _engine(where: str) -> Engine:
    from sqlalchemy import create_engine, event
    from sqlalchemy.engine import make_url
    from sqlalchemy.pool import NullPool

    parsed = make_url(where)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, poolclass=NullPool, connect_args={"connect_timeout": 10})
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = create_engine(parsed, poolclass=NullPool, connect_args={"timeout": 20})

    @event.listens_for(engine, "connect")
    def prepare(raw: object, record: object) -> None:
        cursor = raw.cursor()  # type: ignore[attr-defined]
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.close()

    return engine


def _upgrade(engine: Engine) -> None:
    head = max(p.name.partition("_")[0] for p in (_MIGRATIONS / "versions").glob("[0-9]*.py"))
    with engine.connect() as connection:
        found = _revision(connection)
    if found == head:
        return
    if found is not None and found > head:
        raise UserError("The database was written by a newer steadygo.", "Update steadygo, or name another database in STEADYGO_DATABASE.")
    with _alone(engine) as connection:
        if _revision(connection) != head:
            from alembic import command
            from alembic.config import Config

            config = Config()
            config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def _revision(connection: Connection) -> str | None:
    from sqlalchemy import inspect, text

    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


@contextmanager
def _alone(engine: Engine) -> Iterator[Connection]:
    """A transaction that only one process has at a time; the others wait, then find the work done."""
    from sqlalchemy import text

    with ExitStack() as stack:
        file = engine.url.database
        if engine.dialect.name == "sqlite" and file and file != ":memory:":
            lock = stack.enter_context(open(f"{file}.lock", "w"))
            fcntl.flock(lock, fcntl.LOCK_EX)
        connection = stack.enter_context(engine.begin())
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK_NUMBER})
        yield connection
