"""Run one compiled package again and again, and say how each of its tests ended."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from steadygo.testing.compiling import binary_name
from steadygo.testing.engine import Setting
from steadygo.testing.events import Lines, Watch
from steadygo.testing.plan import Planned
from steadygo.testing.results import Outcome
from steadygo.testing.verdict import cut_short, own_complaint
from steadygo.tools import go_test
from steadygo.tools.run import Outcome as Ended

OVERRIDDEN = frozenset({"run", "count", "shuffle", "skip", "parallel", "cpu"})
_KILL_AFTER_SECONDS = 60.0  # past -timeout, like go test


def _never() -> bool:
    return False


@dataclass(frozen=True)
class Ending:
    """How a top-level test ended in one run: the worst of its executions, and what it and its subtests printed. `ran`: it was started."""

    outcome: Outcome
    output: str
    ran: bool = True


def names_pattern(names: Iterable[str]) -> str:
    """What -run or -skip needs to mean exactly these top-level tests."""
    return f"^({'|'.join(map(re.escape, sorted(names)))})$"


@dataclass(frozen=True)
class Rerunner:
    """A package whose tests are compiled. `complaint`: why they are not, "" when they are."""

    package: Planned
    setting: Setting
    binary: Path
    complaint: str = ""

    def run(
        self,
        flags: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        start: Sequence[str] = (),
        planned: Iterable[str] = (),
        stopped: Callable[[], bool] = _never,
    ) -> dict[str, Ending]:
        """One process. `flags` are those of `go test`; `start`: words in front of the binary; `planned`: what must have run."""
        watch, lines = Watch(), Lines()

        def take(chunk: bytes) -> None:
            for event in lines.feed(chunk):
                watch.take(event)

        given = [w for w in self.setting.flags.binary() if w[6:].partition("=")[0] not in OVERRIDDEN]
        words = [*given, *(f"-test.{flag[1:]}" for flag in flags), *self.setting.flags.arguments]
        limit = self.setting.flags.timeout_seconds + _KILL_AFTER_SECONDS if self.setting.flags.timeout_seconds else float(1 << 31)
        with self.setting.lent(self.package.path, self.package.directory) as lent:
            ran = go_test.run_binary(
                Path(start[0]) if start else self.binary,
                [*start[1:], str(self.binary), "-test.v=test2json", *words] if start else words,
                take,
                test2json=self.setting.test2json,
                directory=self.package.directory,
                environment={**lent, **(environment or {})},
                timeout_seconds=limit,
                stopped=stopped,
                marked=not start,
            )
        ended = "the process ended" if ran.outcome is not Ended.TIMED_OUT else "the process was stopped at its time limit"
        return _by_test(watch, planned, ended)


def _by_test(watch: Watch, planned: Iterable[str], ended: str) -> dict[str, Ending]:
    found: dict[str, Ending] = {}
    outside = watch.output()
    for test in watch.tests(planned, ended, absent=True):
        top, _, below = test.name.partition("/")
        before = found.get(top)
        said = test.output + (f"{test.why}\n{outside}" if test.why else "")
        if before is None:
            found[top] = Ending(test.outcome, said, bool(test.started) or test.outcome is not Outcome.LOST)
        else:
            worst = test.outcome if _rank(test.outcome, bool(below)) > _rank(before.outcome, False) else before.outcome
            found[top] = Ending(worst, before.output + said)
    return found


def _rank(outcome: Outcome, below: bool) -> int:
    """A subtest that was skipped does not make its parent skipped."""
    if outcome.bad:
        return 2
    return 1 if outcome is Outcome.SKIPPED and not below else 0


def compiled(package: Planned, setting: Setting, scratch: Path, stopped: Callable[[], bool] = _never) -> Rerunner:
    """Compile a package's tests once. What the compiler says is in `complaint`."""
    if package.error:
        return Rerunner(package, setting, scratch, f"Go cannot load it: {package.error}")
    scratch.mkdir(parents=True, exist_ok=True)
    binary = scratch / binary_name(package.path)
    ran = go_test.compile_tests(setting.go, setting.directory, [package.path], binary, setting.flags.build, setting.environment, stopped)
    if binary.is_file():
        return Rerunner(package, setting, binary)
    what, complaint = own_complaint(ran.stderr.decode("utf-8", "replace"), package.path, cut_short(ran))
    return Rerunner(package, setting, binary, f"{what}: {complaint}")
