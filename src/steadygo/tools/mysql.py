"""Databases of a MariaDB or MySQL server: made, dropped, and the leases on them. PyMySQL is imported when a server is asked for."""

from __future__ import annotations

import contextlib
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from steadygo.errors import ToolMissing, UserError

if TYPE_CHECKING:
    from pymysql import Connection
    from pymysql.cursors import Cursor

    Connected = Connection[Cursor]

_CONNECT_SECONDS = 10
_PATIENCE_SECONDS = 15.0  # for a server without a connection left
_IDLE_SECONDS = 31_536_000  # the most that the server allows: the lease is a connection that says little
_DROP_SECONDS = 10
_COMMENT = "steadygo test data"
_MARK = "steadygo_test_data"
_FULL = (1040, 1203, 1226)


@dataclass(frozen=True)
class Server:
    """How to reach it. `tls` is the parameter of go-sql-driver: "", true, skip-verify …"""

    host: str
    port: int
    socket: str
    user: str
    password: str = field(repr=False)
    tls: str
    shown: str


@dataclass(frozen=True)
class Database:
    """A database by its name. `ours`: it has the mark of those that steadygo made. `text`: character set and collation."""

    name: str
    ours: bool
    text: tuple[str, str]


@contextmanager
def connected(server: Server) -> Iterator[Connected]:
    """A connection to no database, in autocommit. Raises UserError."""
    connection = connect(server)
    try:
        with sentences(server):
            yield connection
    finally:
        close(connection)


def connect(server: Server) -> Connected:
    """The same for keeping. Waits a little for a server that has no connection left. Raises UserError, ToolMissing without PyMySQL."""
    try:
        import pymysql
    except ImportError as error:
        raise ToolMissing("Test data in MySQL needs the package PyMySQL.", "pip install 'steadygo[mysql]'.") from error
    given: dict[str, Any] = {
        "user": server.user or None,
        "password": server.password,
        "connect_timeout": _CONNECT_SECONDS,
        "autocommit": True,
        "ssl": _tls(server.tls),
        **({"unix_socket": server.socket} if server.socket else {"host": server.host, "port": server.port}),
    }
    deadline = time.monotonic() + _PATIENCE_SECONDS
    with sentences(server):
        while True:
            try:
                return pymysql.connect(**given)
            except pymysql.MySQLError as error:
                if not error.args or error.args[0] not in _FULL or time.monotonic() > deadline:
                    raise
            time.sleep(0.2)


def _tls(word: str) -> ssl.SSLContext | None:
    if word.lower() in ("", "false", "preferred"):
        return None
    context = ssl.create_default_context()
    if word == "skip-verify":
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def close(connection: Connected) -> None:
    """End it, whatever state it is in."""
    import pymysql

    with contextlib.suppress(pymysql.MySQLError, OSError):
        connection.close()


def alive(connection: Connected) -> bool:
    """Whether the server still answers on it."""
    import pymysql

    try:
        connection.ping(reconnect=False)
    except (pymysql.MySQLError, OSError):
        return False
    return True


def hold(connection: Connected, lease: str) -> bool:
    """Take the lease: a lock that ends with this connection, however that ends. False while another connection has it."""
    _ask(connection, f"SET SESSION wait_timeout = {_IDLE_SECONDS}")
    return bool(_ask(connection, "SELECT GET_LOCK(%s, 0)", lease)[0][0])


def is_held(connection: Connected, lease: str) -> bool:
    """Whether a connection has this lease."""
    return _ask(connection, "SELECT IS_USED_LOCK(%s)", lease)[0][0] is not None


def end(connection: Connected, lease: str, names: str) -> None:
    """End the connection that has the lease, and those that make a database whose name starts with `names`; wait until they are gone.

    The server goes on with what a client asked that was killed meanwhile. Raises UserError when it does not stop.
    """
    import pymysql

    deadline = time.monotonic() + _PATIENCE_SECONDS
    while found := _ask(
        connection,
        "SELECT ID FROM information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID() AND (ID = IS_USED_LOCK(%s)"
        " OR (INFO RLIKE 'create[[:space:]]+(database|schema)' AND INSTR(INFO, %s) > 0))",
        lease,
        names,
    ):
        if time.monotonic() > deadline:
            raise UserError("The server does not end the connections of a run that was killed.", "See SHOW PROCESSLIST.")
        for (process,) in found:
            with contextlib.suppress(pymysql.MySQLError):  # it has gone by itself, or is another user's
                _ask(connection, f"KILL {int(process)}")
        time.sleep(0.02)


