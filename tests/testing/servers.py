"""Database servers of the tests' own: unprivileged, on a free port of this machine, gone with the tests."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

_READY_SECONDS = 60.0


def wait_until(what: Callable[[], bool]) -> None:
    """Ask until it is so."""
    deadline = time.monotonic() + 120
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@dataclass(frozen=True)
class PostgreSQLServer:
    """`superuser` is steadygo. Without a password, but for roles that have one: those must give it."""

    folder: Path
    port: int
    as_user: tuple[str, ...]
    programs: Path

    def url(self, database: str = "postgres", user: str = "steadygo", password: str = "") -> str:
        """As lib/pq wants it."""
        return f"postgres://{user}{f':{password}' if password else ''}@127.0.0.1:{self.port}/{database}?sslmode=disable"

    def ask(self, statement: str, database: str = "postgres") -> str:
        """What psql answers."""
        words = ["psql", "-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", self.url(database), "-c", statement]
        return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()

    def databases(self) -> list[str]:
        """All but PostgreSQL's own."""
        found = self.ask("SELECT datname FROM pg_database WHERE datname NOT IN ('postgres', 'template0', 'template1') ORDER BY 1")
        return found.split("\n") if found else []

    def making(self) -> bool:
        """Whether somebody's CREATE DATABASE is under way."""
        return self.ask("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'CREATE DATABASE%' AND state = 'active'") != "0"

    @contextmanager
    def slow(self) -> Iterator[None]:
        """Whoever makes a database waits until this is over; then that is waited for."""
        lock = "BEGIN; LOCK TABLE pg_database IN SHARE MODE; SELECT pg_sleep(600)"
        asleep = "FROM pg_stat_activity WHERE query = $$" + lock + "$$ AND wait_event = 'PgSleep'"
        with subprocess.Popen(["psql", "-X", "-d", self.url(), "-c", lock], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
            wait_until(lambda: self.ask(f"SELECT count(*) {asleep}") == "1")
            try:
                yield
            finally:
                self.ask(f"SELECT pg_terminate_backend(pid) {asleep}")
        wait_until(lambda: not self.making())

    def dump(self, database: str) -> str:
        """All of a database as text."""
        words = ["pg_dump", "-d", self.url(database)]
        text = subprocess.run(words, check=True, capture_output=True, text=True).stdout
        return "\n".join(line for line in text.split("\n") if "restrict" not in line)

    def control(self, *words: str) -> None:
        """pg_ctl."""
        subprocess.run(
            [*self.as_user, self.programs / "pg_ctl", "-D", self.folder / "data", *words], check=True, capture_output=True, cwd=self.folder
        )

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        self.control("-w", "-l", str(self.folder / "log"), "-o", options, "start")

    def stop(self) -> None:
        """Stop it as a crash would."""
        self.control("-m", "immediate", "stop")


@dataclass
class MariaDBServer:
    """The user root has no password on the socket; `app` has the password `a:b@c` everywhere."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]

    def dsn(self, database: str = "", user: str = "app", password: str = "a:b@c") -> str:
        """As go-sql-driver wants it."""
        return f"{user}:{password}@tcp(127.0.0.1:{self.port})/{database}?parseTime=true"

    def ask(self, statement: str, database: str = "") -> str:
        """What mariadb answers."""
        words = ["mariadb", "--no-defaults", "-N", "-B", "-u", "root", f"--socket={self.folder}/s", "-e", statement, database]
        return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()

    def databases(self) -> list[str]:
        """All but MariaDB's own."""
        own = {"information_schema", "mysql", "performance_schema", "sys", "test"}
        return [d for d in self.ask("SHOW DATABASES").split("\n") if d not in own]

    def making(self) -> bool:
        """Whether somebody's CREATE DATABASE is under way."""
        return self.ask("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE 'CREATE DATABASE%'") != "0"

    @contextmanager
    def slow(self) -> Iterator[None]:
        """Whoever makes a database waits until this is over; then that is waited for."""
        words = ["mariadb", "--no-defaults", "-u", "root", f"--socket={self.folder}/s", "-e"]
        asleep = "SELECT ID FROM information_schema.PROCESSLIST WHERE INFO = 'SELECT SLEEP(600)'"
        with subprocess.Popen(
            [*words, "FLUSH TABLES WITH READ LOCK; SELECT SLEEP(600)"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ):
            wait_until(lambda: bool(self.ask(asleep)))
            try:
                yield
            finally:
                self.ask(f"KILL {self.ask(asleep)}")
        wait_until(lambda: not self.making())

    def dump(self, database: str) -> str:
        """All of a database as text."""
        words = ["mariadb-dump", "--no-defaults", "-u", "root", f"--socket={self.folder}/s", "--skip-comments", "--routines", database]
        return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _missing(reason: str) -> None:
    (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)


def _folder(name: str) -> tuple[Path, tuple[str, ...]]:
    """A scratch directory, and the words that run a program as somebody who may only write there."""
    folder = Path(tempfile.mkdtemp(prefix=f"steadygo-{name}-"))
    if os.geteuid() != 0:
        return folder, ()
    shutil.chown(folder, "nobody")
    return folder, ("setpriv", "--reuid=nobody", "--clear-groups", "--")


@contextmanager
def postgresql(options: Sequence[str] = ()) -> Iterator[PostgreSQLServer]:
    """A PostgreSQL; `options` are lines of its configuration."""
    programs = [Path(d) for d in (*sorted(Path("/usr/lib/postgresql").glob("*/bin")), *os.environ["PATH"].split(":"))]
    home = next((p for p in reversed(programs) if (p / "initdb").exists()), None)
    if home is None:
        _missing("PostgreSQL is missing; apt-get install postgresql")
        raise AssertionError
    folder, as_user = _folder("postgresql")
    server = PostgreSQLServer(folder, _free_port(), as_user, home)
    words = ["-D", folder / "data", "-U", "steadygo", "-A", "trust", "--no-sync", "--encoding=UTF8", "--no-locale"]
    subprocess.run([*as_user, home / "initdb", *words], check=True, capture_output=True, cwd=folder)
    access = "host all app all scram-sha-256\nhost all poor all scram-sha-256\nhost all all all trust\nlocal all all trust\n"
    (folder / "data/pg_hba.conf").write_text(access)
    with open(folder / "data/postgresql.conf", "a") as file:
        file.write("".join(f"{line}\n" for line in options))
    server.start()
    try:
        yield server
    finally:
        with suppress(subprocess.CalledProcessError):
            server.stop()
        shutil.rmtree(folder)


@contextmanager
def mariadb() -> Iterator[MariaDBServer]:
    """A MariaDB."""
    program = shutil.which("mariadbd", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        _missing("MariaDB is missing; apt-get install mariadb-server")
        raise AssertionError
    folder, as_user = _folder("mariadb")
    plain = ["--no-defaults", f"--datadir={folder}/data"]
    install = ["mariadb-install-db", *plain, "--auth-root-authentication-method=normal", "--skip-test-db"]
    subprocess.run([*as_user, *install], check=True, capture_output=True, cwd=folder)
    port = _free_port()
    words = [program, *plain, f"--port={port}", f"--socket={folder}/s", f"--pid-file={folder}/pid", "--bind-address=127.0.0.1"]
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(
            [*as_user, *words, "--innodb-flush-log-at-trx-commit=0", "--skip-log-bin"], stdout=log, stderr=log, cwd=folder
        )
    server = MariaDBServer(folder, port, process)
    try:
        deadline = time.monotonic() + _READY_SECONDS
        while True:
            try:
                server.ask("SELECT 1")
                break
            except subprocess.CalledProcessError:
                assert time.monotonic() < deadline and process.poll() is None, (folder / "log").read_text()[-2000:]
                time.sleep(0.1)
        server.ask("CREATE USER app@'%' IDENTIFIED BY 'a:b@c'; GRANT ALL ON `steadygo\\_%`.* TO app@'%'")
        yield server
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder)
