"""A room of files that cannot be had costs nothing else."""

from __future__ import annotations

import errno
import fcntl
import os
import tempfile
from pathlib import Path

import pytest

from steadygo.errors import UserError
from steadygo.testing.data import room


def _open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_where_no_file_can_be_locked_nothing_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkout, temporary = tmp_path / "checkout", tmp_path / "tmp"
    temporary.mkdir()
    checkout.mkdir()
    (checkout / "main.go").write_text("package main\n")
    monkeypatch.chdir(checkout)
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))

    def refuse(file: int, how: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    before = _open_files()
    one = room.Room()
    with monkeypatch.context() as patch:
        patch.setattr(fcntl, "flock", refuse)
        with pytest.raises(UserError, match="No locks available"):
            one.open("0123456789ab")
    one.close()
    assert (checkout / "main.go").is_file()
    assert _open_files() == before


def test_a_room_is_gone_when_it_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    one = room.Room()
    one.open("0123456789ab")
    assert one.path.is_dir()
    assert [found.state for found in room.find()] == ["in use"]
    one.close()
    one.close()
    assert list(tmp_path.iterdir()) == []
