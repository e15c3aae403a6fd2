"""Lines that carry state from one test to another, or from one run of a test to the next."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from steadygo.testing.suspects.clue import Clue, calls_in, clue
from steadygo.testing.suspects.source import Routine, Source

_SET = ("os.Setenv", "os.Unsetenv", "os.Clearenv")
_PROCESS_WIDE = {
    "os.Chdir": "the working directory belongs to the whole process: t.Chdir puts it back",
    "log.SetOutput": "the standard logger belongs to the whole process",
    "log.SetFlags": "the standard logger belongs to the whole process",
    "log/slog.SetDefault": "the default logger belongs to the whole process",
    "math/rand.Seed": "the top-level generator belongs to the whole process",
    "net/http.Handle": "the default ServeMux belongs to the whole process, and takes a pattern once",
    "net/http.HandleFunc": "the default ServeMux belongs to the whole process, and takes a pattern once",
    "expvar.Publish": "expvar takes a name once in a process",
    "expvar.NewInt": "expvar takes a name once in a process",
    "expvar.NewMap": "expvar takes a name once in a process",
    "database/sql.Register": "database/sql takes a driver's name once in a process",
    "github.com/prometheus/client_golang/prometheus.MustRegister": "the default registry takes a collector once in a process",
    "runtime.GOMAXPROCS": "GOMAXPROCS belongs to the whole process",
    "runtime/debug.SetGCPercent": "the collector's setting belongs to the whole process",
    "runtime/debug.SetMemoryLimit": "the memory limit belongs to the whole process",
    "flag.Set": "flags belong to the whole process",
}
_PROCESS_VARIABLES = re.compile(
    r"(?<![\w.])(?:time\.Local|os\.Args|os\.Std(?:out|err|in)|http\.Default(?:Client|Transport|ServeMux)(?:\.\w+)?|flag\.CommandLine)\s*=(?!=)"
)
_EXCLUSIVE = re.compile(r"\bos\.O_EXCL\b|\bos\.Mkdir\(|\bos\.Symlink\(|\bos\.Link\(")
_FIXED_TEMPORARY = re.compile(r"os\.TempDir\(\)\s*(?:,\s*\"|\+)|\"/(?:var/)?tmp/[^\"]+\"|os\.UserCacheDir\(\)")
_HOST_AND_PORT = re.compile(r"\"(?:[A-Za-z][\w.-]*|\d+(?:\.\d+){3}|\[[^\]\s\"]*\])?:(?!0+\")\d{1,5}\"")
_LISTENS = re.compile(r"\.?(?:Listen\w*|Start\w*|Serve\w*|Run|New\w*|Bind)$")


def passed_on(source: Source, polluters: Sequence[str], victim: str, brittle: bool) -> Iterator[Clue]:
    """What the polluters (for a brittle test: those that set what it needs) leave behind, and the victim finds."""
    theirs = [source.reach([name]) for name in polluters]
    own = source.reach([victim])
    who = " and ".join(polluters)
    for name, variable in source.variables.items():
        if not all(any(source.left(r, name)[0] for r in one) for one in theirs):
            continue
        stays = max(share for one in theirs for r in one for lines, share in [source.left(r, name)] if lines)
        readers = {r: lines for r in own if (lines := source.mentions(r, name))}
        if not readers:
            continue
        for routine, depth in _merged(theirs).items():
            lines, share = source.left(routine, name)
            why = f"changes the package variable {name} on the way of {who}, and {victim} reads it"
            yield from (clue(routine, line, why, 100 * share, depth) for line in lines)
        for routine, lines in readers.items():
            reading = [n for n in lines if n not in source.changes(routine, name)]
            yield from (clue(routine, n, f"{victim} reads the package variable {name} here", 80 * stays, own[routine]) for n in reading[:1])
        if brittle:
            declared = variable.declaration
            yield Clue(variable.file.path, declared.line, f"{name} starts without what {victim} needs", 85)
    for routine, depth in _merged(theirs).items():
        yield from _environment(routine, depth, own)
        yield from _left_running(source, routine, depth, victim)
        yield from _process_wide(routine, depth)
    if brittle:
        for one in theirs:
            for routine, depth in one.items():
                if depth == 0:
                    yield from _setting_calls(source, routine, who)


def _setting_calls(source: Source, routine: Routine, who: str) -> Iterator[Clue]:
    """Calls in the test that sets the state, of functions that change a package variable."""
    for line, name, _, _ in calls_in(routine):
        called = [r for r in source.called(name) if not r.is_test_code]
        if any(source.changes(r, v) for r in called for v in source.touched(r)):
            yield clue(routine, line, f"{who} sets here what others rely on", 90)


def _merged(reaches: Iterable[Mapping[Routine, int]]) -> dict[Routine, int]:
    found: dict[Routine, int] = {}
    for one in reaches:
        for routine, depth in one.items():
            found[routine] = min(depth, found.get(routine, depth))
    return found


def _environment(routine: Routine, depth: int, own: Iterable[Routine]) -> Iterator[Clue]:
    for line, name, args, _ in calls_in(routine):
        if name in _SET:
            variable = args[0] if args else ""
            read = any(variable and variable in text for r in own for _, text in r.raw if "env" in text.lower())
            yield clue(routine, line, f"{name} outlives the test: t.Setenv puts the variable back", 110 if read else 60, depth)


def _left_running(source: Source, routine: Routine, depth: int, victim: str) -> Iterator[Clue]:
    if not routine.is_test_code:
        return
    for line, name, _, use in calls_in(routine):
        for called in source.called(name):
            if use == "" and called.fact.results and _starts_goroutine(called):
                yield clue(routine, line, f"the goroutine that this starts is not ended, and still runs beside {victim}", 108, depth)
    for block in routine.blocks:
        if block.kind == "go" and not _waits(routine, block.end_line):
            yield clue(routine, block.line, f"nothing waits for this goroutine: it may still run beside {victim}", 70, depth)


def _starts_goroutine(routine: Routine) -> bool:
    return any(b.kind == "go" for b in routine.blocks)


def _waits(routine: Routine, after: int) -> bool:
    return any(n >= after and re.search(r"\.Wait\(\)|<-", text) for n, text in routine.lines)


def _process_wide(routine: Routine, depth: int) -> Iterator[Clue]:
    for line, name, args, _ in calls_in(routine):
        if name in _PROCESS_WIDE and not (name == "runtime.GOMAXPROCS" and args == ("0",)) and args != ("-1",):
            yield clue(routine, line, _PROCESS_WIDE[name], 75, depth)
    for line, text in routine.lines:
        if _PROCESS_VARIABLES.search(text):
            yield clue(routine, line, "this variable belongs to the whole process: put it back with t.Cleanup", 90, depth)


def left_for_itself(source: Source, test: str) -> Iterator[Clue]:
    """What a test leaves behind that its own second run finds."""
    own = source.reach([test])
    for routine, depth in own.items():
        for name in source.touched(routine):
            lines, share = source.left(routine, name)
            why = f"changes the package variable {name}, which the second run finds changed"
            yield from (clue(routine, line, why, 80 * share, depth) for line in lines)
        for line, text in routine.raw:
            if _EXCLUSIVE.search(text):
                yield clue(routine, line, "fails when it is there already: the first run has to remove it", 85, depth)
        yield from _process_wide(routine, depth)
    yield from _test_calls(source, own)
    yield from fixed_places(source, own)


def _test_calls(source: Source, own: Mapping[Routine, int]) -> Iterator[Clue]:
    """Calls in test code that come to a line which cannot be repeated."""
    for routine, depth in own.items():
        if depth:
            continue
        for line, name, args, _ in calls_in(routine):
            called = [r for r in source.called(name) if not r.is_test_code]
            once = any(_EXCLUSIVE.search(text) for r in called for _, text in r.raw)
            changes = any(source.changes(r, v) for r in called for v in source.touched(r))
            if (once or changes) and not any("t.TempDir()" in a for a in args) and not _cleaned(routine):
                yield clue(routine, line, "what this makes is not taken away when the test ends: t.Cleanup, or t.TempDir", 84)


def _cleaned(routine: Routine) -> bool:
    return any("Cleanup(" in text or "defer " in text for _, text in routine.lines)


def fixed_places(source: Source, own: Mapping[Routine, int]) -> Iterator[Clue]:
    """Files and ports with a name that every process and test would use."""
    for routine, depth in own.items():
        for line, text in routine.raw:
            if _FIXED_TEMPORARY.search(text):
                yield clue(routine, line, "the same file for every test and process: t.TempDir gives each its own", 95, depth)
            if _HOST_AND_PORT.search(text) and _listening(routine, line):
                yield clue(routine, line, "a fixed port can be taken once: listen on port 0", 95, depth)
    words = frozenset(w for r in own for w in r.words)
    for file in source.files:
        for declared in file.declarations:
            if declared.name in words and _HOST_AND_PORT.fullmatch(declared.value):
                yield Clue(file.path, declared.line, "a fixed port can be taken once: listen on port 0", 98)
                for routine, depth in own.items():
                    lines = [n for n, _, args, _ in calls_in(routine) if declared.name in args]
                    yield from (clue(routine, n, "a fixed port can be taken once: listen on port 0", 90, depth) for n in lines[:1])
            if declared.name in words and _FIXED_TEMPORARY.search(declared.value):
                yield Clue(file.path, declared.line, "the same file for every test and process: t.TempDir gives each its own", 98)


def _listening(routine: Routine, line: int) -> bool:
    return any(n == line and _LISTENS.search(name) for n, name, _, _ in calls_in(routine))


def shared_at_once(source: Source, test: str) -> Iterator[Clue]:
    """What tests that run at the same time take from each other."""
    own = source.reach([test])
    yield from fixed_places(source, own)
    for name, variable in source.variables.items():
        changed = {r: lines for r in own if (lines := source.changes(r, name))}
        if not changed:
            continue
        why = f"changes the package variable {name} while others run at the same time"
        for routine, lines in changed.items():
            yield from (clue(routine, n, why, 85, own[routine]) for n in lines[:2])
        for routine, depth in own.items():
            if depth == 0:
                for line, called, _, _ in calls_in(routine):
                    if any(r in changed for r in source.called(called)):
                        yield clue(routine, line, f"comes to the package variable {name}, which others change at the same time", 84)
        yield Clue(variable.file.path, variable.declaration.line, f"{name} is shared by all tests of the package", 60)
    for routine, depth in own.items():
        yield from _environment(routine, depth, own)
        yield from _process_wide(routine, depth)
