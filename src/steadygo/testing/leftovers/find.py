"""Run each test of a package on its own in fresh surroundings, look at what stays, and run it once more on top of that."""

from __future__ import annotations

import itertools
import re
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from steadygo.testing.engine import Setting
from steadygo.testing.events import Lines, Watch
from steadygo.testing.leftovers.results import Leaver, Left, Package
from steadygo.testing.leftovers.surroundings import Found, Surroundings
from steadygo.testing.plan import Planned
from steadygo.tools import go_test, processes

_VARIABLE = "STEADYGO_LEFTOVERS"
_GRACE_SECONDS = 0.5  # a process that was told to end may need so long
_LINGER_SECONDS = 1.0
_MOST_TRIED = 8  # things that are left out, one at a time, to see which of them matters
_KILL_AFTER_SECONDS = 60.0
_OVERRIDDEN = ("-test.run=", "-test.skip=", "-test.count=", "-test.shuffle=")


@dataclass(frozen=True)
class _Once:
    status: int | None
    failed: tuple[str, ...]
    left: tuple[Left, ...]
    undone_at: Mapping[Left, str]

    @property
    def passed(self) -> bool:
        return self.status == 0


@dataclass
class Finder:
    """One package's compiled tests, of which one at a time runs. `go_variables` say where Go's own caches are, for HOME is another.

    `databases` are those on the servers of test data that steadygo did not make.
    """

    package: Planned
    binary: Path
    setting: Setting
    tree: Path
    scratch: Path
    own: bool
    go_variables: Mapping[str, str]
    stopped: Callable[[], bool]
    databases: Callable[[], frozenset[str]] = frozenset
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def find(self, tell: Callable[[str], None]) -> Package:
        """What each test leaves, then what only all of them leave. `tell` gets each test's name when it starts."""
        bare = self._once((), self._fresh())
        known = Counter(_key(left) for left in bare.left)  # of TestMain and init: the package's
        leavers, failed, singly, passed, ran = list[Leaver](), list[str](), set[tuple[str, ...]](), 0, 0
        for test in self.package.tests:
            if self.stopped():
                break
            tell(test)
            leaver = self._leaver(test, (test,), lambda left: Counter(map(_key, left)) - known)
            if self.stopped():  # it was killed
                break
            ran += 1
            passed += leaver.passed
            singly |= {_key(left) for left in leaver.left}
            if leaver.left:
                leavers.append(leaver)
            elif not leaver.passed:
                failed.append(test)
        if not self.stopped():
            tell("")
            whole = self._leaver("", self.package.tests, lambda left: Counter(k for k in map(_key, left) if k not in singly))
            if (whole.left or (whole.again == "fails" and not any(leaver.again == "fails" for leaver in leavers))) and not self.stopped():
                leavers.append(whole)
        why = "It was stopped before all of its tests had run." if self.stopped() else ""
        if not why and not bare.passed and not passed:
            why = f"What its tests leave is not known: without any of them it ends with exit status {bare.status} already."
        return Package(self.package.path, ran, tuple(leavers), why, tuple(failed))

    def _leaver(self, name: str, tests: Sequence[str], wanted: Callable[[Iterable[Left]], Counter[tuple[str, ...]]]) -> Leaver:
        places = self._fresh()
        first = self._once(tests, places)
        chosen = wanted(first.left)
        left = tuple(one for one in first.left if chosen[_key(one)] > 0)
        if not first.left or not first.passed or all(one.place == "process" for one in first.left) or (name and not left):
            return Leaver(name, first.passed, left)
        second = self._once(tests, self._copy(places))
        if second.passed:
            return Leaver(name, True, left, "passes", "It passes on top of what it left.")
        if not self.own and any(one.place in ("package", "module") for one in first.left):
            return Leaver(name, True, left, "not-known", "It fails when it runs again; what it changed in the module was not put back.")
        if any(one.place == "server" for one in first.left):
            return Leaver(name, True, left, "not-known", "It fails when it runs again; the databases that it left were still there.")
        third = self._once(tests, self._fresh())
        who = "It" if name else "With all tests of the package, " + ", ".join(second.failed[:3] or ("the package",))
        if third.passed:
            left = tuple(self._weighed(one, tests, places, first) for one in left[:_MOST_TRIED]) + left[_MOST_TRIED:]
            return Leaver(name, True, left, "fails", f"{who} fails when it runs again on top of what it left, and passes without that.")
        return Leaver(name, True, left, "not-known", f"{who} fails when it runs again, in fresh surroundings too.")

    def _weighed(self, left: Left, tests: Sequence[str], places: Surroundings, first: _Once) -> Left:
        at = first.undone_at.get(left, "")
        return msgspec.structs.replace(left, matters=bool(at) and self._once(tests, self._copy(places, at)).passed)

    def _copy(self, places: Surroundings, without: str = "") -> Surroundings:
        return places.copy(self.scratch / str(next(self._numbers)), without)

    def _fresh(self) -> Surroundings:
        return Surroundings(self.scratch / str(next(self._numbers)), self.tree, self.own)

    def _once(self, tests: Sequence[str], places: Surroundings) -> _Once:
        watch, lines, token = Watch(), Lines(), secrets.token_hex(8)
        session: list[int] = []
        alive: list[processes.Alive] = []

        def take(chunk: bytes) -> None:
            for event in lines.feed(chunk):
                watch.take(event)

        def ended() -> None:
            until = time.monotonic() + _GRACE_SECONDS
            while (found := processes.find(_VARIABLE, token, session[0])) and time.monotonic() < until:
                time.sleep(0.02)
            alive.extend(found)
            processes.kill(found)

        flags = self.setting.flags
        words = ["-test.v=test2json", *(w for w in flags.binary() if not w.startswith(_OVERRIDDEN))]
        words += [f"-test.run=^({'|'.join(map(re.escape, tests))})$", *flags.arguments]
        setting = replace(self.setting, environment={**self.setting.environment, **self.go_variables, **places.variables()})
        shard = f"{self.package.path} {' '.join(tests) if len(tests) == 1 else len(tests)}"
        with setting.lent(shard, self.package.directory) as environment:
            environment[_VARIABLE] = token
            before = self.databases()
            start = [*places.words(environment, self.package.directory), str(self.binary)]
            ran = go_test.run_binary(
                Path(start[0]),
                [*start[1:], *words],
                take,
                test2json=setting.test2json,
                directory=self.package.directory,
                environment=environment,
                timeout_seconds=flags.timeout_seconds + _KILL_AFTER_SECONDS if flags.timeout_seconds else float(1 << 31),
                stopped=self.stopped,
                marked=False,
                began=session.append,
                ended=ended,
                linger_seconds=_LINGER_SECONDS,
            )
            after = self.databases()
        failed = tuple(t.name for t in watch.tests((), "") if t.outcome.bad and "/" not in t.name)
        found = {_left(one): one.at for one in places.found(self.package.directory)}
        served = [Left("server", name, "database", "created") for name in after - before]
        served += [Left("server", name, "database", "deleted") for name in before - after]
        return _Once(ran.status, failed, tuple(sorted([*found, *served, *map(_alive, alive)])), found)


def _left(found: Found) -> Left:
    change = found.change
    shown = f"{found.shown}/" if change.directory else found.shown
    files = change.files if change.directory else 0
    return Left(found.place, shown, "directory" if change.directory else "file", change.how, files, change.size)


def _alive(process: processes.Alive) -> Left:
    return Left("process", process.command, "process", "alive", ports=process.ports)


def _key(left: Left) -> tuple[str, ...]:
    """The same for what the same code leaves: names often hold a random number."""
    return left.place, re.sub(r"\d+", "#", left.path), left.how
