"""Test binaries that go hands over, where go itself comes to a sudden end."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from steadygo.tools.go_binaries import Handing, Held

DIES = """#!/bin/sh
printf '%s\\0%s\\0\\n' "$PWD" /bin/true >"$GOTMPDIR/ready"
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


def test_a_binary_that_is_released_where_it_is_taken_waits_for_no_killed_go(dying_go: Path, tmp_path: Path) -> None:
    scratch, stop, done = tmp_path / "scratch", threading.Event(), threading.Event()
    scratch.mkdir()

    def work() -> None:
        with Handing(dying_go, tmp_path, ["."], [], os.environ, scratch) as handing:
            handing.follow([str(tmp_path)], lambda held: held.release(stop.is_set), lambda line: None, stop.is_set)
        done.set()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        assert done.wait(60)
    finally:
        stop.set()
        thread.join()


def test_any_directory_has_its_binary(dying_go: Path, tmp_path: Path) -> None:
    here, scratch, taken = tmp_path / "a\tb\nc \\t'\"$(x)", tmp_path / "scratch", list[Held]()
    here.mkdir()
    scratch.mkdir()
    with Handing(dying_go, here, ["."], [], {**os.environ, "PWD": str(here)}, scratch) as handing:
        handing.follow([str(here)], taken.append, lambda line: None, lambda: False)
    assert [(held.directory, held.binary) for held in taken] == [(str(here), Path("/bin/true"))]
