"""The database: SQLite in the user's state directory, or what STEADYGO_DATABASE names. Opening it brings its schema up to date.

A SQLite file whose schema is up to date needs nothing but Python's own module. SQLAlchemy, whose import takes a quarter of a second, is for
PostgreSQL and other URLs of SQLite, Alembic for a schema that is behind.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from steadygo.errors import UserError
from steadygo.store.place import state_directory

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

_MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK_NUMBER = 0x57EAD960  # any number that other programs on the same PostgreSQL do not use
_BUSY_SECONDS = 20.0
_PRAGMAS = ("PRAGMA foreign_keys = ON", "PRAGMA journal_mode = WAL")


class Database(Protocol):
    """One transaction."""

    def execute(self, statement: str, values: Mapping[str, object] | None = None) -> list[tuple[Any, ...]]:
        """The rows that a statement gives, none when it changes something. `:name` stands for a value."""
        ...


class Store:
    """The database for several transactions, from one thread. Nothing is opened before the first."""

    def __init__(self) -> None:
        self._own: sqlite3.Connection | None = None
        self._engine: Engine | None = None

    @contextmanager
    def transaction(self) -> Iterator[Database]:
        """Committed at the end, rolled back when something is raised. Raises UserError when the database cannot be used."""
        where = url()
        file = where.removeprefix("sqlite:///")
        if file == where or "?" in file:
            with _explained(), self._begin(where) as connection:
                yield _Other(connection)
            return
        try:
            if self._own is None:
                self._own = _sqlite(where, file)
            with self._own:
                yield _Own(self._own)
        except sqlite3.Error as error:
            raise _unanswered(str(error)) from error

    @contextmanager
    def _begin(self, where: str) -> Iterator[Connection]:
        if self._engine is None:
            self._engine = _engine(where)
            _upgrade(self._engine)
        with self._engine.begin() as connection:
            yield connection

    def close(self) -> None:
        """No transaction comes any more."""
        if self._own is not None:
            self._own.close()
        self._own = self._engine = None


@contextmanager
def opened() -> Iterator[Database]:
    """One transaction of a store of its own."""
    store = Store()
    try:
        with store.transaction() as db:
            yield db
    finally:
        store.close()


class _Own:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def execute(self, statement: str, values: Mapping[str, object] | None = None) -> list[tuple[Any, ...]]:
        return self._connection.execute(statement, dict(values or {})).fetchall()


class _Other:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def execute(self, statement: str, values: Mapping[str, object] | None = None) -> list[tuple[Any, ...]]:
        from sqlalchemy import text

        result = self._connection.execute(text(statement), dict(values or {}))
        return [tuple(row) for row in result] if result.returns_rows else []


def _sqlite(where: str, file: str) -> sqlite3.Connection:
    """A connection to a file whose schema is up to date."""
    _make_directory(file)
    connection = sqlite3.connect(file, timeout=_BUSY_SECONDS)
    try:
        for pragma in _PRAGMAS:
            connection.execute(pragma)
        try:
            found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        except sqlite3.OperationalError:  # there is no such table yet
            found = None
        if found is None or found[0] != _head():
            with _explained():
                _upgrade(_engine(where))
    except BaseException:
        connection.close()
        raise
    return connection


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
def _explained() -> Iterator[None]:
    from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError

    try:
        yield
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise UserError(f"STEADYGO_DATABASE cannot be used: {error}.", "pip install 'steadygo[postgres]' for PostgreSQL.") from error
    except DatabaseError as error:
        raise _unanswered(str(error.orig).strip().partition("\n")[0]) from error


def _unanswered(reason: str) -> UserError:
    return UserError(f"The database does not answer: {reason}.", "See STEADYGO_DATABASE, or the free space and permissions of its file.")


def _make_directory(file: str) -> None:
    if file and file != ":memory:":
        try:
            Path(file).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise _unanswered(f"{Path(file).parent} cannot be made: {error.strerror}") from error


def _engine(where: str) -> Engine:
    from sqlalchemy import create_engine, event
    from sqlalchemy.engine import make_url
    from sqlalchemy.pool import NullPool

    parsed = make_url(where)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, poolclass=NullPool, connect_args={"connect_timeout": 10})
    _make_directory(parsed.database or "")
    engine = create_engine(parsed, poolclass=NullPool, connect_args={"timeout": _BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def prepare(raw: object, record: object) -> None:
        cursor = raw.cursor()  # type: ignore[attr-defined]
        for pragma in _PRAGMAS:
            cursor.execute(pragma)
        cursor.close()

    return engine


def _upgrade(engine: Engine) -> None:
    head = _head()
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


def _head() -> str:
    return max(p.name.partition("_")[0] for p in (_MIGRATIONS / "versions").glob("[0-9]*.py"))


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
