"""Screen a whole suite cheaply: each package a few times, in other orders and other surroundings. What fails once is worth a diagnosis."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from steadygo.testing.engine import Setting
from steadygo.testing.plan import Planned
from steadygo.testing.rerun import Rerunner, compiled
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
_UMASK = 'umask 0077; exec "$0" "$@"'


@dataclass
class Screened:
    """What the screens of a package showed. `failed`: {test: the screens in which it failed}; `skipped`: those that always skipped.

    `passed`: tests that passed or skipped in every screen. `complaint`: why nothing could be run.
    """

    package: Planned
    failed: dict[str, list[str]] = field(default_factory=dict)
    passed: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    complaint: str = ""


class Sweep:
    """Screens packages, several at a time. `stop` ends them."""

    def __init__(self, setting: Setting, scratch: Path) -> None:
        self._setting, self._scratch, self.stop = setting, scratch, Event()

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
        binary = compiled(package, self._setting, place, self.stop.is_set)
        if binary.complaint:
            return Screened(package, complaint=binary.complaint)
        seen: dict[str, dict[str, Outcome]] = {}
        for screen in SCREENS:
            if not self.stop.is_set():
                for test, ending in self._run(binary, screen, place).items():
                    seen.setdefault(test, {})[screen.words] = ending
        found = Screened(package)
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

    def _run(self, binary: Rerunner, screen: Screen, place: Path) -> Mapping[str, Outcome]:
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
        endings = binary.run(screen.flags, environment=environment, start=start, stopped=self.stop.is_set)
        return {test: ending.outcome for test, ending in endings.items()}
