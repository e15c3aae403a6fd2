"""The command that ends a diagnosis: tried before it is printed."""

from __future__ import annotations

import math
import shlex
from collections.abc import Callable
from dataclasses import dataclass, replace

from steadygo.testing.diagnosis.case import Case, Diagnosis, Found
from steadygo.testing.diagnosis.trial import Trial


@dataclass(frozen=True)
class Commands:
    """How a trial is written. `build`: flags that all trials share, `arguments` what follows -args.

    `run` carries a shell line out: whether it failed, None where it took too long.
    """

    package: str
    go: str
    build: tuple[str, ...]
    run: Callable[[str], bool | None]
    arguments: tuple[str, ...] = ()

    def plain(self, trial: Trial) -> str:
        return trial.command(self.package, self.build, f"{self._program(trial)} test", arguments=self.arguments)

    def steadygo(self, trial: Trial) -> str:
        """The same by steadygo, "" where it does not take a flag."""
        if trial.change is not None and trial.change.wrapped:
            return ""
        go = self._program(trial)
        return trial.command(self.package, self.build, "steadygo test" + (f" --go {go}" if go != "go" else ""), "--", self.arguments)

    def _program(self, trial: Trial) -> str:
        return shlex.quote(str(trial.change.go)) if trial.change is not None and trial.change.go is not None else self.go


def conclude(case: Case, found: Found, commands: Commands, doubted: Callable[[Found], Found]) -> Diagnosis:
    """The diagnosis with its commands. `doubted` looks again at a cause whose command has passed; where that stands, it is said."""
    plain = other = ""
    if found.shown is not None:
        trial = replace(found.shown, timeout_seconds=math.ceil(case.hung_after))
        plain, other = commands.plain(trial), commands.steadygo(trial)
        passed = _passed(case, commands, plain, other)
        again = doubted(found) if passed else found
        if again is not found:
            return conclude(case, again, commands, doubted)
        if passed and passed == plain:
            case.because.append("the command below passed in its trial")
        other = "" if passed else other
    return Diagnosis(
        case.test,
        found.kind,
        found.role,
        found.polluters,
        found.cleaners,
        found.factor,
        tuple(case.because),
        plain,
        case.runs,
        other,
        found.rate,
        tuple(case.tried),
        tuple(case.not_tried),
    )


def _passed(case: Case, commands: Commands, plain: str, other: str) -> str:
    """The first that passed when they were tried, while the budget lasts; "" when none did."""
    for line in filter(None, (plain, other)):
        words = "the command below" if line == plain else "the command of steadygo below"
        if case.runs >= case.budget.runs:
            case.because.append(f"{words} was not tried: the budget was used up")
            break
        case.tell(line, case.runs, case.because)
        case.runs += 1
        failed = commands.run(line)
        if failed is None:
            case.because.append(f"{words} was stopped in its trial: it took too long")
            break
        if not failed:
            return line
    return ""
