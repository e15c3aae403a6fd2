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

    `run` carries a shell line out: whether it failed.
    """

    package: str
    go: str
    build: tuple[str, ...]
    run: Callable[[str], bool]
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


def conclude(case: Case, found: Found, commands: Commands) -> Diagnosis:
    """The diagnosis with its commands. One that passes is printed with that said."""
    plain = other = ""
    if found.shown is not None:
        trial = replace(found.shown, timeout_seconds=math.ceil(case.hung_after))
        plain, other = commands.plain(trial), commands.steadygo(trial)
        other = _tried(case, commands, plain, other)
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


def _tried(case: Case, commands: Commands, plain: str, other: str) -> str:
    """Try both; the command by steadygo, "" when it passed."""
    if case.runs >= case.budget.runs:
        case.because.append("the command below was not tried: the budget was used up")
        return other
    case.tell(plain, case.runs, case.because)
    case.runs += 1
    if not commands.run(plain):
        case.because.append("the command below passed in its trial")
    if not other or case.runs >= case.budget.runs:
        return ""
    case.runs += 1
    return other if commands.run(other) else ""
