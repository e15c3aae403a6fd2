"""The special case disappears with the next version of a library or another database: the error is recognised by its words.

Texts of errors are no contract. They differ between drivers, servers and locales and change with updates; nothing fails when they do,
only the branch is never taken again.

Reported are comparisons and searches in err.Error(). Errors that come from a remote peer as plain text leave no other way: those
need the reason beside the line (steadygo:ignore).

Fix: compare with errors.Is, take the type with errors.As, or read the driver's error code (pgconn.PgError.Code).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Place, Severity
from steadygo.rules.rule import Rule

_SEARCHES = ("strings.Contains", "strings.HasPrefix", "strings.HasSuffix", "strings.EqualFold", "strings.Index")
_TEXT = re.compile(r"(?:strings\.(?:ToLower|TrimSpace)\()?(?:[a-z]\w*\.)*(?:err|[a-z]\w*Err|err[A-Z0-9]\w*)\.Error\(\)\)?\Z")


def check(facts: Repository) -> Iterator[Finding]:
    found: dict[Place, str] = {}
    for file, call in facts.go.calls(*_SEARCHES):
        if not file.generated and len(call.args) == 2 and _TEXT.match(call.args[0]) and facts.ships(file.path):
            found.setdefault(file.at(call), call.args[1])
    for file in facts.go.files:
        if file.is_test or file.generated:
            continue
        for comparison in file.comparisons:
            if comparison.operator not in ("==", "!=") or not (_TEXT.match(comparison.left) or _TEXT.match(comparison.right)):
                continue
            text = comparison.right if _TEXT.match(comparison.left) else comparison.left
            if text != '""' and facts.ships(file.path):
                found.setdefault(file.at(comparison), text)
    lines: set[tuple[str, int]] = set()
    for at, text in found.items():
        if (at.path, at.line) not in lines:
            lines.add((at.path, at.line))
            yield Finding(f"the error is recognised by its text {text}", at, fix="Use errors.Is, errors.As or the error's code.")


_MOD = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    fails={
        **_MOD,
        "main.go": """package main

import "strings"

func main() { println(missing(nil), same(nil)) }

func missing(err error) bool {
    return strings.Contains(err.Error(), "no such table") // want
}

func same(readErr error) bool {
    return readErr.Error() == "EOF" // want
}
""",
    },
    passes={
        **_MOD,
        "main.go": """package main

import "strings"

func main() { println(missing(nil, "")) }

func missing(err error, line string) bool {
    return strings.Contains(line, "no such table") || err.Error() == "" || strings.Contains("abc", err.Error())
}
""",
        "main_test.go": 'package main\n\nimport "strings"\n\nfunc x(err error) bool { return strings.Contains(err.Error(), "x") }\n',
    },
)
