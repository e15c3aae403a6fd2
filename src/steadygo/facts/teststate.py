"""What tests change for the whole process and do not put back: environment, working directory, package variables."""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts.go import Assignment, Call, Function
from steadygo.facts.gotyping import path_of
from steadygo.facts.testfile import Spot, TestFile

_ROOT = re.compile(r"\*?([A-Za-z_]\w*)(?:\.([A-Za-z_]\w*))?")
_PROCESS = ("os.Setenv", "os.Unsetenv", "os.Chdir", "os.Clearenv")
_DECLARES = (":=", "var", "const")


def left(test: TestFile) -> Iterator[Spot]:
    """kind: environment, directory, variable."""
    yield from _process(test)
    yield from _variables(test)


def _process(test: TestFile) -> Iterator[Spot]:
    wanted = [c for c in test.file.calls if c.name in _PROCESS]
    for call in wanted:
        function = test.test_at(call.block)
        if function is None or call.name == "os.Unsetenv" or test.undoes(call.block):
            continue
        inside = [c for c in wanted if c is not call and test.body.within(c.block, function.block)]
        if any(_puts_back(test, call, other) for other in inside) or _is_put_back(test, call, inside):
            continue
        restoring = (c for c in test.body.calls(function.block) if c.receiver and c.name.rpartition(".")[2] in ("Setenv", "Chdir"))
        if any(c.args[:1] == call.args[:1] for c in restoring):
            continue
        kind = "directory" if call.name == "os.Chdir" else "environment"
        spot = test.spot(call, f"{call.name}({', '.join(call.args[:1])})", kind)
        if spot is not None:
            yield spot


def _puts_back(test: TestFile, call: Call, other: Call) -> bool:
    """Whether `other` undoes `call`: at the end of the test, or later in its text by a value that was kept or is empty."""
    if (call.name == "os.Chdir") != (other.name == "os.Chdir"):
        return False
    if test.undoes(other.block):
        return call.name == "os.Chdir" or other.name == "os.Clearenv" or other.args[:1] == call.args[:1] or not _is_literal(other.args, 0)
    if other.line <= call.line or call.name == "os.Clearenv":
        return False
    if call.name == "os.Chdir":
        return not _is_literal(other.args, 0)
    return other.name == "os.Clearenv" or (
        other.args[:1] == call.args[:1] and (not _is_literal(other.args, 1) or other.args[1:] == ('""',))
    )


def _is_put_back(test: TestFile, call: Call, inside: list[Call]) -> bool:
    """Whether `call` is itself what puts a kept value back."""
    earlier = [c for c in inside if c.line < call.line and (c.args[:1] == call.args[:1] or call.name == "os.Chdir")]
    at = 0 if call.name == "os.Chdir" else 1
    return bool(earlier) and call.name != "os.Clearenv" and (not _is_literal(call.args, at) or call.args[at : at + 1] == ('""',))


def _is_literal(args: tuple[str, ...], at: int) -> bool:
    return len(args) > at and args[at].startswith(('"', "`"))


def _variables(test: TestFile) -> Iterator[Spot]:
    file = test.file
    changed = [
        (a, name, target) for a in file.assignments if a.operator not in _DECLARES for name in a.names if (target := _target(test, name))
    ]
    for assignment, name, target in changed:
        function = test.test_at(assignment.block)
        if function is None or test.undoes(assignment.block) or ("." not in target and _is_local(test, function, target)):
            continue
        same = [a for a, _, other in changed if other == target and a is not assignment and test.body.within(a.block, function.block)]
        if any(test.undoes(a.block) or _saved(a) for a in same) or _saved(assignment) or _saved_by_call(test, function, target):
            continue
        helpers = {
            f.name for a, _, other in changed if other == target and test.undoes(a.block) and (f := test.test_at(a.block)) is not None
        }
        if helpers and any(c.name in helpers for c in test.body.calls(function.block)):
            continue
        spot = test.spot(assignment, f"{name} {assignment.operator}", "variable")
        if spot is not None:
            yield spot


def _saved(assignment: Assignment) -> bool:
    """`X = old`, `X = orig…`, `X = X[:0]`: puts back what was kept, or empties."""
    if any(value == f"{name}[:0]" for name, value in zip(assignment.names, assignment.values, strict=False)):
        return True
    return any(
        re.match(r"(?i)(?:old|orig|prev|saved?|backup|before|bak|tmp|default)\w*\Z", v.rpartition(".")[2]) for v in assignment.values
    )


def _saved_by_call(test: TestFile, function: Function, target: str) -> bool:
    """`defer restore(&X)`, `t.Cleanup(swap(&X, …))`, `defer func(v int) { … }(X)`: the variable is handed to what puts it back."""
    for call in test.body.calls(function.block):
        if (call.mode == "defer" or call.name.endswith(".Cleanup")) and any(target in a for a in (*call.args, call.receiver)):
            return True
    return False


def _target(test: TestFile, name: str) -> str:
    """`Current` or `config.Current` when `name` is or lies in a package variable that is not the test's own, else ""."""
    match = _ROOT.match(name)
    if match is None or name == "_":
        return ""
    package = test.code.packages.get(test.file.directory)
    if package is not None and test.file.package == package.name:
        found = package.declarations.get(match[1])
        if found is not None and found[1].kind == "var":
            return match[1]
    other = test.code.package_of(path_of(test.file, match[1])) if match[2] else None
    found = other.declarations.get(match[2]) if other is not None else None
    return f"{match[1]}.{match[2]}" if found is not None and found[1].kind == "var" else ""


def _is_local(test: TestFile, function: Function, name: str) -> bool:
    inside = test.body.assignments(function.block)
    if any(a.operator in _DECLARES and name in a.names for a in inside):
        return True
    functions = [f for b, f in test.body.functions.items() if test.body.within(b, function.block)]
    return any(name == param for f in functions for param, _ in f.params) or any(f.receiver_name == name for f in functions)