def databases(connection: Connected) -> list[Database]:
    """All databases that this user may see."""
    if _has_comments(connection):
        rows = _ask(
            connection,
            "SELECT SCHEMA_NAME, SCHEMA_COMMENT LIKE %s, DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME"
            " FROM information_schema.SCHEMATA",
            f"{_COMMENT}%",
        )
    else:  # one without any table was cut short before it had its mark
        rows = _ask(
            connection,
            "SELECT s.SCHEMA_NAME, COUNT(t.TABLE_NAME) = 0 OR SUM(t.TABLE_NAME = %s) > 0, s.DEFAULT_CHARACTER_SET_NAME,"
            " s.DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA s LEFT JOIN information_schema.TABLES t"
            " ON t.TABLE_SCHEMA = s.SCHEMA_NAME GROUP BY 1, 3, 4",
            _MARK,
        )
    return sorted((Database(name, bool(ours), (letters, order)) for name, ours, letters, order in rows), key=lambda d: d.name)


def create(connection: Connected, name: str, text: tuple[str, str] | None, about: str) -> None:
    """Make an empty database with our mark: a comment, or a table where the server knows no comments of databases (MySQL)."""
    as_text = f" CHARACTER SET {text[0]} COLLATE {text[1]}" if text else ""
    if _has_comments(connection):
        _ask(connection, f"CREATE DATABASE `{name}`{as_text} COMMENT %s", f"{_COMMENT}: {about}")
        return
    _ask(connection, f"CREATE DATABASE `{name}`{as_text}")
    _ask(connection, f"CREATE TABLE `{name}`.`{_MARK}` (about varchar(200)) COMMENT %s", _COMMENT)


def drop(connection: Connected, name: str) -> None:
    """Drop a database after the connections that use it are ended. The caller knows that it is ours."""
    import pymysql

    for (process,) in _ask(connection, "SELECT ID FROM information_schema.PROCESSLIST WHERE DB = %s AND ID <> CONNECTION_ID()", name):
        with contextlib.suppress(pymysql.MySQLError):  # it has gone by itself, or is another user's
            _ask(connection, f"KILL {int(process)}")
    _ask(connection, f"SET SESSION lock_wait_timeout = {_DROP_SECONDS}")
    _ask(connection, f"DROP DATABASE IF EXISTS `{name}`")


@contextmanager
def sentences(server: Server) -> Iterator[None]:
    """What the server answers as one sentence with what to do. Raises UserError."""
    import pymysql

    try:
        yield
    except pymysql.MySQLError as error:
        raise _told(error, server) from error
    except RuntimeError as error:  # PyMySQL's word for a plugin of authentication that it does not have
        raise UserError(f"MySQL at {server.shown} cannot be asked: {error}.", "Use another way of authentication.") from error


_ANSWERS: tuple[tuple[tuple[int, ...], str, str], ...] = (
    ((1045, 1698, 1130, 2054, 2059), "refuses this user", "See the user and password of the address, and the server's grants."),
    ((1044, 1142, 1227, 1370, 1410), "does not allow it", "GRANT ALL ON `steadygo\\_%`.* TO the user, and SELECT on the template."),
    (_FULL, "has no connection left", "Raise max_connections, or test fewer packages at a time: -p."),
    (
        (3, 1021, 1114, 1030),
        "has no room left",
        "Free some on the server's disk; `steadygo test data --clean` drops what killed runs left.",
    ),
    ((2002, 2003, 2005, 2006, 2013, 2055, 1053, 1927, 0), "does not answer", "Start it, or mend the address."),
)


def _told(error: Exception, server: Server) -> UserError:
    code = error.args[0] if error.args and isinstance(error.args[0], int) else -1
    said = (str(error.args[1]) if len(error.args) > 1 else str(error)).rstrip(".") or "no reason given"
    for codes, what, remedy in _ANSWERS:
        if code in codes:
            return UserError(f"MySQL at {server.shown} {what}: {said}.", remedy)
    return UserError(f"MySQL at {server.shown} answers: {said}.", "Its log may say more.")


def _has_comments(connection: Connected) -> bool:
    version = str(_ask(connection, "SELECT VERSION()")[0][0])
    return "MariaDB" in version and _numbers(version) >= (10, 5)


def _numbers(version: str) -> tuple[int, ...]:
    bare = version.removeprefix("5.5.5-").partition("-")[0]
    return tuple(int(part) for part in bare.split(".")[:2] if part.isdigit())


def _ask(connection: Connected, statement: str, *values: object) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        return list(cursor.fetchall())
