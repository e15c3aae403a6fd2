"""The error tracker shows a line of text without type, cause or stack: a message was captured where an error was at hand.

Sentry groups exceptions by type and stack. A message made from err.Error() has neither, so different faults with similar words fall
together and one fault with changing words becomes hundreds of issues.

Reported are CaptureMessage calls whose text contains an error.

Fix: sentry.CaptureException(err); put the words into a tag or a breadcrumb.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Severity
from steadygo.rules.rule import Rule

_ERROR = re.compile(r"\b(?:err|[a-z]\w*Err|err[A-Z]\w*)\b(?!\w*\()")


def check(facts: Repository) -> Iterator[Finding]:
    for file, call in facts.go.calls(".CaptureMessage", "github.com/getsentry/sentry-go.CaptureMessage"):
        if file.generated or not facts.ships(file.path) or not any(i.path.startswith("github.com/getsentry/") for i in file.imports):
            continue
        text = re.sub(r'"(?:[^"\\]|\\.)*"', '""', call.args[0]) if call.args else ""
        error = _ERROR.search(text)
        if error is not None:
            yield Finding(
                f"Sentry gets the text of {error.group()} only: its type, cause and stack are lost",
                file.at(call),
                fix=f"Call CaptureException({error.group()}).",
            )


_MOD = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}
_MAIN = """package main

import ("fmt"; "github.com/getsentry/sentry-go")

func main() { report(nil, nil) }

func report(err error, hub *sentry.Hub) {
    sentry.CaptureMessage(err.Error()) // want
    hub.CaptureMessage(fmt.Sprintf("load: %v", err)) // want
}
"""

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    needs=("import:github.com/getsentry/sentry-go",),
    fails={**_MOD, "main.go": _MAIN},
    passes=(
        {
            **_MOD,
            "main.go": _MAIN.replace('fmt.Sprintf("load: %v", err)', '"err was here"').replace("err.Error()", '""'),
        },
        {**_MOD, "main.go": _MAIN.replace("github.com/getsentry/sentry-go", "example.com/sentry")},
    ),
)
