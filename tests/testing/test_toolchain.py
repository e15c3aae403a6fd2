"""Where test2json is: shipped with the toolchain up to Go 1.24, built into go's cache from 1.25 on."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from go_tests import INSTALL_GO, Bench

from steadygo.tools import go_toolchain
from steadygo.tools.run import run


def _find(bench: Bench, caches: Path) -> go_toolchain.Toolchain:
    go = shutil.which("go", path=bench.environment["PATH"])
    assert go
    return go_toolchain.find(Path(go), bench.root, bench.environment, caches)


@pytest.mark.parametrize("version", [INSTALL_GO.VERSIONS[0], INSTALL_GO.VERSIONS[-1]])
def test_the_program_that_is_found_can_be_run(bench: Callable[..., Bench], version: str, tmp_path: Path) -> None:
    found = _find(bench({}, version), tmp_path)
    assert Path(found.root).joinpath("bin/go").exists()
    assert b'"Action":"start"' in run([found.test2json], input=b"PASS\n").stdout


def test_an_answer_is_kept_and_asked_for_again_when_go_may_drop_the_program(bench: Callable[..., Bench], tmp_path: Path) -> None:
    here = bench({})
    first = _find(here, tmp_path).test2json
    (kept,) = (tmp_path / "test2json").iterdir()
    mine = tmp_path / "mine-d" / "test2json"
    mine.parent.mkdir()
    shutil.copy(first, mine)
    kept.write_bytes(os.fsencode(mine))
    assert _find(here, tmp_path).test2json == mine
    two_days_ago = time.time() - 2 * 86400
    os.utime(mine.parent, (two_days_ago, two_days_ago))
    assert _find(here, tmp_path).test2json == first
    kept.write_bytes(b"/nowhere/test2json")
    assert _find(here, tmp_path).test2json == first


def test_a_cache_that_cannot_be_written_is_no_obstacle(bench: Callable[..., Bench], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert _find(bench({}), tmp_path / "file").test2json.is_file()
