"""Which tests are new or changed, and whether they pass as often as it takes to trust them."""

from __future__ import annotations

import math
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import msgspec

from steadygo.testing.declared import bare, find_bodies
from steadygo.testing.engine import Setting
from steadygo.testing.plan import Planned
from steadygo.testing.rerun import OVERRIDDEN, Rerunner, names_pattern
from steadygo.testing.results import Outcome


class Vetted(msgspec.Struct, frozen=True):
    """One test. `change`: new, changed, or old for one that failed only beside the others. `why` says how it failed; "" when it did not.

    `runs` in which it had a verdict; in `skipped` of them it skipped itself. `output` is the failing run's, `reproduce` a plain command.
    """

    package: str
    test: str
    change: str
    runs: int
    skipped: int = 0
    why: str = ""
    output: str = ""
    reproduce: str = ""

    @property
    def failed(self) -> bool:
        return bool(self.why)


def runs_needed(rate: float, confidence: float) -> int:
    """How many runs show a failure of this rate with this confidence: n ≥ ln(1−C)/ln(1−p)."""
    return max(1, math.ceil(math.log1p(-confidence) / math.log1p(-rate) - 1e-9))


def changed_tests(now: Iterable[str], before: Iterable[str]) -> dict[str, str]:
    """{test: new or changed}, from the texts of a package's changed files and those of its files as they were.

    A function that moved, or that differs in comments and white space only, is neither.
    """
    old: dict[str, set[str]] = {}
    for text in before:
        for name, body in find_bodies(text):
            old.setdefault(name, set()).add(_essence(name, body))
    found: dict[str, str] = {}
    for text in now:
        for name, body in find_bodies(text):
            if name not in old:
                found[name] = "new"
            elif _essence(name, body) not in old[name]:
                found[name] = "changed"
    return found


def _essence(name: str, body: str) -> str:
    """A function without what does not matter; an example's comments are what it expects."""
    text = body if name.startswith("Example") else bare(body, literals=False)
    return "\n".join(line.strip() for line in text.split("\n") if line.strip())


def vet(
    binary: Rerunner, tests: Mapping[str, str], runs: int, build: Sequence[str], tell: Callable[[str, int, int], None]
) -> Iterator[Vetted]:
    """Run the tests so often, in shuffled orders, by turns with their package and by themselves; the first failure ends it."""
    package, own = binary.package, names_pattern(tests)
    passed, skipped = dict.fromkeys(tests, 0), dict.fromkeys(tests, 0)
    failing: dict[str, tuple[str, str, str]] = {}
    beside: list[Vetted] = []
    judged: set[str] = set()
    for number in range(1, runs + 1):
        tell(package.path, number, runs)
        together = number % 2 == 1
        flags = ["-count=1", f"-shuffle={number}" if number > 1 else "-shuffle=off", *([] if together else [f"-run={own}"])]
        endings = binary.run(flags, planned=tests)
        command = _command(package, build, flags, binary.setting)
        where = f"in run {number} of {runs}, {'with its package' if together else 'with the new and changed tests alone'}, {flags[1]}"
        ended_by_one = any(e.outcome.bad and e.ran for e in endings.values())
        for name in tests:
            ending = endings[name]
            if not ending.ran and ended_by_one:
                continue  # another test ended the process before
            passed[name] += 1
            skipped[name] += ending.outcome is Outcome.SKIPPED
            if ending.outcome.bad:
                failing[name] = (
                    f"failed {where}" if ending.outcome is Outcome.FAILED else f"had no verdict {where}",
                    ending.output,
                    command,
                )
        others = [n for n, ending in endings.items() if ending.outcome is Outcome.FAILED and n not in tests and n not in judged]
        if others and not failing:
            judged.update(others)
            beside += _disturbed(binary, others, flags, own, command, {n: endings[n].output for n in others}, number)
        if failing or beside:
            break
    for name, change in tests.items():
        why, output, command = failing.get(name, ("", "", ""))
        yield Vetted(package.path, name, change, passed[name], skipped[name], why, output, command)
    yield from beside


def _disturbed(
    binary: Rerunner, others: Sequence[str], flags: Sequence[str], own: str, command: str, outputs: Mapping[str, str], number: int
) -> Iterator[Vetted]:
    """Old tests that fail in this order, twice, and pass without the new ones, twice."""
    without = [binary.run([*flags, f"-skip={own}"]) for _ in range(2)]
    again = binary.run(flags)
    for name in others:
        fine = all(name in w and not w[name].outcome.bad for w in without)
        if fine and name in again and again[name].outcome.bad:
            why = f"fails with the new and changed tests in the order of {flags[1]}, and passes without them"
            yield Vetted(binary.package.path, name, "old", number, 0, why, outputs[name], command)


def _command(package: Planned, build: Sequence[str], flags: Sequence[str], setting: Setting) -> str:
    own = [*build, *setting.flags.but(OVERRIDDEN), *(f for f in flags if f != "-shuffle=off"), package.path]
    arguments = ["-args", *setting.flags.arguments] if setting.flags.arguments else []
    return f"{setting.shell_go} test {shlex.join([*own, *arguments])}"
