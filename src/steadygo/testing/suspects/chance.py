"""Lines where chance comes in: order of maps, select, random numbers, time, goroutines without a lock."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from steadygo.facts.go import Block
from steadygo.testing.suspects.clue import Clue, calls_in, clue
from steadygo.testing.suspects.source import Routine, Source

_ORDERED = re.compile(r"\bappend\(|\bFprint|\bPrint|\.Write|\+=|<-|\breturn\b|\bbreak\b|\bt\.Run\(")
_SORTED = re.compile(r"\b(?:sort|slices|maps)\.(?:\w*[Ss]ort\w*|Slice\w*|Strings|Ints|Stable)\(")
_MAP = re.compile(r"\s*(?:make\()?map\[")
_LOCK, _UNLOCK = re.compile(r"\.R?Lock\(\)"), re.compile(r"(?<!defer )(?<!\w)[\w.]+\.R?Unlock\(\)")
_DRAWS = re.compile(r"math/rand(?:/v2)?\.(?!New)[A-Z]\w*$")
_DEEPEST = 3  # calls from where a goroutine starts
_CLOCKS = ("time.Now", "time.Since", "time.Until")
_DEADLINES = ("context.WithTimeout", "context.WithDeadline", "time.After", "time.NewTimer", "time.AfterFunc")


def clues(source: Source, test: str) -> Iterator[Clue]:
    """Where a test that passes and fails in the same surroundings gets its chance from."""
    own = source.reach([test])
    for routine, depth in own.items():
        yield from _maps(source, routine, depth)
        yield from _selects(routine, depth)
        yield from _draws(routine, depth)
    yield from unlocked(source, test)
    yield from _times(own)


def _maps(source: Source, routine: Routine, depth: int) -> Iterator[Clue]:
    for block in _blocks(routine, "range"):
        if not _is_map(source, routine, block.text):
            continue
        inside = [text for n, text in routine.lines if block.line < n <= block.end_line]
        after = [text for n, text in routine.lines if n > block.end_line]
        if any(_ORDERED.search(text) for text in inside) and not any(_SORTED.search(text) for text in after):
            yield clue(routine, block.line, f"the order of the map {block.text} changes from run to run, and is not sorted", 95, depth)


def _blocks(routine: Routine, kind: str) -> list[Block]:
    return [b for b in routine.blocks if b.kind == kind]


def _is_map(source: Source, routine: Routine, text: str) -> bool:
    name = text.strip()
    if _MAP.match(name):
        return False  # a table of cases that stands in the loop's own head
    if any(n == name and _MAP.match(t) for n, t in routine.fact.params):
        return True
    for line, code in routine.lines:
        if re.search(rf"(?<![\w.]){re.escape(name)}\s*(?::=|=)\s*(?:make\()?map\[|\bvar\s+{re.escape(name)}\s+map\[", code) and line:
            return True
    variable = source.variables.get(name)
    if variable is not None:
        return bool(_MAP.match(variable.declaration.type) or _MAP.match(variable.declaration.value))
    field = name.rpartition(".")[2]
    return "." in name and any(f.name == field and _MAP.match(f.type) for file in source.files for t in file.types for f in t.fields)


def _selects(routine: Routine, depth: int) -> Iterator[Clue]:
    blocks = routine.file.blocks
    for block in _blocks(routine, "select"):
        at = blocks.index(block)
        ready = [b for b in blocks if b.kind == "comm" and b.parent == at and b.text != "default" and "time.After" not in b.text]
        if len(ready) > 1:
            yield clue(routine, block.line, "where several of these are ready, select takes any of them", 72, depth)
            yield from (clue(routine, b.line, "select may take this one while another is ready too", 70, depth) for b in ready)


def _draws(routine: Routine, depth: int) -> Iterator[Clue]:
    for line, name, _, _ in calls_in(routine):
        if _DRAWS.match(name):
            yield clue(routine, line, "a random number without a seed of the test's own", 90, depth)


def unlocked(source: Source, test: str) -> Iterator[Clue]:
    """What several goroutines write or read without holding a lock."""
    own = source.reach([test])
    started: dict[Routine, int] = {}
    for routine in own:
        for block in _blocks(routine, "go"):
            words = frozenset(w for n, text in routine.lines if block.line <= n <= block.end_line for w in re.findall(r"\w+", text))
            called = [w for w in sorted(words) if any(r in own for r in source.called(w))]
            for one, steps in _closure(source, called).items():
                started[one] = min(steps, started.get(one, steps))
            yield from _captured(routine, block, own[routine])
    written: set[str] = set()
    for routine, steps in started.items():
        weight = 92 if _has_lock(source, routine.fact.receiver) else 76
        for line, field in _bare_writes(source, routine):
            written.add(field)
            yield clue(routine, line, f"goroutines write {field} here without holding a lock", weight, steps)
    for routine in own:
        if not routine.is_test_code:
            for field in written:
                shape = re.compile(rf"(?<!\w){re.escape(field)}\b" if "." not in field else rf"\w+{re.escape(field[field.index('.') :])}\b")
                reads = [n for n, text, held in _held(routine) if not held and shape.search(text)]
                yield from (clue(routine, n, f"{field} is read here without a lock", 74, own[routine]) for n in reads[:2])


def _closure(source: Source, names: list[str]) -> dict[Routine, int]:
    """Functions outside of tests that a goroutine comes to, with the number of calls in between."""
    found: dict[Routine, int] = {}
    front, steps = [r for name in names for r in source.called(name)], 0
    while front and steps <= _DEEPEST:
        found.update(dict.fromkeys((r for r in front if not r.is_test_code), steps))
        front = [
            r for one in front for w in sorted(one.words - one.locals) for r in source.called(w) if r not in found and not r.is_test_code
        ]
        steps += 1
    return found


def _has_lock(source: Source, receiver: str) -> bool:
    """Whether a type guards something with a lock: then what it does not guard was forgotten."""
    return any("sync." in f.type and "Mutex" in f.type for file in source.files for t in file.types if t.name == receiver for f in t.fields)


def _held(routine: Routine) -> Iterator[tuple[int, str, bool]]:
    """(line, text, whether a lock is held there)."""
    held = False
    for number, text in routine.lines:
        if _LOCK.search(text):
            held = True
        yield number, text, held
        if "defer" not in text and _UNLOCK.search(text):
            held = False


def _bare_writes(source: Source, routine: Routine) -> Iterator[tuple[int, str]]:
    receiver = routine.fact.receiver_name
    shape = re.compile(rf"(?<!\w)({re.escape(receiver)}(?:\.\w+)+)(?:\[[^\]]*\])?\s*(?:\+\+|--|[-+*/|&]?=(?!=))") if receiver else None
    for number, text, held in _held(routine):
        if held:
            continue
        found = shape.search(text) if shape else None
        if found:
            yield number, found[1]
        for name in source.touched(routine):
            if number in source.changes(routine, name) and not re.search(
                rf"\b{name}\.(?:Add|Store|Swap|CompareAndSwap|Load\w*|Delete)\(", text
            ):
                yield number, name


def _captured(routine: Routine, block: Block, depth: int) -> Iterator[Clue]:
    """Variables of the function around a goroutine that the goroutine writes."""
    inside = [(n, text) for n, text in routine.lines if block.line <= n <= block.end_line]
    if any(_LOCK.search(text) for _, text in inside):
        return
    text = "\n".join(t for _, t in inside)
    for number, code in inside:
        found = re.search(r"^\s*(?:go func\(.*?\)\s*\{\s*)?(\w+)\s*(?:\+\+|--|[-+*/|&]?=(?!=))", code)
        if found and not re.search(rf"(?<!\w){found[1]}\s*(?:,[^=\n]*)?:=|\bvar {found[1]}\b", text):
            yield clue(routine, number, f"goroutines write {found[1]} here without holding a lock", 80, depth)


def _times(own: Mapping[Routine, int]) -> Iterator[Clue]:
    clocks = [(r, n, d) for r, d in own.items() for n, name, _, _ in calls_in(r) if name in _CLOCKS]
    crossing = {r.is_test_code for r, _, _ in clocks} == {True, False}
    for routine, line, depth in clocks:
        if crossing:
            yield clue(routine, line, "the clock is read twice, and may have moved on in between", 66, depth)
    for routine, depth in own.items():
        for line, name, _, _ in calls_in(routine):
            if name == "time.Sleep":
                why = "a fixed wait for what takes as long as it takes: wait for the event itself"
                yield clue(routine, line, why, 68 if routine.is_test_code else 45, depth)
            elif name in _DEADLINES and routine.is_test_code:
                yield clue(routine, line, "a deadline that a slower machine misses", 60 if name.startswith("context.") else 42, depth)
        if not routine.is_test_code:
            for block in _blocks(routine, "go"):
                yield clue(routine, block.line, "a goroutine: what it does may come earlier or later", 44, depth)
