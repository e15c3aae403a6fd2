"""Which code runs at every start of a program, whatever its settings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from steadygo.facts.go import Call, Function, GoFile
from steadygo.facts.gocode import GoCode
from steadygo.findings import Place

_COBRA = "github.com/spf13/cobra.Command"


def always_run(go: GoCode, main_directory: str) -> frozenset[tuple[str, int]]:
    """(path, block) of declared functions that main, init and package-level initialisers call unconditionally, directly or not.

    Errs on the side of fewer: calls in branches, loops with a condition, handlers and closures do not count, nor do methods whose type
    is not known. The one Run of a program with a single cobra command counts.
    """
    key = f"always run: {main_directory}"
    if key not in go.memo:
        go.memo[key] = frozenset(_walk(go, main_directory))
    return cast(frozenset[tuple[str, int]], go.memo[key])


def unconditional(go: GoCode, file: GoFile, call: Call) -> bool:
    """Whether `call` runs whenever its function does: in no branch, conditional loop or closure, but that of go and defer."""
    index = call.block
    while index > 0:
        block = file.blocks[index]
        if block.kind == "function":
            return True
        if block.kind == "closure":
            if file.blocks[block.parent].kind not in ("go", "defer"):
                return False
        elif block.kind in ("if", "switch"):
            if not _in_header(file, call, index):
                return False
        elif block.kind in ("range", "else", "case", "comm", "select") or (block.kind == "for" and block.text):
            return False
        index = block.parent
    return True


def _in_header(file: GoFile, call: Call, index: int) -> bool:
    block = file.blocks[index]
    if call.block != index or call.line != block.line:
        return False
    name = call.name.rpartition(".")[2]
    return f"{name}(" in block.text or any(
        a.line == call.line and a.block == index and any(f"{name}(" in v for v in a.values) for a in file.assignments
    )


def _walk(go: GoCode, main_directory: str) -> set[tuple[str, int]]:
    found: set[tuple[str, int]] = set()
    work: list[tuple[GoFile, Function]] = []
    reached = go.reachable(main_directory)
    for directory in reached:
        package = go.packages[directory]
        for name in ("init", "main") if directory == main_directory else ("init",):
            work += package.functions.get(name, [])
        for file in package.files:
            for call in file.calls:
                if call.block == 0:
                    work += _single(go, file, call)
    commands = [(f, c) for f, c in go.composites(_COBRA) if f.directory in reached and any(n in ("Run", "RunE") for n, _ in c.fields)]
    if len(commands) == 1:
        file, command = commands[0]
        name = next(t for n, t in command.fields if n in ("Run", "RunE"))
        work += go.packages[file.directory].functions.get(name, [])
    while work:
        file, function = work.pop()
        if (file.path, function.block) in found:
            continue
        found.add((file.path, function.block))
        for call in _calls_in(file, function):
            if unconditional(go, file, call):
                work += _single(go, file, call)
    return found


def _calls_in(file: GoFile, function: Function) -> Iterator[Call]:
    return (c for c in file.calls if function.line <= c.line <= function.end_line and c.block >= function.block)


def _single(go: GoCode, file: GoFile, call: Call) -> list[tuple[GoFile, Function]]:
    callees = go.callees(file, call)
    return callees if len(callees) == 1 else []


def read_at_start(go: GoCode, at: Place) -> bool:
    """Whether the call at `at` is unconditional in its function."""
    file = next((f for f in go.packages[at.path.rpartition("/")[0]].files if f.path == at.path), None)
    call = next((c for c in file.calls if (c.line, c.column) == (at.line, at.column)), None) if file else None
    return file is not None and call is not None and unconditional(go, file, call)
