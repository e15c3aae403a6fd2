"""A program that this machine has no room to start is told in one sentence."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from steadygo.errors import UserError
from steadygo.tools import guard
from steadygo.tools.background import Background
from steadygo.tools.run import Listened, follow, run

LONG = ["true", "x" * (1 << 20)]


def _follow(here: Path, words: list[str]) -> object:
    return follow(
        words, lambda chunk: None, through=["cat"], directory=here, environment=os.environ, timeout_seconds=60.0, stopped=lambda: False
    )


WAYS: dict[str, Callable[[Path, list[str]], object]] = {
    "run": lambda here, words: run(words),
    "follow": _follow,
    "listened": lambda here, words: Listened(words, directory=here, environment=os.environ),
    "background": lambda here, words: Background(words, os.environ),
}


@pytest.mark.parametrize("way", WAYS)
def test_too_long_a_command_is_the_users_to_mend(way: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^true cannot be started: Argument list too long\. Name fewer packages"):
        WAYS[way](tmp_path, LONG)


@pytest.mark.parametrize(
    ("number", "said"),
    [(errno.ENOMEM, "Cannot allocate memory. Free some memory"), (errno.EAGAIN, "unavailable. Raise the number of processes")],
)
def test_a_machine_without_room_is_told(number: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(subprocess, "Popen", fail)
    for way in WAYS.values():
        with pytest.raises(UserError) as found:
            way(tmp_path, ["true"])
        assert said in str(found.value)
    with pytest.raises(UserError), guard.watching():
        pytest.fail("nothing is watched")


def test_a_program_for_another_machine_is_told(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_bytes(b"\x7fELF")
    program.chmod(0o755)
    with pytest.raises(UserError, match=r"Exec format error\. It is not made for this machine"):
        run([program])
