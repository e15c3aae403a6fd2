"""How a worker gets ready for a run: which go, which tree, which environment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from steadygo.build.make import find_go
from steadygo.testing.cluster.context import Assignment
from steadygo.testing.compare import Stated
from steadygo.testing.engine import Setting
from steadygo.testing.flags import parse
from steadygo.testing.lending import lenders
from steadygo.testing.settings import load
from steadygo.tools import go_test


class Preparing:
    """What a worker of this machine does before a run's first shard. `program` is the go program, None for the one on PATH."""

    def __init__(self, program: str | None, *, in_place: bool) -> None:
        self._program, self._in_place = program, in_place

    @contextmanager
    def prepare(self, assignment: Assignment) -> Iterator[tuple[Setting, Path]]:
        """(how its tests run, the top of its tree). Raises UserError."""
        root = Path("/")
        directory = root / assignment.directory
        environment = assignment.variables
        go = find_go(self._program, environment)
        setting = Setting(
            go,
            go_test.find_root(go, directory, environment),
            directory,
            environment,
            parse(assignment.flags),
            go_test.find_test2json(go, directory, environment),
            assignment.run,
            lenders(load(directory), assignment.run, assignment.faults),
        )
        with setting.lending():
            yield setting, root

    def differences(self, assignment: Assignment) -> Iterable[Stated]:
        """What differs between the client's context and this machine's."""
        return ()
