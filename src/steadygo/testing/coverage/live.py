"""The difference while tests still run: a package's profile in, what changed with it out. No input or output of its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

import msgspec

from steadygo.facts.go import Function as Declared
from steadygo.testing.coverage.difference import Function, Measure, Stands, State, compare, measure
from steadygo.testing.coverage.functions import Row, Table, table, total
from steadygo.testing.coverage.profile import Block, Profile, merged


class Update(msgspec.Struct, frozen=True):
    """A package is through; one line of `--stream`. `finished` counts packages.

    `before` and `after` are of the directories that were measured so far, `change` in percentage points between them. `functions`: those
    that this package's tests moved, all states; deleted ones are known in the end only.
    """

    package: str
    finished: int
    before: Measure | None
    after: Measure
    change: float | None
    functions: tuple[Function, ...]


class Live:
    """Takes the profile of each package as it comes. A function that several packages' tests run is told anew each time it gains."""

    def __init__(
        self,
        before: Table | None,
        path_of: Callable[[str], str],
        functions_of: Callable[[str], Sequence[Declared] | None],
        *,
        stands: Stands,
        renamed: Mapping[str, str],
        threshold: float,
    ) -> None:
        self._known, self._path_of, self._functions_of = before is not None, path_of, functions_of
        self._stands, self._renamed, self._threshold = stands, renamed, threshold
        self._before: dict[str, list[Row]] = defaultdict(list)
        for row in before.rows if before else ():
            self._before[renamed.get(row.path, row.path).rpartition("/")[0]].append(row)
        self._blocks: dict[str, dict[tuple[int, ...], Block]] = defaultdict(dict)
        self._rows: dict[str, dict[str, tuple[Row, ...]]] = defaultdict(dict)  # by directory and name of the file
        self._told: dict[tuple[str, int], Function] = {}
        self._finished = 0

    def take(self, package: str, profile: bytes) -> Update:
        """What a package's tests changed. Raises UserError when the profile is none."""
        self._finished += 1
        found = merged([(profile, f"the profile of {package}")])
        touched = {self._add(name, blocks, found.mode) for name, blocks in found.files.items()}
        functions: list[Function] = []
        for directory in sorted(touched):
            now = Table(tuple(row for rows in self._rows[directory].values() for row in rows))
            then = Table(tuple(self._before[directory])) if self._known else None
            functions += compare(then, now, stands=(self._stands, lambda _: True), renamed=self._renamed, threshold=self._threshold)
        news = [f for f in functions if f.after and self._told.get((f.path, f.line)) != f]
        self._told |= {(f.path, f.line): f for f in news}
        return self._update(package, [f for f in news if f.state is not State.DELETED])

    def _add(self, name: str, blocks: Sequence[Block], mode: str) -> str:
        """Count the blocks of a file in; its directory."""
        known = self._blocks[name]
        for block in blocks:
            other = known.get(block[:4])
            runs = block.runs + (other.runs if other else 0)
            known[block[:4]] = block._replace(runs=min(runs, 1) if mode == "set" else runs)
        rows = table(Profile(mode, {name: tuple(sorted(known.values()))}), self._path_of, self._functions_of).rows
        directory = self._path_of(name).rpartition("/")[0]
        self._rows[directory][name] = rows
        return directory

    def _update(self, package: str, functions: Sequence[Function]) -> Update:
        after = total(row.share for files in self._rows.values() for rows in files.values() for row in rows)
        before = total(row.share for directory in self._rows for row in self._before.get(directory, ())) if self._known else None
        change = round(after.percent - before.percent, 6) if before and before.statements and after.statements else None
        return Update(package, self._finished, measure(before) if before else None, measure(after), change, tuple(functions))
