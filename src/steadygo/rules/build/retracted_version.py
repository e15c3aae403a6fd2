"""A service depends on a version that its authors have withdrawn: it is broken, or was published by accident.

`retract` in a module's go.mod says that nobody should use these versions. The go command only mentions it in `go list -m -u` and `go
get`; a build goes through. Known here are the retractions of modules in this repository, and a few of well-known modules, each from that
module's own go.mod.

Errs on the side of silence: the retractions of other modules are not known without the network; `go list -m -u -retracted all` has them.

Fix: require another version of the module.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts.modules import GoMod, Requirement, Retraction
from steadygo.facts.repository import Repository
from steadygo.findings import Because, Confidence, Finding, Place, Severity
from steadygo.rules.rule import Rule

_ELSEWHERE = {
    "github.com/mattn/go-sqlite3": (
        Retraction("v2.0.0+incompatible", "v2.0.6+incompatible", "Accidental; no major changes or features.", 0),
    ),
}


def check(facts: Repository) -> Iterator[Finding]:
    here = {m.module.value: m for m in facts.modules if m.module is not None and m.retractions}
    for module in facts.modules:
        if not facts.ships(module.path):
            continue
        replaced = {r.path for r in module.replacements}
        for requirement in module.requirements:
            if requirement.path in replaced:
                continue
            yield from _retracted(module, requirement, here.get(requirement.path))


def _retracted(module: GoMod, requirement: Requirement, owner: GoMod | None) -> Iterator[Finding]:
    for r in owner.retractions if owner is not None else _ELSEWHERE.get(requirement.path, ()):
        if _key(r.low) <= _key(requirement.version) <= _key(r.high or r.low):
            why = f": {r.reason}" if r.reason else ""
            reasons = (Because(owner.path, r.line, f"retracts {r.low} to {r.high}"),) if owner is not None else ()
            message = f"{requirement.path} {requirement.version} was retracted by its authors{why}"
            fix = f"Require another version of {requirement.path}."
            yield Finding(message, Place(module.path, requirement.line), reasons, fix)
            return


def _key(version: str) -> tuple[tuple[int, ...], bool, tuple[tuple[bool, int, str], ...]]:
    """A semantic version in its order; build metadata does not count."""
    plain, _, before = version.partition("+")[0].removeprefix("v").partition("-")
    numbers = tuple(int(n) for n in re.findall(r"\d+", plain)[:3])
    parts = tuple((not p.isdecimal(), int(p) if p.isdecimal() else 0, p) for p in before.split(".")) if before else ()
    return (*numbers, 0, 0, 0)[:3], not before, parts


_MAIN = {"main.go": "package main\n\nfunc main() {}\n"}
_LIB = {"lib/go.mod": "module example.com/lib\n\ngo 1.24\n\nretract [v0.3.0, v0.3.2] // loses writes\n", "lib/lib.go": "package lib\n"}
_MOD = "module example.com/orders\n\ngo 1.24\n\n"

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    needs=("module",),
    fails=(
        {**_MAIN, **_LIB, "go.mod": _MOD + "require example.com/lib v0.3.1 // want\n"},
        {**_MAIN, "go.mod": _MOD + "require github.com/mattn/go-sqlite3 v2.0.3+incompatible // want\n"},
    ),
    passes=(
        {**_MAIN, **_LIB, "go.mod": _MOD + "require example.com/lib v0.3.3\n"},
        {**_MAIN, **_LIB, "go.mod": _MOD + "require example.com/lib v0.3.0-rc.1\n"},
        {**_MAIN, **_LIB, "go.mod": _MOD + "require example.com/lib v0.3.1\n\nreplace example.com/lib => ./lib\n"},
        {**_MAIN, "go.mod": _MOD + "require github.com/mattn/go-sqlite3 v1.14.28\n"},
    ),
)
