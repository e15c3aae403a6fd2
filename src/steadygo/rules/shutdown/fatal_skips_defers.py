"""What was deferred never runs: log.Fatal and os.Exit end the process on the spot, in the middle of buffers, leases and transactions.

A function that deferred a flush, a Close of something written to, a Shutdown or an Unlock, and then calls log.Fatal or os.Exit, leaves that
work undone. Worst is a Fatal in a goroutine of a running program: an error of one server takes all others down with their requests.

Only defers that lose something count (flush, sync, shutdown, close, release, commit); context cancels, locks of this process, stops of
signals and timers, and connections, which the kernel closes, do not. One finding a function, at the first such call. A Fatal during
start-up is a note: little has been written by then.

Fix: return the error up to main, and exit there after the deferred calls ran: main calls `run() error` and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts.go import Call, GoFile
from steadygo.facts.gocode import GoCode
from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Place, Severity, because
from steadygo.rules.rule import Rule

_EXITS = ("os.Exit", "log.Fatal", "log.Fatalf", "log.Fatalln", "github.com/sirupsen/logrus.Fatal", "github.com/sirupsen/logrus.Fatalf")
_METHODS = (".Fatal", ".Fatalf", ".Fatalln")
_LOSES = re.compile(r"(?i)(?:flush|sync|shutdown|close|release|commit|rollback|cleanup|drain|finish|teardown)\w*\Z")
_LOSES_NOTHING = re.compile(r"(?i)(?:conn|connection|body|rows|resp|listener|reader|ln)\Z")  # the kernel closes them as well


def check(facts: Repository) -> Iterator[Finding]:
    told: set[tuple[str, int]] = set()
    for file, call in _exits(facts.go):
        function = facts.go.declared_function_at(file, call.block)
        if function is None or (file.path, function.block) in told or not facts.ships(file.path) or _for_tests(file):
            continue
        inner = facts.go.function_at(file, call.block)
        deferred = _deferred(facts.go, file, call, function.block)
        if deferred is None or inner is None:
            continue
        running = inner is not function and _in_goroutine(facts.go, file, call)
        if inner is not function and not running:
            continue
        told.add((file.path, function.block))
        what = (f"{deferred.receiver}." if deferred.receiver else "") + deferred.name.rpartition(".")[2]
        yield Finding(
            f"{call.name.rpartition('/')[2]} ends the process at once: {what}, deferred in line {deferred.line}, never runs",
            file.at(call),
            (because(Place(file.path, deferred.line, deferred.column), "deferred here"),),
            "Return the error, and exit in main after the deferred calls ran.",
            severity=Severity.HAZARD if running else None,
        )


def _for_tests(file: GoFile) -> bool:
    return any(i.path == "testing" for i in file.imports)


def _exits(code: GoCode) -> Iterator[tuple[GoFile, Call]]:
    found = [(f, c) for f, c in code.calls(*_EXITS) if not (c.name == "os.Exit" and c.args == ("0",))]
    found += [(f, c) for f, c in code.calls(*_METHODS) if re.search(r"(?i)log", c.receiver) or "log" in c.name.lower()]
    return iter(sorted(found, key=lambda item: (item[0].path, 0 if _in_goroutine(code, *item) else 1, item[1].line)))


def _deferred(code: GoCode, file: GoFile, call: Call, block: int) -> Call | None:
    """A deferred call of the function itself, before `call`, that loses something."""
    for each in file.calls:
        loses = _LOSES.search(each.name.rpartition(".")[2]) and not _LOSES_NOTHING.search(each.receiver)
        if each.mode == "defer" and each.line < call.line and loses:
            function = code.function_at(file, each.block)
            if function is not None and function.block == block and code.inside(file, call.block, file.blocks[each.block].parent or block):
                return each
    return None


def _in_goroutine(code: GoCode, file: GoFile, call: Call) -> bool:
    return code.enclosing(file, call.block, "go", within_function=False) is not None


def _main(body: str) -> dict[str, str]:
    text = f'package main\n\nimport (\n\t"log"\n\t"os"\n)\n\nfunc main() {{\n\tf, err := os.Create("x")\n{body}}}\n'
    return {"go.mod": "module example.com/orders\n\ngo 1.24\n", "main.go": text}


RULE = Rule(
    severity=Severity.NOTE,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    needs=("go", "delivery"),
    fails=(
        _main("\tdefer f.Close()\n\tif err != nil {\n\t\tlog.Fatal(err) // want\n\t}\n\tlog.Fatal(err)\n"),
        _main('\tdefer f.Close()\n\tlog.Print(err)\n\tgo func() {\n\t\tlog.Fatalf("serve: %v", serve()) // want\n\t}()\n'),
    ),
    passes=(
        _main("\tif err != nil {\n\t\tlog.Fatal(err)\n\t}\n\tdefer f.Close()\n"),
        _main("\tdefer cancel()\n\tdefer stop()\n\tlog.Fatal(err)\n"),
        _main("\tfunc() {\n\t\tdefer f.Close()\n\t}()\n\tlog.Fatal(err)\n"),
        _main("\tdefer f.Close()\n\tos.Exit(0)\n"),
        _main("\tdefer mu.Unlock()\n\tdefer conn.Close()\n\tlog.Fatal(err)\n"),
    ),
)
