"""A sweep where one package cannot have what [test.data] gives it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest

from steadygo.testing import sweep
from steadygo.testing.engine import NotLent, Setting
from steadygo.testing.flags import Flags
from steadygo.testing.plan import Planned
from steadygo.testing.rerun import Rerunner


def _lend(shard: str, environment: Mapping[str, str]) -> AbstractContextManager[Mapping[str, str]]:
    if shard.endswith("/poor"):
        raise NotLent("[test.data.db]: PostgreSQL has no room left.", "Free some.")
    return nullcontext({})


def _compiled(package: Planned, setting: Setting, place: Path, stopped: Callable[[], bool]) -> Rerunner:
    place.mkdir()
    binary = place / "nothing"
    binary.write_text("#!/bin/sh\n")
    binary.chmod(0o755)
    return Rerunner(package, setting, binary)


def test_a_package_without_its_data_ends_no_other(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sweep, "compiled", _compiled)
    setting = Setting(Path("go"), "", tmp_path, os.environ, Flags(), Path("/bin/cat"), lenders=(_lend,))
    plan = [Planned(f"example.com/{name}", tmp_path, "", ("TestA",)) for name in ("poor", "rich")]
    poor, rich = sweep.Sweep(setting, tmp_path, 100, 600.0).screened(plan)
    assert poor.complaint == "[test.data.db]: PostgreSQL has no room left. Free some."
    assert (poor.failed, poor.passed) == ({}, [])
    assert (rich.complaint, rich.runs) == ("", len(sweep.SCREENS))
