"""Which test is said to have ended the process of its package."""

from __future__ import annotations

import pytest

from steadygo.testing import sweep
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
