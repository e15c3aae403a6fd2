"""PostgreSQL's own client programs, for files that only they understand. Passwords go by the environment."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from steadygo.errors import ToolMissing, UserError
from steadygo.tools.run import Outcome, Ran, run

_LOAD_SECONDS = 3600.0
_MOVES = re.compile(rb"^\\c(?:onnect)?\b[^\n]*", re.MULTILINE)
_VARIABLES = {
    "host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT", "sslkey": "PGSSLKEY", "options": "PGOPTIONS", "service": "PGSERVICE", "passfile": "PGPASSFILE",
    "hostaddr": "PGHOSTADDR", "channel_binding": "PGCHANNELBINDING", "target_session_attrs": "PGTARGETSESSIONATTRS",
}  # fmt: skip


def load(file: Path, content: bytes, database: str, parameters: Mapping[str, str], shown: str) -> None:
    """Load what pg_dump wrote, as SQL or in its custom format, into a database. Raises UserError with the line, ToolMissing."""
    environment = {**os.environ, **{_VARIABLES[k]: v for k, v in parameters.items() if k in _VARIABLES}, "LC_ALL": "C.UTF-8"}
    environment["PGAPPNAME"] = "steadygo"
    if content.startswith(b"PGDMP"):
        words = ["pg_restore", "--no-password", "--no-owner", "--exit-on-error", "-d", f"dbname={database}", str(file)]
    else:
        moved = _MOVES.search(content)
        if moved:
            line = content.count(b"\n", 0, moved.start()) + 1
            raise UserError(
                f"{shown}, line {line}: {moved[0].decode('utf-8', 'replace').strip()} would leave the test's own database.",
                "Remove the line, or dump without --create.",
            )
        words = [
            "psql",
            "--no-password",
            "-X",
            "-q",
            "-v",
            "ON_ERROR_STOP=1",
            "-d",
            f"dbname={database}",
            "-o",
            os.devnull,
            "-f",
            str(file),
        ]
    ran = run(words, environment=environment, timeout_seconds=_LOAD_SECONDS)
    if ran.outcome is Outcome.MISSING:
        raise ToolMissing(f"{words[0]} is not installed; a snapshot is loaded by it.", "apt-get install postgresql-client.")
    if not ran.ok:
        raise UserError(_complaint(ran, file, shown), "Mend the file; `psql -v ON_ERROR_STOP=1 -f` shows it too.")


def _complaint(ran: Ran, file: Path, shown: str) -> str:
    said = ran.stderr.decode("utf-8", "replace")
    at = re.search(rf"^psql:{re.escape(str(file))}:(\d+): (?:ERROR|FATAL|error|invalid command):?\s*(.*)$", said, re.MULTILINE)
    if at:
        return f"{shown}, line {at[1]}: {at[2].rstrip('.') or ran.complaint}."
    if ran.outcome is Outcome.TIMED_OUT:
        return f"{shown} was not loaded within an hour."
    first = next((x for x in said.splitlines() if "error" in x.lower()), ran.complaint)
    return f"{shown} cannot be loaded: {first.rstrip('.')}."
