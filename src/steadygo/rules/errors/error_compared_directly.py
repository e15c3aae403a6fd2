"""The special case is missed as soon as somebody wraps the error: == compares the outermost error only.

`err == store.ErrNotFound` is true for the bare value. One fmt.Errorf("…: %w", err) on the way, today or in the next change, and the
comparison is false: the request answers 500 instead of 404, the retry never stops. Where the repository wraps this very error
already the finding is a hazard, otherwise a note.

io.EOF and other errors that are documented to be returned bare by what was just called are left out.

Fix: errors.Is(err, ErrNotFound).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts.go import Comparison, GoFile
from steadygo.facts.repository import Repository
from steadygo.findings import Because, Confidence, Finding, Severity, because
from steadygo.rules.rule import Rule

_ERROR = re.compile(r"(?:[a-z]\w*\.)*(?:err|[a-z]\w*Err|err[A-Z0-9]\w*)\Z")
_SENTINEL = re.compile(r"(?:[a-z]\w*\.)?(?:Err[A-Z]\w*|err[A-Z]\w*)\Z|context\.(?:Canceled|DeadlineExceeded)\Z")


def check(facts: Repository) -> Iterator[Finding]:
    wrapped: dict[str, Because] | None = None
    for file in facts.go.files:
        if file.is_test or file.generated or not file.comparisons:
            continue
        found = [c for c in file.comparisons if c.operator in ("==", "!=") and _sentinel(file, c)]
        if not found or not facts.ships(file.path):
            continue
        wrapped = _wrapped(facts) if wrapped is None else wrapped
        for comparison in found:
            sentinel = _sentinel(file, comparison)
            function = facts.go.declared_function_at(file, comparison.block)
            if function is not None and function.name == "Is":
                continue  # an error's own Is method compares by identity
            proof = wrapped.get(_full(facts, file, sentinel))
            yield Finding(
                f"a wrapped {sentinel} is not recognised by {comparison.operator}",
                file.at(comparison),
                (proof,) if proof else (),
                f"Write {'!' if comparison.operator == '!=' else ''}errors.Is({_other(comparison, sentinel)}, {sentinel}).",
                severity=Severity.HAZARD if proof else None,
            )


def _sentinel(file: GoFile, comparison: Comparison) -> str:
    """The sentinel error that an error variable is compared with, "" when this is none."""
    for one, other in ((comparison.left, comparison.right), (comparison.right, comparison.left)):
        if _SENTINEL.match(one) and _ERROR.match(other) and not (_SENTINEL.match(other) and "." in other):
            first = one.partition(".")[0]
            if "." in one and not any(i.name == first for i in file.imports):
                continue
            if "." not in one and one[0] == "e" and not _declared(file, one):
                continue
            return one
    return ""


def _declared(file: GoFile, name: str) -> bool:
    """Whether a lower-case name is a package variable of this file: others may be local error variables."""
    return any(d.name == name and d.kind == "var" for d in file.declarations)


def _other(comparison: Comparison, sentinel: str) -> str:
    return comparison.right if comparison.left == sentinel else comparison.left


def _full(facts: Repository, file: GoFile, name: str) -> str:
    first, _, rest = name.partition(".")
    if rest:
        return next((f"{i.path}.{rest}" for i in file.imports if i.name == first), name)
    package = facts.go.packages[file.directory]
    return f"{package.path or package.directory}.{name}"


def _wrapped(facts: Repository) -> dict[str, Because]:
    """Sentinels that some fmt.Errorf of the repository wraps, and where."""
    found: dict[str, Because] = {}
    for file, call in facts.go.calls("fmt.Errorf"):
        if file.is_test or not call.args or "%w" not in call.args[0]:
            continue
        for arg in call.args[1:]:
            if _SENTINEL.match(arg):
                found.setdefault(_full(facts, file, arg), because(file.at(call), f"{arg} is wrapped here"))
    return found


_MOD = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}

RULE = Rule(
    severity=Severity.NOTE,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    fails={
        **_MOD,
        "main.go": """package main

import ("database/sql"; "errors"; "fmt")

var errRefused = errors.New("refused")

func main() { println(find(nil), refuse()) }

func find(err error) bool {
    if err == sql.ErrNoRows { // want
        return false
    }
    return errRefused != err // want
}

func refuse() error { return fmt.Errorf("order: %w", errRefused) }
""",
    },
    passes={
        **_MOD,
        "main.go": """package main

import ("database/sql"; "errors"; "io")

type gone struct{}

var errNone error

func main() { println(find(nil), copied(nil)) }

func find(err error) bool {
    if errors.Is(err, sql.ErrNoRows) || err == nil || err == io.EOF { return false }
    errA, errB := err, err
    return errA == errB
}

func copied(err error) bool { kind := "ErrX"; return kind == "ErrY" }

func (gone) Is(err error) bool { return err == sql.ErrConnDone }
""",
    },
)
