"""Kept runs of tests, on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from test_fingerprints import postgres, store

from steadygo.store import database, runs
from steadygo.testing.results import Context, Outcome, Package, Test, Time, Times

__all__ = ["postgres", "store"]

_CONTEXT = Context("2026-01-02T03:04:05Z", "/work", ("./...",), (), "off", ("a", "b"))


def _package(path: str, seconds: float) -> Package:
    return Package(path, Outcome.PASSED, seconds, tests=(Test("TestOne", Outcome.PASSED, seconds, "output: it's :run, \x00 and ü"),))


@pytest.mark.usefixtures("store")
def test_packages_of_one_run_are_kept_in_several_transactions_of_a_store() -> None:
    store = database.Store()
    for run, packages in {"one": [_package("a", 1.0), _package("b", 2.0)], "two": [_package("a", 3.0)], "three": []}.items():
        with store.transaction() as db:
            runs.begin(db, run, _CONTEXT)
        for package in packages:
            with store.transaction() as db:
                runs.add(db, run, [package])
    with database.opened() as db:  # while the other one is open still
        assert [(r.id, len(r.packages)) for r in runs.latest(db, 2)] == [("two", 1), ("three", 0)]
        assert runs.find(db, "o")[0].packages == (_package("a", 1.0), _package("b", 2.0))
        assert runs.times(db, 2) == [Times("a", 3.0, (Time("TestOne", 3.0),))]
    store.close()


@pytest.mark.usefixtures("store")
def test_a_transaction_that_fails_leaves_the_store_usable() -> None:
    store = database.Store()
    with pytest.raises(RuntimeError), store.transaction() as db:
        runs.begin(db, "half", _CONTEXT)
        raise RuntimeError
    with store.transaction() as db:
        runs.begin(db, "whole", _CONTEXT)
    store.close()
    with database.opened() as db:
        assert "half" not in {r.id for r in runs.latest(db, 9)}
        assert [r.id for r in runs.latest(db, 1)] == ["whole"]


def test_a_file_that_is_up_to_date_needs_no_sqlalchemy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.delenv("STEADYGO_DATABASE", raising=False)
    with database.opened():
        pass
    code = "import sys; from steadygo.store import database\nwith database.opened(): print('sqlalchemy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
