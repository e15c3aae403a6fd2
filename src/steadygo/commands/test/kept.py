"""Runs by what people call them: the start of an id, `last`, `last~1`."""

from __future__ import annotations

import re

from steadygo.errors import UserError
from steadygo.store import database, runs
from steadygo.testing.results import Run


def find(name: str) -> Run:
    """The run that is meant. Raises UserError."""
    back = re.fullmatch(r"last(?:~(\d+))?", name)
    with database.opened() as db:
        if back:
            wanted = int(back[1] or 0) + 1
            newest = runs.latest(db, wanted)
            found = newest[:1] if len(newest) == wanted else []
        else:
            found = runs.find(db, name)
    if not found:
        raise UserError(f"No kept run is called {name}.", "`steadygo test list` lists them; `last` and `last~1` work too.")
    if len(found) > 1:
        raise UserError(f"{len(found)} runs start with {name}.", "Give more of the id.")
    return found[0]
