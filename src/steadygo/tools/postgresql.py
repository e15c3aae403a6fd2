"""Databases of a PostgreSQL server: made from templates, dropped, and their leases. psycopg is imported when a server is asked for."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, LiteralString, cast

from steadygo.errors import ToolMissing, UserError

if TYPE_CHECKING:
    from psycopg import Connection, Error

    Connected = Connection[tuple[object, ...]]

_CONNECT_SECONDS = 10
_PATIENCE_SECONDS = 15.0  # for what passes: a server that starts, no connection left, a template in use
_MARK = 1_937_007_969  # as CONNECTION LIMIT it means no limit, and it is set in the statement that makes the database
_HALF_DROPPED = -2  # what PostgreSQL writes there when DROP DATABASE was interrupted
_COMMENT = "steadygo test data"


@dataclass(frozen=True)
class Server:
    """How to reach it. `parameters` are libpq's, `shown` is without the password."""

    parameters: Mapping[str, str]
    shown: str


@dataclass(frozen=True)
class Database:
    """A database by its name. `ours`: it has the mark of those that steadygo made."""

    name: str
    ours: bool
    comment: str


def server(parameters: Mapping[str, str], shown: str, program: str) -> Server:
    """A server by libpq's keywords; others are for Go's drivers, and left out. `program` is how connections call themselves.

    Raises ToolMissing without psycopg.
    """
    try:
        from psycopg import pq
    except ImportError as error:
        raise ToolMissing("Test data in PostgreSQL needs the package psycopg.", "pip install 'steadygo[postgres]'.") from error
    known = {option.keyword.decode() for option in pq.Conninfo.get_defaults()}
    return Server({**{k: v for k, v in parameters.items() if k in known and v}, "application_name": program}, shown)


@contextmanager
def connected(server: Server) -> Iterator[Connection]:
    """A connection in autocommit to the database `postgres`, or to the one of the address where that is closed. Raises UserError."""
    connection = connect(server)
    try:
        with sentences(server):
            yield connection
    finally:
        connection.close()


def connect(server: Server) -> Connection:
    """The same for keeping. Waits a little for a server that starts or has no connection left. Raises UserError."""
    import psycopg

    own = server.parameters.get("dbname", "")
    deadline = time.monotonic() + _PATIENCE_SECONDS
    with sentences(server):
        while True:
            try:
                return _open(server, "postgres")
            except psycopg.OperationalError as error:
                said = str(error)
                if own not in ("", "postgres") and re.search(r'database "postgres"', said):
                    return _open(server, own)
                if not re.search(r"too many clients|remaining connection slots|too many connections|starting up", said):
                    raise
                if time.monotonic() > deadline:
                    raise
            time.sleep(0.2)


def close(connection: Connection) -> None:
    """End it, whatever state it is in."""
    connection.close()


def _open(server: Server, database: str) -> Connection:
    import psycopg

    given: dict[str, Any] = {
        "connect_timeout": _CONNECT_SECONDS,
        **server.parameters,
        "dbname": database,
        "autocommit": True,
    }
    return psycopg.connect(**given)


def hold(connection: Connection, number: int) -> bool:
    """Take the lease: a lock that ends with this connection, however that ends. False while another connection has it."""
    _run(connection, "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3")
    if connection.info.server_version >= 140000:
        _run(connection, "SET idle_session_timeout = 0")
    return bool(_one(connection, "SELECT pg_try_advisory_lock(%s)", number))


@contextmanager
def alone(connection: Connection, number: int) -> Iterator[None]:
    """Only one at a time gets past here with this number; the others wait."""
    _run(connection, "SELECT pg_advisory_lock(%s)", number)
    try:
        yield
    finally:
        if not connection.closed:
            _run(connection, "SELECT pg_advisory_unlock(%s)", number)


def end(connection: Connection, program: str, names: str) -> None:
    """End the connections that call themselves so, and those that make a database whose name starts with `names`; wait until they are gone.

    The server goes on with what a client asked that was killed meanwhile. Raises UserError when it does not stop.
    """
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND (application_name = %s"
        r" OR (state = 'active' AND query ~* '\mcreate\s+database\M' AND strpos(query, %s) > 0))",
        [program, names],
    ).fetchall():
        if time.monotonic() > deadline:
            raise UserError("PostgreSQL does not end the connections of a run that was killed.", "See pg_stat_activity.")
        time.sleep(0.02)


def alive(connection: Connection) -> bool:
    """Whether the server still answers on it."""
    import psycopg

    try:
        return _one(connection, "SELECT 1") == 1
    except psycopg.Error:
        return False


def held(connection: Connection) -> set[int]:
    """The numbers of all leases that live, whatever database their connection is in."""
    rows = connection.execute(
        "SELECT (classid::bigint << 32) | objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND granted"
    )
    return {int(row[0]) for row in rows.fetchall()}


def may_create(connection: Connection) -> bool:
    """Whether this role may create databases."""
    return bool(_one(connection, "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"))


def role(connection: Connection) -> str:
    """The name of this role."""
    return str(_one(connection, "SELECT current_user"))


def databases(connection: Connection) -> list[Database]:
    """All databases that are no part of PostgreSQL itself."""
    rows = connection.execute(
        "SELECT datname, datconnlimit, coalesce(shobj_description(oid, 'pg_database'), '') FROM pg_database"
        " WHERE datname NOT IN ('template0', 'template1') ORDER BY datname"
    ).fetchall()
    return [Database(name, limit == _MARK or (limit == _HALF_DROPPED and said.startswith(_COMMENT)), said) for name, limit, said in rows]


