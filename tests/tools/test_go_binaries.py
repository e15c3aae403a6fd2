"""Test binaries that go hands over, where go itself comes to a sudden end."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from steadygo.tools.go_binaries import Handing, Held

DIES = """#!/bin/sh
printf '%s\\t%s\\n' "$PWD" /bin/true >"$GOTMPDIR/ready"
kill -KILL $$
"""


@pytest.fixture
def dying_go(tmp_path: Path) -> Path:
    """Hands one binary over and is killed, as by a machine without memory."""
    go = tmp_path / "go"
    go.write_text(DIES)
    go.chmod(0o755)
    return go


def test_a_binary_is_released_though_go_was_killed(dying_go: Path, tmp_path: Path) -> None:
    scratch, here, taken = tmp_path / "scratch", tmp_path / "here", list[Held]()
    scratch.mkdir()
    here.mkdir()
    released = threading.Event()

    def release() -> None:
        taken[0].release(stop.is_set)
        released.set()

    stop = threading.Event()
    with Handing(dying_go, here, ["."], [], os.environ, scratch) as handing:
        ran = handing.follow([str(here)], taken.append, lambda line: None, lambda: False)
        assert ran.status == -9
        assert [held.directory for held in taken] == [str(here)]
        work = threading.Thread(target=release, daemon=True)
        work.start()
        try:
            assert released.wait(60)
        finally:
            stop.set()
            work.join()
