"""Callers no longer recognise the error: errors.Is and errors.As stop at a message that was made with %v.

fmt.Errorf with %v or %s keeps the text and drops the cause. A caller that asks errors.Is(err, context.Canceled) or sql.ErrNoRows gets no
for an answer, retries what must not be retried, or answers 500 where 404 was meant.

Counted are arguments that are called err, end in Err or Error, and the results of calls that are known to be errors. A message that
wraps another error with %w, a value from recover(), and an error that is only an argument (of a logger, a report) are left out.

Fix: write %w instead of %v for the error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts.go import Call, GoFile
from steadygo.facts.gobody import body
from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Severity
from steadygo.rules.rule import Rule

_ERROR = re.compile(r"(?:[a-z]\w*\.)*(?:err|[a-z]\w*Err|err[A-Z0-9]\w*|[Ee]rror)\Z")
_VERB = re.compile(r"%[-+# 0]*(?:\[\d+\])?(?:\d+|\*)?(?:\.(?:\d+|\*)?)?([a-zA-Z%])")


def check(facts: Repository) -> Iterator[Finding]:
    for file, call in facts.go.calls("fmt.Errorf"):
        if (
            file.generated
            or call.use == "argument"
            or not call.args
            or call.args[0][:1] not in '"`'
            or "%w" in call.args[0]
            or not facts.ships(file.path)
        ):
            continue
        if "[" in call.args[0] and re.search(r"%[-+# 0]*\[\d", call.args[0]):
            continue  # explicit argument numbers
        verbs = [v for v in _VERB.findall(call.args[0]) if v != "%"]
        if len(verbs) != len(call.args) - 1:
            continue
        for verb, arg in zip(verbs, call.args[1:], strict=True):
            if verb in "vs" and _ERROR.match(arg) and not _recovered(facts, file, call, arg):
                yield Finding(
                    f"the cause is lost: {arg} is formatted with %{verb}, so errors.Is and errors.As no longer find it",
                    file.at(call),
                    fix=f"Format {arg} with %w.",
                )
                break


def _recovered(facts: Repository, file: GoFile, call: Call, name: str) -> bool:
    """Whether `name` is what recover() gave: that is no error to wrap."""
    calls = body(facts.go, file).calls(body(facts.go, file).owner[call.block])
    return any(c.name == "recover" and name in c.results for c in calls)


_MOD = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    fails={
        **_MOD,
        "main.go": """package main

import "fmt"

func main() { println(load(nil), both(nil, nil)) }

func load(err error) error {
    return fmt.Errorf("load %s at %d%%: %v", "orders", 3, err) // want
}

func both(readErr, err error) error {
    return fmt.Errorf("%s: %+d", readErr, 3) // want
}
""",
    },
    passes={
        **_MOD,
        "main.go": """package main

import "fmt"

func main() { println(load(nil, nil), told(nil)) }

func load(err, other error) error {
    return fmt.Errorf("load: %w (and then %v)", err, other)
}

func told(err error) error {
    if err == nil { return fmt.Errorf("no %s, but %v", "error", errorCount(3)) }
    defer func() {
        if panicErr := recover(); panicErr != nil { err = fmt.Errorf("panic: %v", panicErr) }
    }()
    report(fmt.Errorf("%s (%s)", "malformed", err))
    return fmt.Errorf("%T: %q", err, "x")
}

func report(err error) {}
func errorCount(n int) int { return n }
""",
        "main_test.go": 'package main\n\nimport "fmt"\n\nfunc bad(err error) error { return fmt.Errorf("x: %v", err) }\n',
    },
)
