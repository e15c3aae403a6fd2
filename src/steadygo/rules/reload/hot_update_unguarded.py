"""A request works with half of the old and half of the new settings: a goroutine replaces them while handlers read them, without a lock.

The settings are a package variable that the reloading goroutine assigns. A struct is not copied in one step: a reader may see fields of
both versions, a torn string or slice crashes. The race detector finds it only in a test that reloads under load.

Reported are package variables that a function which watches or reloads assigns, outside any lock, in a goroutine or an endless
loop, and that other functions read. Values of sync/atomic, and mutexes anywhere in the writing function, count as guards.

Fix: keep the settings in an atomic.Pointer: store a new value, never change one in place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts.go import Assignment, Declaration, Function, GoFile
from steadygo.facts.gopackage import Package
from steadygo.facts.repository import Repository
from steadygo.findings import Because, Confidence, Finding, Severity
from steadygo.rules.rule import Rule

_RELOADS = re.compile(r"watch|reload|hotupdate|onchange|onconfigchange|follow|subscribe", re.I)
_GUARD = re.compile(r"\.(?:R?Lock|TryLock|Store|Swap|CompareAndSwap|Do)$")
_SMALL = re.compile(r"^(?:true|false|-?\d+)$")


def check(facts: Repository) -> Iterator[Finding]:
    for directory, package in facts.go.packages.items():
        for file in package.files:
            functions = [f for f in file.functions if f.name and _RELOADS.search(f.name)]
            if not functions or not facts.ships(file.path):
                continue
            for function in functions:
                yield from _assigned(facts, package, directory, file, function)


def _assigned(facts: Repository, package: Package, directory: str, file: GoFile, function: Function) -> Iterator[Finding]:
    inside = [c for c in file.calls if function.line <= c.line <= function.end_line]
    if any(_GUARD.search(c.name) for c in inside) or not _concurrent(facts, file, function):
        return
    for assignment in file.assignments:
        if not function.line <= assignment.line <= function.end_line or assignment.operator != "=":
            continue
        for name in assignment.names:
            declared = package.declarations.get(name)
            if declared is None or declared[1].kind != "var" or _guarded(declared[1]) or _hidden(file, function, name, assignment):
                continue
            reader = _reader(facts, package, directory, name, file, function)
            if reader is not None:
                yield Finding(
                    f"{name} is replaced while others read it, without a lock: a reader may see half of each version",
                    file.at(assignment),
                    (reader,),
                    f"Make {name} an atomic.Pointer and store a new value.",
                )


def _concurrent(facts: Repository, file: GoFile, function: Function) -> bool:
    """Whether the function runs beside others: it is started with go, or from a goroutine's closure."""
    for other, call in facts.go.callers(file, function):
        if not other.is_test and (call.mode == "go" or facts.go.enclosing(other, call.block, "go", within_function=False) is not None):
            return True
    return False


def _guarded(declaration: Declaration) -> bool:
    return bool(re.search(r"\batomic\.|\bsync\.|\bchan\b", f"{declaration.type} {declaration.value}")) or bool(
        _SMALL.match(declaration.value)
    )


def _hidden(file: GoFile, function: Function, name: str, assignment: Assignment) -> bool:
    """Whether a local variable of the same name is meant."""
    if any(name == p for p, _ in function.params):
        return True
    local = [a for a in file.assignments if name in a.names and a.operator in (":=", "var") and function.line <= a.line <= assignment.line]
    return bool(local)


def _reader(facts: Repository, package: Package, directory: str, name: str, writer: GoFile, function: Function) -> Because | None:
    """Another function that uses the variable."""
    own = re.compile(rf"(?<![\w.]){re.escape(name)}(?!\w)")
    for file in package.files:
        for line, text in _texts(file):
            elsewhere = file is not writer or not function.line <= line <= function.end_line
            if elsewhere and own.search(text) and any(f.line <= line <= f.end_line for f in file.functions):
                return Because(file.path, line, f"{name} is read here")
    if not name[:1].isupper():
        return None
    outer = re.compile(rf"(?<![\w.]){re.escape(package.name)}\.{re.escape(name)}(?!\w)")
    for file in facts.go.importers(package.path) if package.path else ():
        for line, text in _texts(file):
            if outer.search(text):
                return Because(file.path, line, f"{name} is read here")
    return None


def _texts(file: GoFile) -> Iterator[tuple[int, str]]:
    for call in file.calls:
        for arg in call.args:
            yield call.line, arg
        if call.receiver:
            yield call.line, call.receiver
    for block in file.blocks:
        yield block.line, block.text
    for comparison in file.comparisons:
        yield comparison.line, f"{comparison.left} {comparison.right}"
    for assignment in file.assignments:
        for value in assignment.values:
            yield assignment.line, value
    for jump in file.jumps:
        yield jump.line, jump.text


_MOD = {"go.mod": "module example.com/orders\n\ngo 1.25\n"}
_HEAD = (
    'package main\n\nimport "sync"\n\ntype settings struct{ Max int }\n\nvar (\n\tcurrent settings\n\tguard sync.Mutex\n)\n\n'
    "func main() {\n\tgo watch(nil)\n\tprintln(most())\n}\n\nfunc most() int { return current.Max }\n\n"
    "func watch(changes chan settings) {\n\tfor next := range changes {\n"
)

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("go", "environment"),
    fails={**_MOD, "main.go": _HEAD + "\t\tcurrent = next // want\n\t}\n}\n"},
    passes=(
        {**_MOD, "main.go": _HEAD + "\t\tguard.Lock()\n\t\tcurrent = next\n\t\tguard.Unlock()\n\t}\n}\n"},
        {**_MOD, "main.go": _HEAD.replace("go watch(nil)", "watch(nil)") + "\t\tcurrent = next\n\t}\n}\n"},
        {**_MOD, "main.go": _HEAD + "\t\tvar current settings\n\t\tcurrent = next\n\t\tprintln(current.Max)\n\t}\n}\n"},
        {
            **_MOD,
            "main.go": _HEAD.replace("\tcurrent settings", "\tcurrent atomic.Pointer[settings]").replace('"sync"', '"sync/atomic"')
            + "\t\tcurrent.Store(&next)\n\t}\n}\n",
        },
    ),
)
