"""What each test binary of a run gets as its own, in the order in which it is given: test data, then faults in front of it."""

from __future__ import annotations

from collections.abc import Sequence

from steadygo.testing.engine import Lender
from steadygo.testing.settings import Settings


def lenders(settings: Settings, run: str, faults: Sequence[str]) -> tuple[Lender, ...]:
    """Those that `settings` and the words of --fault ask for. Raises UserError. Nothing is started yet."""
    return ()
