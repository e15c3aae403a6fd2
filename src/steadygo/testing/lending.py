"""What each test binary of a run gets as its own, in the order in which it is given: test data, then faults in front of it.

Adapters of databases and proxies are imported where settings or words ask for them: most runs have neither.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from steadygo.testing.engine import Lender
from steadygo.testing.settings import Dependency, Settings


def lenders(settings: Settings, run: str, faults: Sequence[str]) -> tuple[Lender, ...]:
    """Those that `settings` and the words of --fault ask for. Raises UserError. Nothing is started yet."""
    found: tuple[Lender, ...] = ()
    if settings.data:
        from steadygo.testing.data import origins

        found = tuple(origins.lenders(settings.data, settings.at, os.environ))
    if faults:
        from steadygo.testing.faults.lender import Faults
        from steadygo.testing.faults.words import parse

        found = (*found, Faults(parse(faults), _dependencies(settings), run))
    return found


def _dependencies(settings: Settings) -> dict[str, Dependency]:
    """Those that are declared, and the servers of test data, which the variable with their url stands for."""
    return {**{name: Dependency(data.whole) for name, data in settings.data.items() if data.whole}, **settings.dependencies}


def check(lenders: Sequence[Lender], environment: Mapping[str, str]) -> None:
    """Raises UserError for what can be known before anything is compiled."""
    if not lenders:
        return
    from steadygo.testing.data.lender import Lender as Lent
    from steadygo.testing.faults.lender import Faults

    promised = dict(environment)
    for lender in lenders:
        if isinstance(lender, Lent):
            promised |= lender.promised
        elif isinstance(lender, Faults):
            lender.check(promised)