def settings(connection: Connection, database: str) -> list[tuple[str, str]]:
    """What ALTER DATABASE … SET gave the database for all roles: TEMPLATE does not copy it."""
    rows = connection.execute(
        "SELECT unnest(s.setconfig) FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase"
        " WHERE d.datname = %s AND s.setrole = 0",
        [database],
    )
    return [(name, value) for name, _, value in (row[0].partition("=") for row in rows.fetchall())]


def exists(connection: Connection, name: str) -> bool:
    """Whether there is a database of that name."""
    return bool(_one(connection, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = %s)", name))


def create(connection: Connection, name: str, template: str, comment: str) -> None:
    """Make a database with our mark; `template` "": an empty one. Raises UserError while others are connected to the template."""
    from psycopg import sql
    from psycopg.errors import ObjectInUse

    like = sql.SQL(" TEMPLATE {}").format(sql.Identifier(template)) if template else sql.SQL("")
    statement = sql.SQL("CREATE DATABASE {}{} CONNECTION LIMIT {}").format(sql.Identifier(name), like, sql.Literal(_MARK))
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            connection.execute(statement)
            break
        except ObjectInUse as error:  # PostgreSQL itself has waited 5 s for them to go
            if time.monotonic() > deadline:
                there = ", ".join(_connected_to(connection, template)) or "they have gone meanwhile"
                raise UserError(
                    f"PostgreSQL copies {template} only while nobody is connected to it: {there}.", "Close these connections."
                ) from error
    connection.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), sql.Literal(f"{_COMMENT}: {comment}")))


def configure(connection: Connection, name: str, values: list[tuple[str, str]]) -> None:
    """Give a database what `settings` told of another."""
    from psycopg import sql

    for setting, value in values:
        with connection.transaction():
            connection.execute("SELECT set_config(%s, %s, true)", [setting, value])
            connection.execute(
                sql.SQL("ALTER DATABASE {} SET {} FROM CURRENT").format(sql.Identifier(name), sql.Identifier(*setting.split(".")))
            )


def seal(connection: Connection, name: str, final: str) -> None:
    """Let nobody connect any more, then give the database its final name; where that is taken, drop it: another was faster."""
    from psycopg import sql
    from psycopg.errors import DuplicateDatabase

    connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(sql.Identifier(name)))
    try:
        connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(name), sql.Identifier(final)))
    except DuplicateDatabase:
        drop(connection, name)


def drop(connection: Connection, name: str) -> None:
    """Drop a database with all that is connected to it. The caller knows that it is ours."""
    from psycopg import sql

    if connection.info.server_version >= 130000:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        return
    connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
    connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))


@contextmanager
def sentences(server: Server) -> Iterator[None]:
    """What PostgreSQL answers as one sentence with what to do. Raises UserError."""
    import psycopg

    try:
        yield
    except psycopg.Error as error:
        raise _told(error, server) from error


_ANSWERS: dict[str, tuple[str, str]] = {
    "28": ("refuses this user", "See the user and password of the address, and pg_hba.conf of the server."),
    "3D000": ("lacks a database", "Create it, or name another one."),
    "42501": ("does not allow it", "ALTER ROLE … CREATEDB lets a role create databases; a template must be its own, or IS_TEMPLATE."),
    "53100": ("has no room left", "Free some on the server's disk; `steadygo test data --clean` drops what killed runs left."),
    "53300": ("has no connection left", "Raise max_connections, or test fewer packages at a time: -p."),
    "57": ("shuts down", "Start it again."),
}


def _told(error: Error, server: Server) -> UserError:
    said = (error.diag.message_primary or _reason(str(error))).rstrip(".")
    detail = (error.diag.message_detail or "").rstrip(".")
    code = error.sqlstate or _guess(str(error))
    for prefix, (what, remedy) in _ANSWERS.items():
        if code.startswith(prefix):
            return UserError(f"PostgreSQL at {server.shown} {what}: {said}{f' ({detail})' if detail else ''}.", remedy)
    if not code or code.startswith("08"):
        return UserError(f"PostgreSQL at {server.shown} does not answer: {said}.", "Start it, or mend the address.")
    return UserError(f"PostgreSQL at {server.shown} answers: {said}{f' ({detail})' if detail else ''}.", "Its log may say more.")


def _reason(said: str) -> str:
    """The end of what libpq says about each address that it tried: the first reason."""
    ends = re.findall(r"^.*failed: (?:FATAL:\s*)?(.+)$", said, re.MULTILINE)
    return (ends or said.strip().splitlines() or ["no reason given"])[0].strip()


def _guess(said: str) -> str:
    """The code of what happened before there was a connection; libpq does not hand it over."""
    for words, code in (
        (r"password authentication failed|no pg_hba\.conf entry|no password supplied|role .* does not exist", "28000"),
        (r"too many clients|remaining connection slots|too many connections", "53300"),
        (r'database ".*" does not exist', "3D000"),
    ):
        if re.search(words, said):
            return code
    return ""


def _connected_to(connection: Connection, database: str) -> list[str]:
    rows = connection.execute(
        "SELECT coalesce(nullif(application_name, ''), 'a program without a name'), usename, coalesce(host(client_addr), 'this machine'),"
        " pid FROM pg_stat_activity WHERE datname = %s ORDER BY backend_start",
        [database],
    ).fetchall()
    return [f"{program} ({user} from {host}, process {pid})" for program, user, host, pid in rows]


def _run(connection: Connection, statement: LiteralString, *values: object) -> None:
    connection.execute(statement, values or None)


def _one(connection: Connection, statement: LiteralString, *values: object) -> object:
    row = connection.execute(statement, values or None).fetchone()
    return cast(tuple[object, ...], row)[0]
