"""Loop variables that closures take along, where the go line gives all rounds one variable (before Go 1.22)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from steadygo.facts import goversions
from steadygo.facts.go import Assignment, GoFile
from steadygo.facts.gobody import Body
from steadygo.facts.gocode import GoCode
from steadygo.facts.modules import GoMod
from steadygo.facts.testfile import given_to
from steadygo.findings import Place

_LITERAL = re.compile(r'"(?:[^"\\]|\\.)*"|`[^`]*`')
_UPGRADED = re.compile(r"(?<!!)\bgo1\.(?:2[2-9]|[3-9]\d)\b")


@dataclass(frozen=True)
class Captured:
    """`how`: goroutine, group (errgroup.Go and its like), deferred, parallel (a parallel subtest). `loop` is where the loop begins."""

    variable: str
    how: str
    at: Place
    loop: Place
    module: GoMod
    test: bool


def captured(code: GoCode) -> Iterator[Captured]:
    """Every such variable, at its first use in the closure."""
    for file in code.files:
        module = code.module_of(file.directory)
        version = goversions.parse(module.go.value) if module is not None and module.go is not None else None
        if module is None or version is None or version[:2] >= (1, 22) or file.generated or _UPGRADED.search(file.constraint):
            continue
        yield from _in_file(Body(file), file, module)


def _in_file(view: Body, file: GoFile, module: GoMod) -> Iterator[Captured]:
    for loop, block in enumerate(file.blocks):
        if block.kind not in ("for", "range"):
            continue
        variables = _variables(view, file, loop)
        if not variables:
            continue
        for closure in view.blocks(loop, "closure"):
            how = _kept(view, file, closure, loop)
            if not how:
                continue
            for name in variables:
                line = _used(view, file, closure, name)
                if line and not _own(view, file, closure, loop, name):
                    yield Captured(name, how, Place(file.path, line), Place(file.path, block.line), module, file.is_test)


def _variables(view: Body, file: GoFile, loop: int) -> list[str]:
    block = file.blocks[loop]
    given = [a for a in view.assignments(loop, own=True) if a.block == loop and a.operator == ":="]
    if block.kind == "range":
        return [n for a in given if a.values and a.values[0].startswith("range ") for n in a.names if n != "_"]
    header = block.text.partition(";")[0]
    return [n for n in re.split(r"\s*,\s*", header.partition(":=")[0].strip()) if n.isidentifier()] if ":=" in header else []


def _kept(view: Body, file: GoFile, closure: int, loop: int) -> str:
    """How the closure outlives its round, "" when it does not."""
    parent = file.blocks[closure].parent
    if view.owner[parent] != view.owner[loop]:
        return ""
    kind = file.blocks[parent].kind
    if kind == "defer":
        return "deferred"
    if _waits(view, file, closure, loop):
        return ""
    if kind == "go":
        return "goroutine"
    call = given_to(view, closure)
    last = call.name.rpartition(".")[2] if call is not None and call.receiver else ""
    if last == "Go":
        return "group"
    if last == "Run" and any(c.name.endswith(".Parallel") and c.block == closure for c in view.calls(closure, own=True)):
        return "parallel"
    return ""


def _waits(view: Body, file: GoFile, closure: int, loop: int) -> bool:
    """Whether the round waits behind the closure."""
    end = file.blocks[closure].end_line
    if any(c.line >= end and c.name.endswith(".Wait") for c in view.calls(loop, own=True)):
        return True
    return any(c.line >= end and c.operation in ("receive", "range") for c in view.channels(loop, own=True))


def _own(view: Body, file: GoFile, closure: int, loop: int, name: str) -> bool:
    """Whether the closure sees another variable of that name: `v := v` in the loop or inside, or a parameter."""
    function = view.functions.get(closure)
    if function is not None and any(name == param for param, _ in function.params):
        return True
    return any(
        name in a.names and a.operator in (":=", "var") and not _is_header(file, a, loop) and a.line <= file.blocks[closure].end_line
        for a in view.assignments(loop)
    )


def _is_header(file: GoFile, assignment: Assignment, loop: int) -> bool:
    return assignment.block == loop and assignment.line == file.blocks[loop].line


def _used(view: Body, file: GoFile, closure: int, name: str) -> int:
    """The first line on which the closure uses `name`, 0 when it does not."""
    use = re.compile(rf"(?<![\w.]){re.escape(name)}(?!\w)(?!\s*:(?!=))")

    def mentions(*texts: str) -> bool:
        return any(name in text and use.search(_LITERAL.sub('""', text)) for text in texts)

    lines = [c.line for c in view.calls(closure) if mentions(*c.args, c.receiver, "" if "." in c.name else c.name)]
    lines += [a.line for a in view.assignments(closure) if mentions(*a.values, *(() if a.operator == ":=" else a.names))]
    lines += [c.line for c in view.composites(closure) if mentions(*(value for _, value in c.fields))]
    lines += [j.line for j in view.jumps(closure) if j.kind == "return" and mentions(j.text)]
    lines += [c.line for c in view.channels(closure) if mentions(c.channel, c.value)]
    lines += [file.blocks[b].line for b in view.blocks(closure) if file.blocks[b].kind != "closure" and mentions(file.blocks[b].text)]
    return min(lines, default=0)
