"""`go test` starts while `go list` still finds out what there is to test: both spend their first third of a second on loading packages."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

import click

from steadygo.testing.engine import Setting
from steadygo.testing.plan import Planned
from steadygo.tools import guard
from steadygo.tools.go_binaries import Handing


class Early:
    """One `go test` of these patterns."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._patterns, self._first = patterns, frozenset[str]()
        self._handing: Handing | None = None
        self._work = ExitStack()

    def start(self, setting: Setting, first: Sequence[str]) -> None:
        """It builds the packages `first` before the others, and ends with the command.

        Nothing starts for coverage: go would cover packages without tests too, which takes long.
        """
        if setting.flags.covers:
            return
        self._first, patterns = frozenset(first), [*first, *self._patterns]
        click.get_current_context().with_resource(self._work)
        scratch = self._work.enter_context(guard.scratch("steadygo-go-", setting.environment))
        handing = Handing(setting.go, setting.directory, patterns, setting.flags.building, setting.environment, scratch)
        self._handing = self._work.enter_context(handing)

    def handing(self, plan: Sequence[Planned]) -> Handing | None:
        """What builds this plan. None when nothing does, as when a package of the last run is gone: what began is ended then."""
        if self._first <= {p.path for p in plan}:
            return self._handing
        self._work.close()
        return None
