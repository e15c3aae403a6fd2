"""Screen a whole suite cheaply: each package a few times, in other orders and other surroundings. What fails once is worth a diagnosis."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from steadygo.testing.engine import NotLent, Setting
from steadygo.testing.plan import Planned
from steadygo.testing.rerun import Ending, Rerunner, compiled, names_pattern
from steadygo.testing.results import Outcome


@dataclass(frozen=True)
class Screen:
    """One way to run a whole package. `elsewhere`: in many other surroundings at once."""

    words: str
    flags: tuple[str, ...]
    elsewhere: bool = False


SCREENS = (
    Screen("in the order of the source", ("-count=1",)),
    *(Screen(f"in the order of -shuffle={seed}", ("-count=1", f"-shuffle={seed}")) for seed in range(1, 5)),
    Screen("twice in one process", ("-count=2",)),
    Screen("with GOMAXPROCS=1", ("-count=1", "-cpu=1")),
    Screen("with another TZ, LC_ALL, umask, HOME and TMPDIR", ("-count=1",), elsewhere=True),
)
_MOST_LEFT_OUT = 3  # tests of one package that end its process
SPENT = "the budget was used up before its turn"
_PANIC = re.compile(r"^(?:panic|fatal error): ", re.MULTILINE)
_UMASK = 'umask 0077; exec "$0" "$@"'


@dataclass
class Screened:
    """What the screens of a package showed. `failed`: {test: the screens in which it failed}; `skipped`: those that always skipped.

    `passed`: tests that passed or skipped in every screen. `runs`: how many screens there were; `again`: runs that repeat one without
    `left_out`, the tests that end the process before others have a verdict; `complaint`: why nothing could be run.
    """

    package: Planned
    runs: int = 0
    again: int = 0
    left_out: list[str] = field(default_factory=list)
    failed: dict[str, list[str]] = field(default_factory=dict)
    passed: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    complaint: str = ""


class Sweep:
    """Screens packages, several at a time. `stop` ends them, and so does a budget: what it does not suffice for is not run."""

    def __init__(self, setting: Setting, scratch: Path, most_runs: int, most_seconds: float) -> None:
        self._setting, self._scratch, self.stop = setting, scratch, Event()
        self._turns, self._until = iter(range(most_runs)), time.monotonic() + most_seconds

    def _over(self) -> bool:
        return self.stop.is_set() or time.monotonic() > self._until

    def screened(self, plan: list[Planned]) -> list[Screened]:
        """All packages that have tests, in their order. On Ctrl-C processes are ended and KeyboardInterrupt is raised."""
        with ThreadPoolExecutor(self._setting.at_once) as pool:
            try:
                return list(pool.map(self._one, enumerate(p for p in plan if p.has_files or p.error)))
            finally:
                self.stop.set()

    def _one(self, numbered: tuple[int, Planned]) -> Screened:
        number, package = numbered
        place = self._scratch / str(number)
        binary = compiled(package, self._setting, place, self._over)
        if self._over() or binary.complaint:
            return Screened(package, complaint=SPENT if self._over() else binary.complaint)
        seen: dict[str, dict[str, Outcome]] = {}
        found = Screened(package)
        for screen in SCREENS:
            if self._over() or next(self._turns, None) is None:
                break
            try:
                endings = self._screen(binary, screen, place, found)
            except NotLent as error:
                return Screened(package, found.runs, found.again, complaint=str(error))
            if self._over():  # it was cut short: its tests have not failed
                break
            found.runs += 1
            for test, ending in endings.items():
                seen.setdefault(test, {})[screen.words] = ending
        if not found.runs:
            found.complaint = SPENT
            return found
        for test in dict.fromkeys([*package.tests, *seen]):
            endings = seen.get(test, {})
            bad = [words for words, outcome in endings.items() if outcome.bad]
            if bad or not endings:
                found.failed[test] = bad
            elif set(endings.values()) == {Outcome.SKIPPED}:
                found.skipped.append(test)
            else:
                found.passed.append(test)
        binary.binary.unlink(missing_ok=True)
        return found

    def _screen(self, binary: Rerunner, screen: Screen, place: Path, found: Screened) -> Mapping[str, Outcome]:
        """One screen, repeated without a test that ends the process for all that would come after it."""
        seen = self._run(binary, screen, place, found.left_out)
        while not self._over() and len(found.left_out) < _MOST_LEFT_OUT:
            crasher = _ender(found.package.tests, seen, found.left_out)
            if not crasher or next(self._turns, None) is None:
                break
            found.left_out.append(crasher)
            found.again += 1
            seen = {**seen, **self._run(binary, screen, place, found.left_out)}
        return {test: ending.outcome for test, ending in seen.items()}

    def _run(self, binary: Rerunner, screen: Screen, place: Path, left_out: Sequence[str]) -> Mapping[str, Ending]:
        flags = screen.flags
        if left_out:
            flags = (*flags, f"-run={names_pattern(test for test in binary.package.tests if test not in left_out)}")
        environment: dict[str, str] = {}
        start: list[str] = []
        if screen.elsewhere:
            home, given = Path(self._setting.environment.get("HOME") or "/"), self._setting.environment
            environment = {
                "GOCACHE": given.get("GOCACHE") or str(home / ".cache/go-build"),
                "GOMODCACHE": given.get("GOMODCACHE") or str(home / "go/pkg/mod"),
            }
            for name in ("HOME", "TMPDIR"):
                (place / name).mkdir(exist_ok=True)
                environment[name] = str(place / name)
            environment |= {"TZ": "America/St_Johns", "LC_ALL": "de_DE.UTF-8"}
            start = ["/bin/sh", "-c", _UMASK]
        return binary.run(flags, environment=environment, start=start, stopped=self._over)


def _ender(tests: Sequence[str], seen: Mapping[str, Ending], left_out: Sequence[str]) -> str:
    """The test that ended the process while others had no verdict yet; "" when all have one, or it ended by itself."""
    if all(test in seen or test in left_out for test in tests):
        return ""
    bad = [test for test, ending in seen.items() if ending.outcome.bad and ending.ran and test in tests and test not in left_out]
    cut = [test for test in bad if seen[test].outcome is Outcome.LOST]  # begun, and not ended
    return next((test for test in bad if _PANIC.search(seen[test].output)), next(iter(cut[-1:]), ""))
