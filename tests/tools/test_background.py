"""A process beside this one says how it ended, and its id is not given to another before that was waited for."""

from __future__ import annotations

import os
import sys
import time

import pytest

from steadygo.tools.background import Background


@pytest.mark.parametrize(
    ("code", "said"),
    [("raise SystemExit(3)", "exit status 3"), ("import os; os.kill(os.getpid(), 9)", "killed by SIGKILL")],
)
def test_says_how_it_ended(code: str, said: str) -> None:
    one = Background([sys.executable, "-c", code], os.environ)
    deadline = time.monotonic() + 60
    while not (how := one.ended()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert how == one.ended() == said
    os.kill(one.pid, 0)  # still its id
    one.wait()
    with pytest.raises(ProcessLookupError):
        os.kill(one.pid, 0)


def test_has_not_ended_before_it_is_told_to() -> None:
    one = Background([sys.executable, "-c", "import sys; sys.stdin.read()"], os.environ)
    assert one.ended() == ""
    one.end()
    one.wait()
