"""What stands inside a block of a Go file, and how a loop or function can be left."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING, TypeVar, cast

from steadygo.facts.go import Assignment, Block, Call, ChannelUse, Comparison, Composite, Function, GoFile, Jump

if TYPE_CHECKING:
    from steadygo.facts.gocode import GoCode

Fact = Call | ChannelUse | Jump | Assignment | Comparison | Composite
_F = TypeVar("_F", Call, ChannelUse, Jump, Assignment, Comparison, Composite)

_LEAVES = re.compile(
    r"(?:^|\.)(?:panic|Panic\w*|Fatal\w*|fatal\w*|Exit|exit|Goexit|[Mm]ust[A-Z]\w*|FailNow|\w*(?:Fatal|OrDie|OrExit|AndExit)\w*)\Z"
)
_BREAKABLE = ("for", "range", "switch", "select")


class Body:
    """Lookups inside one file. A block's facts are those of it and of all blocks inside; `own` leaves closures out."""

    def __init__(self, file: GoFile) -> None:
        self.file = file

    @cached_property
    def last(self) -> list[int]:
        """For each block the last block inside it: blocks stand in the order of the text."""
        blocks = self.file.blocks
        found = list(range(len(blocks)))
        for index in range(len(blocks) - 1, 0, -1):
            parent = blocks[index].parent
            found[parent] = max(found[parent], found[index])
        return found

    @cached_property
    def owner(self) -> list[int]:
        """For each block the block of the function or closure around it, 0 outside of functions."""
        found = [0] * len(self.file.blocks)
        for index, block in enumerate(self.file.blocks):
            if index:
                found[index] = index if block.kind in ("function", "closure") else found[block.parent]
        return found

    @cached_property
    def functions(self) -> dict[int, Function]:
        return {function.block: function for function in self.file.functions}

    @cached_property
    def _calls(self) -> tuple[list[int], list[Call]]:
        return _by_block(self.file.calls)

    @cached_property
    def _channels(self) -> tuple[list[int], list[ChannelUse]]:
        return _by_block(self.file.channels)

    @cached_property
    def _jumps(self) -> tuple[list[int], list[Jump]]:
        return _by_block(self.file.jumps)

    @cached_property
    def _assignments(self) -> tuple[list[int], list[Assignment]]:
        return _by_block(self.file.assignments)

    @cached_property
    def _composites(self) -> tuple[list[int], list[Composite]]:
        return _by_block(self.file.composites)

    def calls(self, block: int, own: bool = False) -> list[Call]:
        return self._inside(self._calls, block, own)

    def channels(self, block: int, own: bool = False) -> list[ChannelUse]:
        return self._inside(self._channels, block, own)

    def jumps(self, block: int, own: bool = False) -> list[Jump]:
        return self._inside(self._jumps, block, own)

    def assignments(self, block: int, own: bool = False) -> list[Assignment]:
        return self._inside(self._assignments, block, own)

    def composites(self, block: int, own: bool = False) -> list[Composite]:
        return self._inside(self._composites, block, own)

    def blocks(self, block: int, *kinds: str, own: bool = False) -> list[int]:
        """Blocks of `kinds` inside `block`, itself left out."""
        blocks, owner = self.file.blocks, self.owner
        inside = range(block + 1, self.last[block] + 1)
        return [b for b in inside if (not kinds or blocks[b].kind in kinds) and (not own or owner[b] == owner[block])]

    def _inside(self, index: tuple[list[int], list[_F]], block: int, own: bool) -> list[_F]:
        keys, facts = index
        found = facts[bisect_left(keys, block) : bisect_left(keys, self.last[block] + 1)]
        if own:
            owner = self.owner
            found = [f for f in found if owner[f.block] == owner[block]]
        return sorted(found, key=attrgetter("line", "column"))

    def chain(self, block: int) -> Iterator[int]:
        """`block` and the blocks around it, innermost first, up to the function's own."""
        while block > 0:
            yield block
            if self.file.blocks[block].kind in ("function", "closure"):
                return
            block = self.file.blocks[block].parent

    def within(self, block: int, outer: int) -> bool:
        """Whether `block` is `outer` or lies inside it."""
        return outer <= block <= self.last[outer]

    def loop_around(self, block: int) -> int | None:
        """The innermost loop of the same function around `block`."""
        return next((b for b in self.chain(block) if self.file.blocks[b].kind in ("for", "range")), None)

    def target(self, jump: Jump) -> int | None:
        """The block that a break leaves, or whose next round a continue begins."""
        blocks = self.file.blocks
        kinds = _BREAKABLE if jump.kind == "break" else ("for", "range")
        for b in self.chain(jump.block):
            if blocks[b].kind in kinds and (not jump.text or blocks[b].label == jump.text):
                return b
        return None

    def leaves(self, loop: int) -> bool:
        """Whether a statement in `loop` leaves it: return, break, goto, panic, exit; a call that may not come back counts too."""
        for jump in self.jumps(loop, own=True):
            if jump.kind in ("return", "goto"):
                return True
            if jump.kind == "break":
                target = self.target(jump)
                if target is None or target <= loop:
                    return True
        if any(_LEAVES.search(call.name) for call in self.calls(loop)):
            return True
        return any(a.values and any(_LEAVES.search(v.partition("(")[0]) for v in a.values) for a in self.assignments(loop, own=True))

    def is_endless(self, block: int) -> bool:
        """`for {` or `for true {`."""
        found = self.file.blocks[block]
        return found.kind == "for" and found.text in ("", "true")


def _by_block(facts: Iterable[_F]) -> tuple[list[int], list[_F]]:
    ordered = sorted(facts, key=attrgetter("block"))
    return [f.block for f in ordered], ordered


def body(code: GoCode, file: GoFile) -> Body:
    """The lookups of `file`, made once."""
    known = cast("dict[str, Body]", code.memo.setdefault("bodies", {}))
    found = known.get(file.path)
    if found is None:
        found = known[file.path] = Body(file)
    return found


def before(one: Fact | Block | Function, other: Fact | Block | Function) -> bool:
    """Whether `one` starts before `other` in the text of their file."""
    return (one.line, one.column) < (other.line, other.column)
