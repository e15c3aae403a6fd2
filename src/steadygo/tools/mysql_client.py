"""The client programs of MariaDB or MySQL, for files that only they understand. Passwords go by a file that only this user can read."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from steadygo.errors import ToolMissing, UserError
from steadygo.tools import guard
from steadygo.tools.mysql import Server
from steadygo.tools.run import Outcome, run

_SECONDS = 3600.0
_MOVES = re.compile(rb"^[ \t]*(?:USE[ \t]+[^;\n]+|(?:CREATE|DROP)[ \t]+(?:DATABASE|SCHEMA)\b[^;\n]*)", re.MULTILINE | re.IGNORECASE)
_DEFINER = re.compile(rb"DEFINER=`[^`]*`@`[^`]*`")
_WORDS = (
    "--single-transaction", "--routines", "--triggers", "--events", "--hex-blob", "--skip-comments", "--no-tablespaces",
    "--loose-set-gtid-purged=OFF", "--loose-column-statistics=0",
)  # fmt: skip


def check(content: bytes, shown: str) -> None:
    """Raise UserError where a file of SQL would leave the database that it is loaded into."""
    moved = _MOVES.search(content)
    if moved:
        line = content.count(b"\n", 0, moved.start()) + 1
        raise UserError(
            f"{shown}, line {line}: {moved[0].decode('utf-8', 'replace').strip()} would leave the test's own database.",
            "Remove the line, or dump without --databases.",
        )


def dump(server: Server, database: str, to: Path) -> None:
    """Write all of a database as SQL, with the loading user as definer. Raises UserError, ToolMissing."""
    program = _program("mariadb-dump", "mysqldump")
    raw = to.with_suffix(".raw")
    with _login(server) as login:
        ran = run([program, f"--defaults-file={login}", *_WORDS, f"--result-file={raw}", database], timeout_seconds=_SECONDS)
    if not ran.ok:
        raise UserError(
            f"The template {database} cannot be dumped: {ran.complaint.rstrip('.')}.",
            "The user needs SELECT, SHOW VIEW, TRIGGER, EVENT on it.",
        )
    with open(raw, "rb") as lines, open(to, "wb") as out:
        for line in lines:
            out.write(line if line.startswith(b"INSERT ") else _DEFINER.sub(b"DEFINER=CURRENT_USER", line))
    raw.unlink()


def load(server: Server, database: str, file: Path, shown: str) -> None:
    """Load a file of SQL into a database. Raises UserError with the line, ToolMissing."""
    program = _program("mariadb", "mysql")
    with _login(server) as login:
        words = [program, f"--defaults-file={login}", "--batch", f"--database={database}"]
        ran = run(words, input=file.read_bytes(), timeout_seconds=_SECONDS)  # `source` would go on after an error
    if ran.outcome is Outcome.TIMED_OUT:
        raise UserError(f"{shown} was not loaded within an hour.", "Take a smaller one.")
    if not ran.ok:
        said = ran.stderr.decode("utf-8", "replace")
        at = re.search(r"^ERROR (\d+)(?: \(\w+\))? at line (\d+)[^:]*: (.*)$", said, re.MULTILINE)
        what = f"{shown}, line {at[2]}: {at[3].rstrip('.')}." if at else f"{shown} cannot be loaded: {ran.complaint.rstrip('.')}."
        raise UserError(what, "Mend the file; `mariadb DATABASE < FILE` shows it too.")


def _program(*names: str) -> str:
    found = next((path for path in map(shutil.which, names) if path), None)
    if found is None:
        raise ToolMissing(f"Neither {names[0]} nor {names[1]} is installed.", "apt-get install mariadb-client, or MySQL's client.")
    return found


@contextmanager
def _login(server: Server) -> Iterator[str]:
    pairs = {"user": server.user, "password": server.password}
    pairs |= {"socket": server.socket} if server.socket else {"host": server.host, "port": str(server.port), "protocol": "tcp"}
    quoted = {k: v.replace("\\", "\\\\").replace('"', '\\"') for k, v in pairs.items()}
    with guard.scratch("steadygo-mysql-") as place:
        file = place / "login.cnf"
        file.touch(0o600)
        file.write_text("[client]\n" + "".join(f'{k}="{v}"\n' for k, v in quoted.items()) + _tls(server.tls), "utf-8")
        yield os.fspath(file)


def _tls(word: str) -> str:
    if word in ("", "false", "preferred"):
        return ""
    return "loose-ssl=1\nloose-ssl-verify-server-cert=0\n" if word == "skip-verify" else "loose-ssl=1\nloose-ssl-verify-server-cert=1\n"
