"""The same tests on SQLite and on a real PostgreSQL, started here."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from steadygo.environment.fingerprint import Fingerprint, Value
from steadygo.errors import UserError
from steadygo.store import database, fingerprints


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    """A PostgreSQL of its own on a free port of this machine."""
    programs = [Path(d) for d in (*sorted(Path("/usr/lib/postgresql").glob("*/bin")), *os.environ["PATH"].split(":"))]
    home = next((p for p in reversed(programs) if (p / "initdb").exists()), None)
    if home is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("PostgreSQL is missing; apt-get install postgresql")
    folder = Path(tempfile.mkdtemp(prefix="steadygo-postgres-"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    as_user: list[str] = []
    if os.geteuid() == 0:
        assert shutil.which("setpriv")
        shutil.chown(folder, "nobody")
        as_user = ["setpriv", "--reuid=nobody", "--clear-groups", "--"]
    data = folder / "data"
    subprocess.run(
        [*as_user, home / "initdb", "-D", data, "-U", "steadygo", "-A", "trust", "--no-sync"], check=True, capture_output=True, cwd=folder
    )
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
    subprocess.run(
        [*as_user, home / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start"],
        check=True,
        capture_output=True,
        cwd=folder,
    )
    yield f"postgresql://steadygo@127.0.0.1:{port}/postgres"
    subprocess.run([*as_user, home / "pg_ctl", "-D", data, "-m", "immediate", "stop"], check=True, capture_output=True, cwd=folder)
    shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.delenv("STEADYGO_DATABASE", raising=False)
    if request.param == "postgresql":
        monkeypatch.setenv("STEADYGO_DATABASE", request.getfixturevalue("postgres"))


def fingerprint(value: str) -> Fingerprint:
    return Fingerprint("here", "here", {"env.TZ": Value(value, "test")}, ("env.",), "2026-01-02T03:04:05+00:00")


def test_the_newest_of_a_name_counts_and_earlier_ones_stay(store: None) -> None:
    with database.opened() as db:
        fingerprints.save(db, "prod", fingerprint("UTC"))
        fingerprints.save(db, "prod", fingerprint("Asia/Tokyo"))
    with database.opened() as db:
        assert fingerprints.latest(db, "prod") == fingerprint("Asia/Tokyo")
        assert fingerprints.latest(db, "stage") is None
        assert fingerprints.names(db) == ["prod"]


def test_what_fails_leaves_nothing_behind(store: None) -> None:
    with pytest.raises(RuntimeError), database.opened() as db:
        fingerprints.save(db, "half", fingerprint("UTC"))
        raise RuntimeError
    with database.opened() as db:
        assert fingerprints.latest(db, "half") is None


def test_many_first_runs_at_once_make_one_schema(tmp_path: Path) -> None:
    code = (
        "from steadygo.store import database, fingerprints\n"
        "from steadygo.environment.fingerprint import Fingerprint\n"
        "with database.opened() as db: fingerprints.save(db, 'x', Fingerprint('here', 'here', {}))\n"
    )
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path)}
    runs = [subprocess.Popen([sys.executable, "-c", code], env=environment, stderr=subprocess.PIPE) for _ in range(4)]
    assert [(r.communicate()[1], r.returncode) for r in runs] == [(b"", 0)] * 4


@pytest.mark.parametrize("url", ["mysql://x", "postgresql://nobody@127.0.0.1:1/x", "sqlite:////nonexistent/dir/x.db"])
def test_a_database_that_does_not_answer_is_one_sentence(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEADYGO_DATABASE", url)
    monkeypatch.setattr(Path, "mkdir", lambda *a, **k: None)
    with pytest.raises(UserError), database.opened():
        pass
