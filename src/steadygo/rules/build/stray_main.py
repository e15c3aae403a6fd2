"""A forgotten program lies where a package should be: it gets built and shipped by accident, or breaks every build.

A `test.go`, `tmp.go` or `scratch.go` with its own func main is somebody's experiment. In the module's root it turns the module into a
program that `go install` of the module's path installs; beside another main.go it gives "main redeclared" as soon as anyone builds the
package instead of one file. test.go is not a test: its name does not end in _test.go.

Files with `//go:build ignore`, and everything below cmd, tools, examples and tests, are left out unless two mains collide.

Fix: delete it, move it below cmd or tools, or mark it `//go:build ignore`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts.go import Function, GoFile
from steadygo.facts.repository import Repository
from steadygo.facts.roles import aside
from steadygo.findings import Because, Confidence, Finding, Place, Severity, because
from steadygo.rules.rule import Rule

_NAMES = re.compile(
    r"^(test|tests|tmp|temp|scratch|try|foo|bar|baz|debug|demo|old|backup|copy|untitled|playground|play|sandbox|x|aa?|hello|smoke|main)[-_]?"
    r"(\d+|old|copy|bak|backup|test|tmp|new)?\.go$"
)


def check(facts: Repository) -> Iterator[Finding]:
    for directory, package in sorted(facts.go.packages.items()):
        if not package.is_main:
            continue
        mains = [(file, f) for file, f in package.functions.get("main", []) if not file.generated]
        plain = [(file, f) for file, f in mains if not file.constraint]
        if len(plain) > 1:
            stray = [m for m in plain if _NAMES.match(_name(m[0])) and _name(m[0]) != "main.go"] or plain[1:]
            first = next(m for m in plain if m is not stray[0])
            reason = because(first[0].at(first[1]), "the other func main")
            message = f"{stray[0][0].path} is a second func main in one package: the package does not compile"
            yield _finding(facts, stray[0], message, (reason,))
        elif plain and _NAMES.match(_name(plain[0][0])) and _name(plain[0][0]) != "main.go" and not aside(f"{directory}/x"):
            below_command = "cmd" in directory.split("/") or directory in facts.settings.entry_points + facts.settings.tools
            if not below_command:
                where = (
                    "the module's root"
                    if facts.go.module_of(directory) in [m for m in facts.modules if m.directory == directory]
                    else directory
                )
                yield _finding(facts, plain[0], f"{plain[0][0].path} is a forgotten program in {where}", _users(facts, directory))


def _name(file: GoFile) -> str:
    return file.path.rpartition("/")[2]


def _finding(facts: Repository, stray: tuple[GoFile, Function], message: str, reasons: tuple[Because, ...]) -> Finding:
    file, function = stray
    return Finding(
        message, Place(file.path, function.line, function.column), reasons, f"Delete {file.path}, or move it below cmd or tools."
    )


def _users(facts: Repository, directory: str) -> tuple[Because, ...]:
    service = next((s for s in facts.services if s.main == directory), None)
    return tuple(because(b.at, f"a {b.origin} builds or starts it") for b in service.builds[:2]) if service else ()


_MOD = {"go.mod": "module example.com/orders\n\ngo 1.24\n", "cmd/orders/main.go": "package main\n\nfunc main() {}\n"}
_STRAY = "package main\n\nfunc main() {} // want\n"

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    fails=(
        {**_MOD, "test.go": _STRAY},
        {**_MOD, "cmd/orders/main_old.go": _STRAY},
        {**_MOD, "internal/store/tmp.go": _STRAY},
    ),
    passes=(
        {**_MOD, "main.go": "package main\n\nfunc main() {}\n"},
        {**_MOD, "test.go": "//go:build ignore\n\npackage main\n\nfunc main() {}\n"},
        {**_MOD, "tools/test.go": "package main\n\nfunc main() {}\n", "test.go": "package orders\n"},
        {
            **_MOD,
            "cmd/w/main_linux.go": "package main\n\nfunc main() {}\n",
            "cmd/w/main_windows.go": "package main\n\nfunc main() {}\n",
        },
    ),
)
