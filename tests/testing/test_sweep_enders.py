"""What a sweep says of tests without a verdict, and which it says to have ended the process of their package."""

from __future__ import annotations

from pathlib import Path

import pytest

from steadygo.commands.test import sweep as commands_sweep
from steadygo.testing import sweep
from steadygo.testing.diagnosis.case import Diagnosis
from steadygo.testing.plan import Planned
from steadygo.testing.rerun import Ending
from steadygo.testing.results import Outcome


@pytest.mark.parametrize(
    ("ending", "ended"),
    [
        (Ending(Outcome.FAILED, "x_test.go:3: wrong\n--- FAIL: TestA (0.00s)\n"), False),
        (Ending(Outcome.FAILED, "panic: boom [recovered]\n"), True),
        (Ending(Outcome.LOST, "bye\n"), True),
        (Ending(Outcome.LOST, "", ran=False), False),
    ],
)
def test_a_test_that_merely_failed_did_not_end_the_process(ending: Ending, ended: bool) -> None:
    """TestZ never ran: perhaps TestMain has set -test.run."""
    assert sweep._ender(("TestA", "TestB", "TestZ"), {"TestA": ending, "TestB": Ending(Outcome.PASSED, "")}, []) == (
        "TestA" if ended else ""
    )


def test_a_test_that_only_the_diagnosis_finds_stable_is_shown(tmp_path: Path) -> None:
    screened = sweep.Screened(Planned("example.com/p", tmp_path, ""), runs=8, failed={"TestA": []})
    ones = [commands_sweep._One("example.com/p", Diagnosis("TestA", "stable"))]
    assert list(commands_sweep._lines(screened, ones)) == ["✓  example.com/p: 1 stable"]
