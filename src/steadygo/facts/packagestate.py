"""Package variables that code changes while the program runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from steadygo.facts.go import Assignment, Declaration, GoFile
from steadygo.facts.gobody import body
from steadygo.facts.gocode import GoCode
from steadygo.facts.gopackage import Package
from steadygo.facts.gotyping import path_of
from steadygo.facts.requestscope import serves_requests
from steadygo.facts.testfile import given_to
from steadygo.findings import Place

_DECLARES = (":=", "var", "const")


@dataclass(frozen=True)
class Change:
    """An assignment to a package variable outside of init, main and sync.Once. `live`: request, goroutine, loop or "" (not seen)."""

    package: Package
    file: GoFile
    declaration: Declaration
    at: Place
    live: str


def changes(code: GoCode) -> Iterator[Change]:
    """Every change in code that is neither a test nor generated."""
    for file in code.files:
        if file.is_test or file.generated:
            continue
        own = code.packages[file.directory]
        for assignment in file.assignments:
            if assignment.operator in _DECLARES or assignment.block == 0:
                continue
            for name in assignment.names:
                found = _variable(code, file, own, name)
                if found is None:
                    continue
                package, (where, declaration) = found
                function = code.declared_function_at(file, assignment.block)
                if declaration.value.startswith("&swag."):  # what swag generates is set by hand at the start
                    continue
                if function is None or function.name in ("init", "main") or _once(code, file, assignment):
                    continue
                if package is own and _is_local(code, file, function.block, declaration.name):
                    continue
                yield Change(package, where, declaration, file.at(assignment), _live(code, file, assignment))


def _variable(code: GoCode, file: GoFile, own: Package, name: str) -> tuple[Package, tuple[GoFile, Declaration]] | None:
    parts = name.lstrip("*").partition("[")[0].split(".")
    found = own.declarations.get(parts[0])
    if found is not None:
        return (own, found) if found[1].kind == "var" else None
    if len(parts) < 2 or not parts[1][:1].isupper():
        return None
    path = path_of(file, parts[0])
    package = code.package_of(path)
    found = package.declarations.get(parts[1]) if package is not None else None
    return (package, found) if package is not None and found is not None and found[1].kind == "var" else None


def _is_local(code: GoCode, file: GoFile, block: int, name: str) -> bool:
    view = body(code, file)
    if any(a.operator in _DECLARES and name in a.names for a in view.assignments(block)):
        return True
    functions = (f for b, f in view.functions.items() if view.within(b, block))
    return any(name == f.receiver_name or name in f.results or any(name == p for p, _ in f.params) for f in functions)


def _once(code: GoCode, file: GoFile, assignment: Assignment) -> bool:
    block = assignment.block
    while block > 0:
        if file.blocks[block].kind == "closure":
            given = given_to(body(code, file), block)
            if given is not None and given.name.endswith((".Do", "sync.OnceFunc", "sync.OnceValue")):
                return True
        block = file.blocks[block].parent
    return False


def _live(code: GoCode, file: GoFile, assignment: Assignment) -> str:
    """Why the change happens while the program serves, "" when that was not seen."""
    if serves_requests(code, file, assignment.block):
        return "request"
    block = assignment.block
    while block > 0:
        kind = file.blocks[block].kind
        if kind == "go":
            return "goroutine"
        if kind in ("for", "range") and _endless(file, block):
            return "loop"
        block = file.blocks[block].parent
    function = code.declared_function_at(file, assignment.block)
    if function is not None and any(call.mode == "go" for caller, call in code.callers(file, function) if not caller.is_test):
        return "goroutine"
    return ""


def _endless(file: GoFile, block: int) -> bool:
    """`for {` and loops over a channel of changes, as far as the text shows."""
    text = file.blocks[block].text
    return (file.blocks[block].kind == "for" and text in ("", "true")) or "Watch(" in text
