"""Run one package's tests again and again from one binary: a choice of tests, an order, a changed environment."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from steadygo.errors import UserError
from steadygo.testing import testlog
from steadygo.testing.engine import Setting, binary_name
from steadygo.testing.events import Lines, Watch
from steadygo.testing.plan import Planned
from steadygo.testing.verdict import own_complaint
from steadygo.tools import go_test

_NEEDED = frozenset({"PATH", "HOME", "TMPDIR", "PWD", "USER", "XDG_CACHE_HOME", "LD_LIBRARY_PATH"})
_MOST_VARIABLES = 12
_UMASK = 'umask "$0"; exec "$@"'


@dataclass(frozen=True)
class Factor:
    """One thing of the environment that is changed: a variable (value None: unset), or the umask."""

    name: str
    value: str | None

    @property
    def words(self) -> str:
        """The change as a shell writes it in front of a command."""
        if self.name == "umask":
            return f"umask {self.value} &&"
        return f"env -u {self.name}" if self.value is None else f"{self.name}={shlex.quote(self.value)}"


@dataclass(frozen=True)
class Trial:
    """What one run does. `tests` None: all of them; `seed` is -shuffle's."""

    tests: tuple[str, ...] | None = None
    seed: str = "off"
    count: int = 1
    factor: Factor | None = None

    def only(self, *tests: str) -> Trial:
        """The same with these tests alone."""
        return replace(self, tests=tests)

    def flags(self) -> list[str]:
        """Flags of `go test` that say the same."""
        words = [f"-count={self.count}"]
        words += [f"-shuffle={self.seed}"] if self.seed != "off" else []
        words += [f"-run=^({'|'.join(map(re.escape, sorted(self.tests)))})$"] if self.tests is not None else []
        return words

    def command(self, package: str, build: tuple[str, ...]) -> str:
        """The plain command that does the same."""
        before = f"{self.factor.words} " if self.factor else ""
        return before + " ".join(["go", "test", *map(shlex.quote, [*build, *self.flags()]), package])


@dataclass(frozen=True)
class Answer:
    """`failed` None: the test has no verdict, because the process ended before. `order`: top-level tests as they started."""

    failed: bool | None
    order: tuple[str, ...]


@dataclass
class Prober:
    """A compiled package and one test to look at. Asked from the main thread: Ctrl-C ends the run and the diagnosis."""

    package: Planned
    test: str
    setting: Setting
    binary: Path
    asked_for: set[str] = field(default_factory=set)

    def ask(self, trial: Trial) -> Answer:
        """Run it; `asked_for` collects the variables that the package's tests ask for."""
        watch, lines, log = Watch(), Lines(), self.binary.with_suffix(".log")

        def take(chunk: bytes) -> None:
            for event in lines.feed(chunk):
                watch.take(event)

        given = [
            w for w in self.setting.flags.binary() if not w.startswith(("-test.run=", "-test.count=", "-test.shuffle=", "-test.skip="))
        ]
        words: list[str] = [
            *given,
            *(f"-test.{flag[1:]}" for flag in trial.flags()),
            f"-test.testlogfile={log}",
            *self.setting.flags.arguments,
        ]
        with self.setting.lent(self.package.path, self.package.directory) as environment:
            self._run(trial, words, environment, take)
        if log.exists():
            self.asked_for |= {one.name for one in testlog.parse(log.read_bytes()) if one.what == "getenv"}
        tests = watch.tests((), "the process ended")
        own = [t for t in tests if t.name == self.test]
        failed = any(t.outcome.bad for t in own) if own else None
        return Answer(failed, tuple(dict.fromkeys(t.name for t in tests if "/" not in t.name)))

    def _run(self, trial: Trial, words: list[str], environment: dict[str, str], take: Callable[[bytes], None]) -> None:
        program, factor = self.binary, trial.factor
        if factor is not None and factor.name == "umask":
            words, program = ["-c", _UMASK, factor.value or "022", str(self.binary), "-test.v=test2json", *words], Path("/bin/sh")
        elif factor is not None and factor.value is None:
            environment.pop(factor.name, None)
        elif factor is not None:
            environment[factor.name] = factor.value or ""
        limit = self.setting.flags.timeout_seconds + 60.0 if self.setting.flags.timeout_seconds else float(1 << 31)
        go_test.run_binary(
            program,
            words,
            take,
            test2json=self.setting.test2json,
            directory=self.package.directory,
            environment=environment,
            timeout_seconds=limit,
            stopped=_never,
            marked=program is self.binary,
        )


def changes(names: Iterable[str], environment: Mapping[str, str]) -> list[Factor]:
    """For each variable the other state: unset when it is set, set when it is not. Without those that every program needs."""
    chosen = sorted(n for n in names if n not in _NEEDED and not n.startswith(("GO", "LC_", "TZ")))[:_MOST_VARIABLES]
    return [Factor(name, None if name in environment else "x") for name in chosen]


def compiled(package: Planned, test: str, setting: Setting, scratch: Path) -> Prober:
    """Compile the package's tests once. Raises UserError with what the compiler says."""
    if package.error:
        raise UserError(f"Go cannot load {package.path}: {package.error}.", "Mend that first.")
    top = test.partition("/")[0]
    if package.known and top not in package.tests:
        raise UserError(f"{package.path} has no test {top}.", "`go test -list . PACKAGE` lists them.")
    binary = scratch / binary_name(package.path)
    ran = go_test.compile_tests(setting.go, setting.directory, [package.path], binary, setting.flags.build, setting.environment, _never)
    if not binary.is_file():
        what, complaint = own_complaint(ran.stderr.decode("utf-8", "replace"), package.path)
        raise UserError(f"{package.path} cannot be tested. {what}: {complaint}", "Mend that first.")
    return Prober(package, test, setting, binary)


def _never() -> bool:
    return False
