"""One Go test file as rules about tests see it, and places in tests told once for a package."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from steadygo.facts.go import Assignment, Call, Function, GoFile
from steadygo.facts.gobody import Body
from steadygo.facts.gocode import GoCode
from steadygo.findings import Because, Place, because

_TESTING = ("*testing.T", "*testing.B", "*testing.F", "testing.TB")
_SHOWN = 3


@dataclass(frozen=True)
class Spot:
    """A place in a test and what stands there. `function` is the declared function around it, `kind` the collector's own word."""

    at: Place
    note: str
    function: str
    kind: str = ""

    @property
    def directory(self) -> str:
        return self.at.path.rpartition("/")[0]


class TestFile:
    """Lookups inside one decoded test file; made for one pass and dropped."""

    __test__ = False

    def __init__(self, code: GoCode, file: GoFile) -> None:
        self.code = code
        self.file = file
        self.body = Body(file)

    def test_at(self, block: int) -> Function | None:
        """The declared test, or helper that takes a *testing.T, around `block`; not TestMain and init, which set up a whole process."""
        found: Function | None = None
        functions = self.body.functions
        while block > 0:
            function = functions.get(block)
            if function is not None and function.name:
                found = function
            block = self.file.blocks[block].parent
        return found if found is not None and any(kind in _TESTING for _, kind in found.params) else None

    def given_to(self, closure: int) -> Call | None:
        """The call that a closure is an argument of, when both start on one line."""
        return given_to(self.body, closure)

    def runs_in_line(self, block: int, *, loops: bool = True) -> bool:
        """Whether `block` runs as a part of the test itself: subtests yes; goroutines, defers and closures given to others no."""
        while block > 0:
            kind = self.file.blocks[block].kind
            if kind in ("comm", "go", "defer") or (kind in ("for", "range") and not loops):
                return False
            if kind == "closure":
                given = self.given_to(block)
                if given is None or not given.name.endswith(".Run"):
                    return False
            block = self.file.blocks[block].parent
        return True

    def text(self, expression: str, block: int) -> str | None:
        """The string that an expression folds to; constants of this file count, too."""
        found = self.code.text(self.file, expression, block)
        if found is None:
            value = next((d.value for d in self.file.declarations if d.name == expression and d.value), None)
            found = self.code.text(self.file, value) if value is not None else None
        return found

    def undoes(self, block: int) -> bool:
        """Whether `block` runs when the test ends: deferred, given to t.Cleanup, or in a closure that is handed out."""
        while block > 0:
            kind = self.file.blocks[block].kind
            if kind == "defer":
                return True
            if kind == "closure":
                given = self.given_to(block)
                if given is None or given.name.endswith(".Cleanup"):
                    return True
            block = self.file.blocks[block].parent
        return False

    def spot(self, fact: Call | Assignment, note: str, kind: str = "") -> Spot | None:
        """`fact` as a place in a test, None when it is not in one."""
        function = self.test_at(fact.block)
        return None if function is None else Spot(Place(self.file.path, fact.line, fact.column), note, function.name, kind)


def given_to(body: Body, closure: int) -> Call | None:
    """The call that a closure is an argument of, when both start on one line."""
    block = body.file.blocks[closure]
    best: Call | None = None
    for call in body.calls(block.parent):
        near = call.block == block.parent and call.line == block.line and call.column < block.column
        if near and any("func(" in a for a in call.args):
            best = call
    return best


def by_package(spots: Iterable[Spot]) -> Iterator[list[Spot]]:
    """Spots of one package together, in the order of the text."""
    found: dict[str, list[Spot]] = {}
    for spot in spots:
        found.setdefault(spot.directory, []).append(spot)
    for directory in sorted(found):
        yield sorted(found[directory], key=lambda s: s.at)


def others(spots: list[Spot]) -> tuple[Because, ...]:
    """The first places after the one that a finding stands at."""
    return tuple(because(s.at, s.note) for s in spots[1 : 1 + _SHOWN])


def counted(spots: list[Spot], one: str, many: str) -> str:
    """`1 test sleeps` or `3 tests sleep`: in how many functions the spots lie."""
    number = len({(s.at.path, s.function) for s in spots})
    return f"1 test of this package {one}" if number == 1 else f"{number} tests of this package {many}"
