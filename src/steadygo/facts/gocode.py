"""All Go files of a repository, with the questions rules ask of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from steadygo.facts.go import Block, Call, Composite, Function, GoFile
from steadygo.facts.modules import GoMod


@dataclass(frozen=True)
class Package:
    """One directory's package. `path` is the import path ("" when no go.mod is above it)."""

    directory: str
    path: str
    name: str
    files: tuple[GoFile, ...]  # without tests
    tests: tuple[GoFile, ...]

    @property
    def is_main(self) -> bool:
        return self.name == "main"


class GoCode:
    """Index over all Go files. Answers are computed once and kept; files are never changed."""

    def __init__(self, files: Iterable[GoFile], modules: Iterable[GoMod]) -> None:
        self.files: tuple[GoFile, ...] = tuple(files)
        self.modules: tuple[GoMod, ...] = tuple(modules)
        self.packages: dict[str, Package] = {}  # by directory

    def module_of(self, directory: str) -> GoMod | None:
        """The go.mod nearest above `directory`."""
        raise NotImplementedError

    def reachable(self, directory: str) -> frozenset[str]:
        """Directories of this repository's packages that the package in `directory` imports, itself included (no tests)."""
        raise NotImplementedError

    def calls(self, *names: str, tests: bool = False) -> Iterator[tuple[GoFile, Call]]:
        """Calls by exact resolved name; a name that starts with "." matches every receiver, known or not."""
        raise NotImplementedError

    def composites(self, *types: str, tests: bool = False) -> Iterator[tuple[GoFile, Composite]]:
        """Composite literals by resolved type."""
        raise NotImplementedError

    def importers(self, prefix: str, tests: bool = False) -> Iterator[GoFile]:
        """Files that import `prefix` or a package below it."""
        raise NotImplementedError

    def function_at(self, file: GoFile, block: int) -> Function | None:
        """The innermost function or closure that holds `block`."""
        raise NotImplementedError

    def declared_function_at(self, file: GoFile, block: int) -> Function | None:
        """The declared function that holds `block`, closures skipped."""
        raise NotImplementedError

    def enclosing(self, file: GoFile, block: int, *kinds: str, within_function: bool = True) -> Block | None:
        """The innermost enclosing block of one of `kinds`; stops at the function's edge unless told otherwise."""
        raise NotImplementedError

    def inside(self, file: GoFile, block: int, outer: int) -> bool:
        """Whether `block` is `outer` or lies inside it."""
        raise NotImplementedError

    def callees(self, file: GoFile, call: Call) -> list[tuple[GoFile, Function]]:
        """The declared functions of this repository that `call` may reach (by name and receiver type; empty when not known)."""
        raise NotImplementedError

    def callers(self, file: GoFile, function: Function) -> list[tuple[GoFile, Call]]:
        """Calls in this repository that may reach `function`."""
        raise NotImplementedError

    def text(self, file: GoFile, expression: str) -> str | None:
        """The string that `expression` folds to through literals, constants, concatenation and fmt.Sprintf of constants."""
        raise NotImplementedError

    def number(self, file: GoFile, expression: str) -> float | None:
        """The number that `expression` folds to. time.Duration constants count in nanoseconds."""
        raise NotImplementedError

    def seconds(self, file: GoFile, expression: str) -> float | None:
        """A duration expression in seconds: `10 * time.Second`, a constant, `time.Duration(n) * time.Millisecond`, 0."""
        raise NotImplementedError
