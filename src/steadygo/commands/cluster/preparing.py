"""How a worker gets ready for a run: which tree, which environment, which go, and whether this machine is like the client's."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from steadygo.commands.cluster import surroundings
from steadygo.scan.cache import directory as caches
from steadygo.testing.cluster import variables
from steadygo.testing.cluster.context import Assignment
from steadygo.testing.cluster.depot import Depot
from steadygo.testing.compare import Stated
from steadygo.testing.engine import Setting
from steadygo.testing.flags import parse
from steadygo.testing.lending import lenders
from steadygo.testing.settings import load
from steadygo.tools import go_toolchain
from steadygo.tools.go import find_go


@dataclass
class _Tree:
    root: Path
    context: ExitStack
    differences: dict[tuple[str, ...], Sequence[Stated]] = field(default_factory=dict)


class Preparing:
    """What a worker does before a run's first shard. `program` is the go program, None for the one on PATH.

    `depot` has the trees of clients; None for a worker of the client's own machine, whose trees are where they are.
    """

    def __init__(self, program: str | None, depot: Depot | None) -> None:
        self._program, self._depot = program, depot
        self._lock = threading.Lock()
        self._trees: dict[str, _Tree] = {}

    def _environment(self, assignment: Assignment) -> dict[str, str]:
        return assignment.variables if self._depot is None else variables.seen(assignment.variables, os.environ)

    def _tree(self, assignment: Assignment) -> _Tree:
        """The tree of the run, made when it is first asked for. Raises Refused."""
        with self._lock:
            found = self._trees.get(assignment.run)
            if found is None:
                context = ExitStack()
                root = Path("/") if self._depot is None else context.enter_context(self._depot.tree(assignment.run, assignment.source))
                found = self._trees[assignment.run] = _Tree(root, context)
            return found

    @contextmanager
    def prepare(self, assignment: Assignment) -> Iterator[tuple[Setting, Path]]:
        """(how its tests run, the top of its tree). Raises Refused and UserError."""
        root = self._tree(assignment).root
        directory, environment = root / assignment.directory, self._environment(assignment)
        go = find_go(self._program, environment)
        toolchain = go_toolchain.find(go, directory, environment, caches())
        setting = Setting(
            go,
            toolchain.root,
            directory,
            environment,
            parse(assignment.flags),
            toolchain.test2json,
            assignment.run,
            lenders(load(directory), assignment.run, assignment.faults),
        )
        with setting.lending():
            yield setting, root

    def differences(self, assignment: Assignment) -> Sequence[Stated]:
        """What differs between the client's machine and this one, asked once a run. Raises Refused and UserError."""
        if self._depot is None:
            return ()
        tree = self._tree(assignment)
        key = (assignment.fingerprint, assignment.directory, *(f"{k}={v}" for k, v in assignment.variables.items()))
        with self._lock:
            if key not in tree.differences:
                environment, directory = self._environment(assignment), tree.root / assignment.directory
                go = find_go(self._program, environment)
                tree.differences[key] = surroundings.differences(assignment.fingerprint, directory, environment, go)
            return tree.differences[key]

    def forget(self, run: str) -> None:
        """The run is over."""
        with self._lock:
            tree = self._trees.pop(run, None)
        if tree is not None:
            tree.context.close()
        if self._depot is not None:
            self._depot.forget(run)
