"""One slow client keeps the program from stopping: Shutdown waits for every connection without a limit, until SIGKILL ends all of them.

`server.Shutdown(context.Background())` returns when the last request is answered. A long poll, a stream or a stuck upstream holds it until
the platform kills the process, and what comes after it (closing the database, flushing buffers) never runs.

Errs on the side of silence when the context comes from elsewhere.

Fix: give Shutdown a context with a time limit shorter than the grace period, and call Close when it runs out.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Severity
from steadygo.rules.rule import Rule

_ENDLESS = {"context.Background()", "context.TODO()", "nil"}
_SERVERS = ("net/http.Server.Shutdown", "github.com/labstack/echo/v4.Echo.Shutdown", "github.com/labstack/echo/v5.Echo.Shutdown")


def check(facts: Repository) -> Iterator[Finding]:
    for file, call in facts.go.calls(*_SERVERS):
        if not call.args or not facts.ships(file.path):
            continue
        context = call.args[0]
        if context not in _ENDLESS:
            function = facts.go.declared_function_at(file, call.block)
            given = [
                a.values[0]
                for a in file.assignments
                if function is not None and context in a.names and a.values and facts.go.inside(file, a.block, function.block)
            ]
            if len(given) != 1 or given[0] not in _ENDLESS:
                continue
        yield Finding(
            f"Shutdown({context}) has no time limit: one slow client keeps the program from stopping until it is killed",
            file.at(call),
            fix="Pass a context from context.WithTimeout that ends before the grace period does.",
        )


def _main(context: str, mark: str = "", before: str = "") -> dict[str, str]:
    body = f'{before}\tsrv := &http.Server{{Addr: ":8080"}}\n\tsrv.Shutdown({context}){mark}\n'
    head = 'package main\n\nimport (\n\t"context"\n\t"net/http"\n\t"time"\n)\n\nvar _ = time.Second\n\nfunc main() {\n'
    return {"go.mod": "module example.com/orders\n\ngo 1.24\n", "main.go": head + body + "}\n"}


RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    needs=("go", "delivery"),
    fails=(_main("context.Background()", " // want"), _main("ctx", " // want", "\tctx := context.Background()\n")),
    passes=(
        _main("ctx", "", "\tctx, cancel := context.WithTimeout(context.Background(), time.Second)\n\tdefer cancel()\n"),
        _main("ctx", "", "\tctx := context.Background()\n\tctx, _ = context.WithTimeout(ctx, time.Second)\n"),
        _main("limited()"),
    ),
)
