"""How long a program takes to stop after SIGTERM: the time limits of what it waits for, one after the other."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from steadygo.facts import goinputs
from steadygo.facts.go import Call, GoFile
from steadygo.facts.gocode import GoCode
from steadygo.facts.repository import Repository, Service
from steadygo.facts.servers import flag_values
from steadygo.findings import Place

_STOPS = re.compile(
    r"(?:net/http\.Server\.Shutdown|google\.golang\.org/grpc\.Server\.GracefulStop|github\.com/labstack/echo(?:/v\d)?\.Echo\.Shutdown"
    r"|github\.com/gofiber/fiber(?:/v\d)?\.App\.Shutdown(?:WithTimeout|WithContext)?)\Z"
)
_LIMITS = ("context.WithTimeout", "context.WithTimeoutCause")
_SIGNALS = ("os/signal.Notify", "os/signal.NotifyContext")
_CLOSING = re.compile(r"(?i)(shutdown|stop|close|drain|wait|finish|flush|terminat|graceful|cleanup|teardown)")
_DEEPEST = 4


@dataclass(frozen=True)
class Wait:
    """One thing that the program waits for at most `seconds` long. `variables` may set another time at start."""

    seconds: float
    at: Place
    what: str
    variables: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Drain:
    """`waits` in order. `stops` is where the first server stops listening; `waits_first` says that time passes before that."""

    waits: tuple[Wait, ...]
    stops: Place | None
    waits_first: bool
    at: Place  # where the shutdown begins

    @property
    def seconds(self) -> float:
        return sum(w.seconds for w in self.waits)


def of(repository: Repository, service: Service) -> Drain | None:
    """The shutdown of a service's program: the function, below main, that waits for the signal, or the one that stops its servers.

    None when it has no server that it stops, or stops several in places whose order was not seen.
    """
    key = f"drain:{service.name}"
    if key not in repository.go.memo:
        repository.go.memo[key] = _Reading(repository.go, service).drain() if service.main is not None else None
    found = repository.go.memo[key]
    return found if isinstance(found, Drain) else None


class _Reading:
    """Reads one service's shutdown."""

    def __init__(self, code: GoCode, service: Service) -> None:
        self._code = code
        self._service = service
        self._reached = code.reachable_functions(service.main or "")
        self._inputs = goinputs.of(code)

    def drain(self) -> Drain | None:
        begins = self._signal_waits()
        stops = [
            (f, c)
            for name in (".Shutdown", ".GracefulStop", ".ShutdownWithTimeout", ".ShutdownWithContext")
            for f, c in self._code.calls(name)
            if self._service.has(f.directory) and self._is_stop(f, c)
        ]
        if not stops:
            return None
        found: list[Drain] = []
        for file, block, line in begins:
            waits, stopped, first = self._sequence(file, block, line, _DEEPEST, frozenset())
            if stopped is not None:
                found.append(Drain(tuple(waits), stopped, first, Place(file.path, max(line, 1))))
        if not found:
            owners = {(f.path, b): (f, c) for f, c in stops if (b := self._owner(f, c.block)) is not None}
            if len(owners) != 1:
                return None
            (_, block), (file, call) = next(iter(owners.items()))
            told = [u.line for u in file.channels if u.operation == "receive" and u.channel.endswith(".Done()") and u.line <= call.line]
            told = [n for n in told if any(self._owner(file, u.block) == block for u in file.channels if u.line == n)]
            begin = max(told, default=0)
            waits, stopped, first = self._sequence(file, block, begin, _DEEPEST, frozenset())
            return Drain(tuple(waits), stopped or file.at(call), first or begin == 0, file.at(call))
        return max(found, key=lambda d: d.seconds)

    def _is_stop(self, file: GoFile, call: Call) -> bool:
        if not _STOPS.match(call.name):
            return False
        function = self._code.declared_function_at(file, call.block)
        return function is not None and (file.path, function.block) in self._reached

    def _owner(self, file: GoFile, block: int) -> int | None:
        function = self._code.function_at(file, block)
        return function.block if function is not None else None

    def _signal_waits(self) -> list[tuple[GoFile, int, int]]:
        """(file, function's block, line) of each receive that a signal ends."""
        found: list[tuple[GoFile, int, int]] = []
        for file, call in self._code.calls(*_SIGNALS):
            function = self._code.declared_function_at(file, call.block)
            if not self._service.has(file.directory) or function is None or (file.path, function.block) not in self._reached:
                continue
            if call.name.endswith("NotifyContext"):
                name = f"{call.results[0]}.Done()" if call.results else ""
            else:
                name = call.args[0] if call.args else ""
            for use in file.channels:
                if use.operation in ("receive", "range") and use.channel == name and self._code.inside(file, use.block, function.block):
                    owner = self._owner(file, use.block)
                    if owner is not None:
                        found.append((file, owner, use.line))
        return found

    # what happens in one function after a line

    def _sequence(
        self, file: GoFile, block: int, after: int, steps: int, seen: frozenset[tuple[str, int]]
    ) -> tuple[list[Wait], Place | None, bool]:
        """Waits of the function at `block` below line `after`; where the first server stops; whether a wait comes before that."""
        if steps == 0 or (file.path, block) in seen:
            return [], None, False
        seen = seen | {(file.path, block)}
        waits: list[Wait] = []
        stopped: Place | None = None
        first = False
        counted: set[tuple[str, int]] = set()
        together: list[Wait] = []  # what goroutines wait for at the same time
        for call in sorted(file.calls, key=lambda c: (c.line, c.column)):
            if call.line <= after or call.mode == "defer" or not self._code.inside(file, call.block, block):
                continue
            apart = self._apart(file, call, block)
            if apart is None:
                continue
            found, stop, early = self._one(file, call, block, steps, seen, counted)
            if stop is not None and stopped is None:
                stopped, first = stop, first or early or bool(waits)
            if apart:
                together += found
            else:
                waits += found
        waits = [w for w in waits if w.at.path != file.path or not self._inside_limit(file, w.at.line, block, after)]
        waits += self._selects(file, block, after)
        if together:
            longest = max(together, key=lambda w: w.seconds)
            if longest.seconds > sum(w.seconds for w in waits):
                waits = [longest]
        return waits, stopped, first

    def _apart(self, file: GoFile, call: Call, block: int) -> bool | None:
        """False: runs in the function itself; True: in a goroutine beside it; None: not part of the sequence (a loop, a deferred body)."""
        at, apart = call.block, call.mode == "go"
        while at > block:
            kind = file.blocks[at].kind
            if kind in ("for", "range", "defer"):
                return None
            if kind == "closure":
                parent = file.blocks[file.blocks[at].parent]
                if parent.kind == "defer":
                    return None
                apart = True  # started with go, or handed to something that runs it
            at = file.blocks[at].parent
        return apart

    def _one(
        self, file: GoFile, call: Call, block: int, steps: int, seen: frozenset[tuple[str, int]], counted: set[tuple[str, int]]
    ) -> tuple[list[Wait], Place | None, bool]:
        if call.name == "time.Sleep" and call.args:
            return self._wait(file, call.args[0], call.block, file.at(call), "sleeps"), None, False
        call = self._code.resolved(file, call)
        name = call.name.rpartition(".")[2]
        limited: list[Wait] = []
        if _CLOSING.search(name) and call.args:
            limit = self._limit(file, call, block)
            if limit is not None and (file.path, limit.line) not in counted:
                counted.add((file.path, limit.line))
                limited = self._wait(file, limit.args[1], limit.block, file.at(limit), f"waits for {name}")
        if name == "ShutdownWithTimeout" and call.args:
            limited = self._wait(file, call.args[0], call.block, file.at(call), "waits for Shutdown")
        if _STOPS.match(call.name):
            return limited, file.at(call), False
        waits: list[Wait] = []
        stopped: Place | None = None
        first = False
        if not limited or call.receiver or not call.args:
            for other, function in self._code.callees(file, call)[:2]:
                if self._service.has(other.directory):
                    waits, stopped, first = self._sequence(other, function.block, 0, steps - 1, seen)
                    break
        if limited:  # what it waits for inside ends with the limit
            return limited, stopped, first
        return waits, stopped, first

    def _inside_limit(self, file: GoFile, line: int, block: int, after: int) -> bool:
        """Whether a line lies between the start of a time limit and the call that it limits: its wait is counted with the limit."""
        for call in file.calls:
            if call.line > max(line, after) and call.args and self._code.inside(file, call.block, block) and _CLOSING.search(call.name):
                limit = self._limit(file, call, block)
                if limit is not None and limit.line < line:
                    return True
        return False

    def _limit(self, file: GoFile, call: Call, block: int) -> Call | None:
        """The context.WithTimeout whose context a call is given."""
        context = call.args[0]
        best: Call | None = None
        for each in file.calls:
            if each.name in _LIMITS and each.results and each.results[0] == context and len(each.args) > 1 and each.line <= call.line:
                function = self._code.declared_function_at(file, each.block)
                here = self._code.declared_function_at(file, call.block)
                if function is here and (best is None or each.line > best.line):
                    best = each
        return best

    def _selects(self, file: GoFile, block: int, after: int) -> list[Wait]:
        """`case <-time.After(d):` bounds what the other case waits for."""
        function = next((f for f in file.functions if f.block == block), None)
        if after == 0 and (function is None or not _CLOSING.search(function.name)):
            return []
        found: list[Wait] = []
        for call in file.calls:
            if call.name != "time.After" or not call.args or call.line <= after or not self._code.inside(file, call.block, block):
                continue
            if self._owner(file, call.block) == block and self._code.enclosing(file, call.block, "for", "range") is None:
                found += self._wait(file, call.args[0], call.block, file.at(call), "waits")
        return found

    def _wait(self, file: GoFile, text: str, block: int, at: Place, what: str) -> list[Wait]:
        held = self._inputs.follow(file, text, block)
        seconds = [s for s in (goinputs.duration(t) for t in held.texts) if s is not None]
        if not seconds or len(seconds) != len([t for t in held.texts if t]):
            return []
        return [Wait(seconds[0], at, what, held.variables, held.flags)] if seconds[0] > 0 else []


def given(drain: Drain, values: dict[str, str | None], words: tuple[str, ...] = ()) -> Drain | None:
    """`drain` with the times that the environment or the command line sets; None when one is set to something that was not seen."""
    waits: list[Wait] = []
    for wait in drain.waits:
        texts: list[str | None] = [v for f in wait.flags for v in flag_values(words, f)]
        texts = texts or [values[v] for v in wait.variables if v in values]
        if not texts:
            waits.append(wait)
            continue
        text = texts[0]
        seconds = None if not text else float(text) if text.isdigit() else goinputs.duration(text)
        if seconds is None:
            return None
        waits.append(replace(wait, seconds=seconds))
    return replace(drain, waits=tuple(waits))
