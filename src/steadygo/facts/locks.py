"""Where a function locks and unlocks its mutexes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from steadygo.facts.go import Call, Function, GoFile
from steadygo.facts.gobody import Body, body
from steadygo.facts.repository import Repository

_PAIRS = {"Lock": "Unlock", "RLock": "RUnlock"}
_MUTEXES = ("sync.Mutex", "sync.RWMutex")


@dataclass(frozen=True)
class Locking:
    """All plain locks of one mutex in one function or closure, and all its unlocks there, deferred ones and those in closures too."""

    file: GoFile
    function: Function
    mutex: str  # as written: "s.mu"
    locks: tuple[Call, ...]
    unlocks: tuple[Call, ...]

    @property
    def deferred(self) -> bool:
        """Whether some unlock is deferred, directly or in a deferred closure."""
        return any(c.mode == "defer" for c in self.unlocks)


def lockings(facts: Repository) -> Iterator[Locking]:
    """Mutexes known by type (sync.Mutex, sync.RWMutex), read and write locks apart, in shipped files."""
    for method, other in _PAIRS.items():
        found: dict[tuple[str, int, str], list[Call]] = {}
        files: dict[str, GoFile] = {}
        for file, call in facts.go.calls(*(f"{kind}.{method}" for kind in _MUTEXES)):
            if file.is_test or file.generated or call.mode or "[" in call.receiver or "(" in call.receiver:
                continue
            view = body(facts.go, file)
            files[file.path] = file
            found.setdefault((file.path, view.owner[call.block], call.receiver), []).append(call)
        for (path, owner, mutex), locks in found.items():
            file = files[path]
            function = body(facts.go, file).functions.get(owner)
            if function is not None and facts.ships(path):
                unlocks = [_deferred(body(facts.go, file), c) for c in body(facts.go, file).calls(owner) if _is(c, mutex, other)]
                yield Locking(file, function, mutex, tuple(locks), tuple(unlocks))


def _is(call: Call, mutex: str, method: str) -> bool:
    return call.receiver == mutex and call.name.rpartition(".")[2] == method


def _deferred(view: Body, call: Call) -> Call:
    """`call` with the mode of the statement around it: an unlock in a deferred closure is deferred."""
    if call.mode:
        return call
    block = call.block
    while block > 0 and view.file.blocks[block].kind != "function":
        if view.file.blocks[block].kind == "defer":
            return Call(call.name, call.line, call.column, call.block, call.args, call.receiver, call.results, "defer", call.use)
        block = view.file.blocks[block].parent
    return call
