"""A package's source as one thing: its functions, what each can reach, and its package variables."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from operator import attrgetter
from typing import TypeVar

from steadygo.facts.go import Block, Call, Declaration, Function, GoFile
from steadygo.testing.declared import bare

_WORD = re.compile(r"[A-Za-z_]\w*")
_CHANGING = (
    r"Store|Add|Swap|CompareAndSwap|LoadOrStore|Delete|Set\w*|Register\w*|Push\w*|Insert\w*|Put\w*|Reset\w*|Append\w*|Write\w*|Do|Inc|Dec"
    r"|Publish|MustRegister|Handle\w*|Close|Clear|Remove\w*|Update\w*|Save\w*|Create\w*"
)
_GUARDS = re.compile(r"\*?sync\.(?:(?:RW)?Mutex|WaitGroup|Pool)\b")
_PUT_BACK = 0.5  # of the weight of a change that stays
_DEEPEST = 5  # calls from a test
_MOST_METHODS = 4  # of one name: above, the name says too little
_LINE = attrgetter("line")
_CONSTANT_ERROR = re.compile(r"(?:errors\.New|fmt\.Errorf)\(")


_F = TypeVar("_F", Call, Block)


@dataclass(frozen=True, eq=False)
class Routine:
    """A declared function. `lines` is its text with comments and literals of text blanked, `raw` with comments blanked alone."""

    file: GoFile
    fact: Function
    lines: tuple[tuple[int, str], ...]
    raw: tuple[tuple[int, str], ...]
    calls: tuple[Call, ...]
    blocks: tuple[Block, ...]

    @property
    def is_test_code(self) -> bool:
        return self.file.is_test

    @cached_property
    def words(self) -> frozenset[str]:
        """Identifiers in its body."""
        return frozenset(_WORD.findall("\n".join(text for _, text in self.lines)))

    @cached_property
    def locals(self) -> frozenset[str]:
        """Names that it declares itself: a package variable of that name is not meant."""
        text = "\n".join(text for _, text in self.lines)
        declared = {n for group in re.findall(r"((?:\w+\s*,\s*)*\w+)\s*:=", text) for n in _WORD.findall(group)}
        declared |= set(re.findall(r"\bvar\s+(\w+)", text))
        return frozenset(declared | {name for name, _ in self.fact.params} | {self.fact.receiver_name})

    @cached_property
    def at_its_end(self) -> list[tuple[int, int]]:
        """First and last line of what runs when it ends, or when the test does."""
        cleanups = {call.line for call in self.calls if call.name.endswith(".Cleanup")}
        return [(b.line, b.end_line) for b in self.blocks if b.kind == "defer" or (b.kind == "closure" and b.line in cleanups)]


@dataclass(frozen=True)
class Variable:
    """A package variable."""

    file: GoFile
    declaration: Declaration


@dataclass
class Source:
    """`files` are the facts of one directory's Go files, `texts` their source by path."""

    files: tuple[GoFile, ...]
    texts: Mapping[str, str]
    _bare: dict[str, list[str]] = field(default_factory=dict)
    _plain: dict[str, list[str]] = field(default_factory=dict)
    _changes: dict[tuple[Routine, str], list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for file in self.files:
            text = self.texts[file.path]
            self._bare[file.path] = bare(text).split("\n")
            self._plain[file.path] = bare(text, literals=False).split("\n")

    def line(self, path: str, number: int) -> str:
        """One source line as it stands."""
        lines = self.texts[path].split("\n")
        return lines[number - 1] if 0 < number <= len(lines) else ""

    @cached_property
    def routines(self) -> tuple[Routine, ...]:
        return tuple(
            Routine(
                file,
                fact,
                tuple(self._part(self._bare, file, fact)),
                tuple(self._part(self._plain, file, fact)),
                tuple(_between(calls, fact)),
                tuple(_between(blocks, fact)),
            )
            for file in self.files
            if not file.generated
            for calls, blocks in [(sorted(file.calls, key=_LINE), sorted(file.blocks, key=_LINE))]
            for fact in file.functions
            if fact.name
        )

    def _part(self, lines: Mapping[str, list[str]], file: GoFile, fact: Function) -> Iterator[tuple[int, str]]:
        for number in range(fact.line, min(fact.end_line, len(lines[file.path])) + 1):
            yield number, lines[file.path][number - 1]

    @cached_property
    def by_name(self) -> dict[str, list[Routine]]:
        found: dict[str, list[Routine]] = {}
        for routine in self.routines:
            found.setdefault(routine.fact.name, []).append(routine)
        return found

    @cached_property
    def variables(self) -> dict[str, Variable]:
        """Package variables that can carry state from one test to the next: no locks, no errors, no blanks."""
        return {
            d.name: Variable(file, d)
            for file in self.files
            for d in file.declarations
            if d.kind == "var" and d.name != "_" and not _GUARDS.match(d.type or d.value) and not _CONSTANT_ERROR.match(d.value)
        }

    def reach(self, names: Iterable[str]) -> dict[Routine, int]:
        """Functions that these can come to, each with the number of calls in between."""
        found: dict[Routine, int] = {}
        front = [r for name in names for r in self.by_name.get(name, []) if not r.fact.receiver]
        depth = 0
        while front and depth <= _DEEPEST:
            found.update(dict.fromkeys(front, depth))
            depth += 1
            words = frozenset(w for r in front for w in r.words - r.locals)
            front = [r for word in sorted(words) for r in self.called(word) if r not in found and not _is_entry(r)]
        return found

    def called(self, name: str) -> list[Routine]:
        """What `name`, or `x.name`, may call; nothing when too many methods have that name."""
        found = self.by_name.get(name.rpartition(".")[2], [])
        return found if len(found) <= _MOST_METHODS else [r for r in found if not r.fact.receiver]

    def touched(self, routine: Routine) -> list[str]:
        """Package variables that a function names."""
        return sorted(routine.words & self.variables.keys() - routine.locals)

    def changes(self, routine: Routine, name: str) -> list[int]:
        """Lines of a function that change the package variable."""
        if (routine, name) not in self._changes:
            self._changes[routine, name] = self._find_changes(routine, name)
        return self._changes[routine, name]

    def left(self, routine: Routine, name: str) -> tuple[list[int], float]:
        """Lines that change the package variable, without those that run when the function ends; and how much of that outlives it.

        A deferred function, or one given to Cleanup, that sets the variable puts it back, most likely.
        """
        lines = self.changes(routine, name)
        staying = [n for n in lines if not any(a <= n <= b for a, b in routine.at_its_end)]
        return staying, 1.0 if len(staying) == len(lines) else _PUT_BACK

    def _find_changes(self, routine: Routine, name: str) -> list[int]:
        if name not in routine.words or name in routine.locals:
            return []
        place = rf"(?<![\w.])(?:{re.escape(routine.file.package.removesuffix('_test'))}\.)?{re.escape(name)}(?:\.\w+|\[[^\]\n]*\])*"
        shape = re.compile(
            rf"{place}\s*(?:,[^=\n:]*)?(?:[-+*/|&^%]|<<|>>|&\^)?=(?!=)|{place}\s*(?:\+\+|--)"
            rf"|(?:delete|clear|close)\(\s*{place}|{place}\.(?:{_CHANGING})\("
        )
        return [number for number, text in routine.lines if shape.search(text)]

    def mentions(self, routine: Routine, name: str) -> list[int]:
        """Lines of a function that name the package variable."""
        if name not in routine.words or name in routine.locals:
            return []
        shape = re.compile(rf"(?<![\w.])(?:\w+\.)?{re.escape(name)}\b(?!\s*:[^=])")
        return [number for number, text in routine.lines if shape.search(text)]


def _between(found: Sequence[_F], fact: Function) -> Sequence[_F]:
    """Those whose line lies in the function."""
    return found[bisect_left(found, fact.line, key=_LINE) : bisect_right(found, fact.end_line, key=_LINE)]


def _is_entry(routine: Routine) -> bool:
    return routine.is_test_code and routine.fact.name.startswith(("Test", "Fuzz", "Example", "Benchmark")) and not routine.fact.receiver
