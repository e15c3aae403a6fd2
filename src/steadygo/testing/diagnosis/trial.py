"""One run of an experiment: a choice of tests, an order, a changed environment; and how a shell says the same."""

from __future__ import annotations

import re
import shlex
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path


@dataclass(frozen=True)
class Change:
    """One thing of the environment that is changed. `factor` is its name, `words` say the change as people do.

    `environment`: variables (None: unset); `fresh`: variables that name a new, empty directory in each run; `start`: words in front of
    the test binary; `build`: flags of the build; `go`: another toolchain; `place`: where it runs, copy/NAME or link; `awake`: the share
    of time in which it may run at all. `plain` is a shell command around `{}`, which is go test, and leaves the shell as it was;
    `unchanged` is one that spells what is so without the change; `wrapped`: flags that go test gets in the plain command.
    """

    factor: str
    words: str
    plain: str = "{}"
    unchanged: str = "{}"
    environment: tuple[tuple[str, str | None], ...] = ()
    fresh: tuple[str, ...] = ()
    start: tuple[str, ...] = ()
    build: tuple[str, ...] = ()
    go: Path | None = None
    place: str = ""
    awake: float = 1.0
    wrapped: tuple[str, ...] = ()

    @property
    def compiles(self) -> bool:
        """A binary of its own is needed."""
        return bool(self.build or self.go or self.copied)

    @property
    def copied(self) -> bool:
        """It runs in a copy of the module; what follows copy/ is the copy's name."""
        return self.place.startswith("copy/")


def variable(name: str, value: str | None, factor: str = "", words: str = "", plain: str = "") -> Change:
    """A variable set to `value`, or unset. `plain`: how a shell spells the value, where it is made on the spot."""
    spelled = f"env -u {name}" if value is None else f"env {name}={plain or shlex.quote(value)}"
    said = words or (f"{name} unset" if value is None else f"{name}={shlex.quote(value)}")
    return Change(factor or name, said, f"{spelled} {{}}", environment=((name, value),))


@dataclass(frozen=True)
class Trial:
    """What one run does. `tests` None: all of them; `seed` is -shuffle's; `parallel` 0: go's default; `copies` of the process at once.

    `repeat`: how many processes the command starts, one after the other, until one fails; a run is always one.
    """

    tests: tuple[str, ...] | None = None
    seed: str = "off"
    count: int = 1
    parallel: int = 0
    copies: int = 1
    repeat: int = 1
    timeout_seconds: int = 0
    change: Change | None = None

    def only(self, *tests: str) -> Trial:
        """The same with these tests alone."""
        return replace(self, tests=tests)

    def flags(self) -> list[str]:
        """Flags of `go test` that say the same."""
        words = [f"-count={self.count}"]
        words += [f"-shuffle={self.seed}"] if self.seed != "off" else []
        words += [f"-parallel={self.parallel}"] if self.parallel else []
        words += [f"-timeout={self.timeout_seconds}s"] if self.timeout_seconds else []
        words += [f"-run={pattern(self.tests)}"] if self.tests is not None else []
        return words

    def command(
        self, package: str, build: tuple[str, ...], before: str = "go test", between: str = "", arguments: tuple[str, ...] = ()
    ) -> str:
        """The plain command that does the same; `before` and `between` the package and the flags say who runs it.

        `arguments` are those of the tests.
        """
        change = self.change or Change("", "")
        words = [*build, *change.build, *self.flags()]
        if between:
            said = " ".join([before, package, between, *map(shlex.quote, words)])
        else:
            said = " ".join([before, *map(shlex.quote, [*change.wrapped, *words]), package])
        said += f" {shlex.join(['-args', *arguments])}" if arguments else ""
        if self.copies > 1:
            said = f"({said} & {said}; s=$?; wait $! && exit $s; exit 1)"
        said = change.plain.replace("{}", said)
        return f"(for i in $(seq {self.repeat}); do {said} || exit 1; done)" if self.repeat > 1 else said


def pattern(tests: Iterable[str]) -> str:
    """The -run that selects exactly these tests and subtests, with all that is below them."""
    children: defaultdict[str, list[str]] = defaultdict(list)
    for name in sorted(set(tests)):
        parent, _, own = name.rpartition("/")
        children[parent].append(re.escape(own))
    return "|".join(
        "/".join([*(f"^{re.escape(level)}$" for level in parent.split("/") if level), f"^({'|'.join(own)})$" if own[1:] else f"^{own[0]}$"])
        for parent, own in children.items()
    )
