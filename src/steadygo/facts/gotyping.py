"""Types of expressions across files and packages of one repository, as far as declarations show them."""

from __future__ import annotations

import re
from collections.abc import Callable

from steadygo.facts.go import Assignment, Function, GoFile
from steadygo.facts.goknown import FIELDS, RESULTS
from steadygo.facts.gopackage import Package

_CHAIN = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*\Z")
_CALL = re.compile(r"([A-Za-z_][\w.]*)\(.*\)\Z", re.DOTALL)
_LITERAL = re.compile(r"&?([A-Za-z_][\w.]*)(?:\[[^\]]*\])?\{.*(?:\}|…)\Z", re.DOTALL)
_NOT_NAMED = ("[", "map[", "chan ", "chan<-", "<-", "func", "struct", "interface", "...")
_STEPS = 6
# fmt: off
BUILTIN = frozenset([
    "any", "bool", "byte", "comparable", "complex128", "complex64", "error", "float32", "float64", "int", "int16", "int32",
    "int64", "int8", "rune", "string", "uint", "uint16", "uint32", "uint64", "uint8", "uintptr",
])
# fmt: on


def bare(type_text: str) -> str:
    """A type's name without pointer and type arguments, "" when it has none."""
    name = type_text.lstrip("*& ")
    return "" if name.startswith(_NOT_NAMED) else name.partition("[")[0]


class Typing:
    """Answers in full names: `example.com/orders/store.Store`, `database/sql.DB`, `int`; "" when not known.

    A type of a package without import path gets the directory in its place.
    """

    def __init__(self, packages: dict[str, Package], by_path: dict[str, Package], function_chain: Callable[[GoFile, int], list[Function]]):
        self._packages = packages
        self._by_path = by_path
        self._function_chain = function_chain
        self._locals: dict[tuple[str, int], dict[str, str]] = {}
        self._assigned: dict[str, dict[int, list[Assignment]]] = {}

    def full(self, package: Package, type_text: str) -> str:
        """`type_text` as it stands in a file of `package`, in full."""
        name = bare(type_text)
        if not name or name in BUILTIN or "." in name.rpartition("/")[2]:
            return name
        return f"{package.path or package.directory}.{name}"

    def owner(self, full_name: str) -> tuple[Package | None, str]:
        """The package of this repository that declares a type, and the type's bare name there."""
        path, _, name = full_name.rpartition(".")
        return self._by_path.get(path), name

    def field(self, full_name: str, field: str, steps: int = _STEPS) -> str:
        """Type of a field of a type of this repository, embedded structs included."""
        package, name = self.owner(full_name)
        if package is None or name not in package.types or steps == 0:
            return FIELDS.get(f"{full_name}.{field}", "")
        embedded: list[str] = []
        for each in package.types[name][1].fields:
            if each.name == field:
                return self.full(package, each.type)
            if not each.name:
                kind = self.full(package, each.type)
                if kind.rpartition(".")[2] == field:
                    return kind
                embedded.append(kind)
        for kind in embedded:
            found = self.field(kind, field, steps - 1)
            if found:
                return found
        return ""

    def expression(self, file: GoFile, text: str, block: int, steps: int = _STEPS) -> str:
        """Type of `x`, `x.field`, `f()`, `x.f()` or a composite literal at `block`."""
        package = self._packages.get(file.directory)
        text = text.strip().lstrip("&*")
        if package is None or steps == 0 or not text:
            return ""
        if _CHAIN.match(text):
            first, *rest = text.split(".")
            known = self._variable(file, package, first, block, steps)
            if not known and rest and (path := path_of(file, first)) and (other := self._by_path.get(path)):
                known = self._package_variable(other, rest.pop(0), steps)
            for name in rest:
                known = self.field(known, name) if known else ""
            return known
        if (literal := _LITERAL.match(text)) is not None:
            return self._named(file, package, literal.group(1))
        called = _CALL.match(text)
        return self._result(file, package, called.group(1), block, steps) if called and _balanced(text) else ""

    def _named(self, file: GoFile, package: Package, name: str) -> str:
        first, _, rest = name.partition(".")
        if rest:
            path = path_of(file, first)
            return f"{path}.{rest}" if path else ""
        return "" if name in ("func", "struct", "interface", "map") else self.full(package, name)

    def _result(self, file: GoFile, package: Package, name: str, block: int, steps: int) -> str:
        """Type of the first result of a called function or method of this repository."""
        receiver, _, last = name.rpartition(".")
        found: list[tuple[GoFile, Function]] = []
        if not receiver:
            found = package.functions.get(last, [])
        elif "." not in receiver and (path := path_of(file, receiver)):
            if f"{path}.{last}" in RESULTS:
                return RESULTS[f"{path}.{last}"]
            if (other := self._by_path.get(path)) is not None:
                package, found = other, other.functions.get(last, [])
        else:
            owner = self.expression(file, receiver, block, steps - 1)
            if f"{owner}.{last}" in RESULTS:
                return RESULTS[f"{owner}.{last}"]
            other, kind = self.owner(owner)
            if other is not None:
                package, found = other, other.methods.get(last, {}).get(kind, [])
        for _, function in found:
            if function.results:
                return self.full(package, function.results[0])
        return ""

    def _variable(self, file: GoFile, package: Package, name: str, block: int, steps: int) -> str:
        for function in self._function_chain(file, block):
            known = self._of_function(file, package, function).get(name)
            if known is not None:
                return known
            value = self._given(file, function, name)
            if value is not None:
                known = self.full(package, value.type) if value.type else ""
                if not known and value.values:
                    at = value.names.index(name)
                    whole = value.values[at] if len(value.values) == len(value.names) else value.values[0] if at == 0 else ""
                    known = self.expression(file, whole, value.block, steps - 1) if not whole.startswith("range ") else ""
                return known
        return self._package_variable(package, name, steps)

    def _of_function(self, file: GoFile, package: Package, function: Function) -> dict[str, str]:
        key = (file.path, function.block)
        known = self._locals.get(key)
        if known is None:
            known = {name: self.full(package, text) for name, text in function.params if name}
            if function.receiver_name:
                known[function.receiver_name] = self.full(package, function.receiver)
            self._locals[key] = known
        return known

    def _given(self, file: GoFile, function: Function, name: str) -> Assignment | None:
        """The first declaration of a local variable of `function`."""
        by_function = self._assigned.get(file.path)
        if by_function is None:
            by_function = {}
            for assignment in file.assignments:
                if assignment.operator in (":=", "var") and (chain := self._function_chain(file, assignment.block)):
                    by_function.setdefault(chain[0].block, []).append(assignment)
            self._assigned[file.path] = by_function
        return next((a for a in by_function.get(function.block, ()) if name in a.names), None)

    def _package_variable(self, package: Package, name: str, steps: int) -> str:
        found = package.declarations.get(name)
        if found is None or found[1].kind != "var":
            return ""
        file, declaration = found
        if declaration.type:
            return self.full(package, declaration.type)
        return self.expression(file, declaration.value, 0, steps - 1) if declaration.value else ""


def path_of(file: GoFile, name: str) -> str:
    """The import path that `name` stands for in `file`, "" when it is no package."""
    return next((i.path for i in file.imports if i.name == name), "")


def _balanced(text: str) -> bool:
    """Whether the last bracket of a call closes its first one: `f(x)(y)` and `f().g()` do not."""
    depth = 0
    for at, character in enumerate(text):
        if character == "(":
            depth += 1
        elif character == ")":
            depth -= 1
            if depth == 0:
                return at == len(text) - 1
    return False
