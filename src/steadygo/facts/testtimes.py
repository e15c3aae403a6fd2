"""Sleeps, random numbers and local time in tests."""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts import goversions
from steadygo.facts.go import Call
from steadygo.facts.testfile import Spot, TestFile

_LEAST_SECONDS = 0.005
_DRAWS = frozenset(
    "ExpFloat64 Float32 Float64 Int Int31 Int31n Int63 Int63n Intn NormFloat64 Perm Shuffle Uint32 Uint64 "  # noqa: SIM905
    "Int32 Int32N Int64 Int64N IntN N UintN Uint32N Uint64N".split()
)
_LOGS = re.compile(r"\.(?:Log|Logf|Error|Errorf|Fatal|Fatalf)\Z|\A(?:fmt|log)\.Print")
_LOCAL = re.compile(r"(?:\.Local\(\)|\btime\.Unix(?:Milli|Micro)?\([^()]*(?:\([^()]*\)[^()]*)*\))\Z")
_SHOWS_ZONE = ("Format", "String", "Day", "Hour", "Weekday", "YearDay", "Month", "Date", "Year")
_SHOWS_DAY = ("Day", "Weekday", "YearDay", "Month", "Year", "Date")
_DAY_ONLY = re.compile(r'"[^"]*0?2[^"]*"\Z')
_CLOCK_PARTS = re.compile(r"15|03|3:|04|05|:|Kitchen|RFC|ANSIC|Stamp|UnixDate|DateTime|TimeOnly")
_ASSERTS = re.compile(
    r"(?:^|[./])(?:assert|require|is|qt|c|t)\.(?:\w*Equal\w*|Contains\w*|Regexp|Errorf|Assert)\Z|\.(?:\w*Equal\w*|Contains)\Z"
)


def sleeps(test: TestFile) -> Iterator[Spot]:
    """Fixed sleeps in a test's own flow. Loops that poll, stand-ins, goroutines and synctest are left out, unknown durations count."""
    for call in test.file.calls:
        if call.name != "time.Sleep" or not call.args or not test.runs_in_line(call.block, loops=False):
            continue
        seconds = test.code.seconds(test.file, call.args[0], call.block)
        if seconds is not None and seconds < _LEAST_SECONDS:
            continue
        spot = test.spot(call, call.args[0])
        if spot is not None and not any(c.name.startswith("testing/synctest.") for c in test.file.calls):
            yield spot


def draws(test: TestFile) -> Iterator[Spot]:
    """Random numbers of which the seed is neither fixed nor logged."""
    if not any(i.path.startswith("math/rand") for i in test.file.imports):
        return
    anew = _starts_anew(test)
    for call in test.file.calls:
        package, _, name = call.name.rpartition(".")
        if package not in ("math/rand", "math/rand/v2"):
            continue
        timed = name in ("NewSource", "Seed", "NewPCG") and any("time.Now()" in a for a in call.args)
        drawn = name in _DRAWS and (package == "math/rand/v2" or anew)
        if (timed or drawn) and (spot := test.spot(call, f"rand.{name}")) is not None and not _logs_seed(test, call):
            yield spot


def _starts_anew(test: TestFile) -> bool:
    """Whether math/rand has a new seed in each run: a go line of 1.20 or later, and no fixed rand.Seed in the file."""
    module = test.code.module_of(test.file.directory)
    version = goversions.parse(module.go.value) if module is not None and module.go is not None else None
    return version is not None and version[:2] >= (1, 20) and not any(c.name == "math/rand.Seed" for c in test.file.calls)


def _logs_seed(test: TestFile, drawn: Call) -> bool:
    outermost = drawn.block
    while (parent := test.file.blocks[outermost].parent) > 0:
        outermost = parent
    return any(_LOGS.search(c.name) and any("seed" in a.lower() for a in c.args) for c in test.body.calls(outermost))


def local_times(test: TestFile) -> Iterator[Spot]:
    """Expectations that depend on the machine's time zone (kind "zone") or on the day not changing meanwhile (kind "midnight")."""
    if not any(i.path == "time" for i in test.file.imports):
        return
    asserted = {c.line for c in test.file.calls if _ASSERTS.search(c.name)}
    for call in test.file.calls:
        name = call.name.rpartition(".")[2]
        if name not in _SHOWS_ZONE or call.use not in ("operand", "condition", "argument"):
            continue
        if call.use == "argument" and call.line not in asserted:
            continue
        kind = ""
        if _LOCAL.search(call.receiver):
            kind = "zone"
        elif call.receiver == "time.Now()" and (name in _SHOWS_DAY or (name == "Format" and _is_a_day(call.args))):
            kind = "midnight"
        if kind and (spot := test.spot(call, f"{call.receiver}.{name}({', '.join(call.args)})", kind)) is not None:
            yield spot


def _is_a_day(args: tuple[str, ...]) -> bool:
    return bool(args) and (args[0] == "time.DateOnly" or (bool(_DAY_ONLY.match(args[0])) and not _CLOCK_PARTS.search(args[0])))
