"""Log records of one request cannot be brought together: the logger is called without the context that is at hand.

slog's handlers take the trace id and request id from the context. slog.Info has none to give, so these records stand alone while the
context lies next to the call.

Reported once for each file, at the first such call, in programs that use slog. Where a handler of the repository or OpenTelemetry's
bridge reads the context the finding is a hazard, otherwise a note.

Fix: slog.InfoContext(ctx, …).
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts.go import Call, GoFile
from steadygo.facts.repository import Repository
from steadygo.facts.requestscope import context_at
from steadygo.findings import Confidence, Finding, Severity
from steadygo.rules.rule import Rule

_LEVELS = ("Debug", "Info", "Warn", "Error")
_CALLS = tuple(f"log/slog.{owner}{level}" for owner in ("", "Logger.") for level in _LEVELS)
_BRIDGES = ("go.opentelemetry.io/contrib/bridges/otelslog", "github.com/remychantenay/slog-otel", "github.com/veqryn/slog-context")


def check(facts: Repository) -> Iterator[Finding]:
    found: dict[str, list[tuple[GoFile, Call, str]]] = {}
    for file, call in facts.go.calls(*_CALLS):
        if file.generated or not facts.ships(file.path):
            continue
        context = context_at(facts.go, file, call.block)
        if context:
            found.setdefault(file.path, []).append((file, call, context))
    if not found:
        return
    reads = _reads_context(facts)
    for calls in found.values():
        file, call, context = min(calls, key=lambda item: (item[1].line, item[1].column))
        name = call.name.rpartition(".")[2]
        more = f" (and {len(calls) - 1} more here)" if len(calls) > 1 else ""
        yield Finding(
            f"this record does not know its request: {name} is called without {context}{more}",
            file.at(call),
            fix=f"Call {name}Context({context}, …).",
            severity=Severity.HAZARD if reads else None,
        )


def _reads_context(facts: Repository) -> bool:
    """Whether some slog handler takes fields from the context."""
    if any(True for bridge in _BRIDGES for _ in facts.go.importers(bridge)):
        return True
    for file in facts.go.importers("log/slog"):
        for function in file.functions:
            kinds = [kind for _, kind in function.params]
            if function.name == "Handle" and kinds == ["context.Context", "log/slog.Record"] and function.params[0][0] not in ("", "_"):
                return True
    return False


_MOD = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}

RULE = Rule(
    severity=Severity.NOTE,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("import:log/slog",),
    fails={
        **_MOD,
        "main.go": """package main

import ("context"; "log/slog"; "net/http")

func main() { work(context.Background(), slog.Default()) }

func work(ctx context.Context, logger *slog.Logger) {
    logger.Info("working", "order", 1) // want
    slog.Warn("slow")
}

func handle(w http.ResponseWriter, r *http.Request) { slog.ErrorContext(r.Context(), "failed") }
""",
    },
    passes={
        **_MOD,
        "main.go": """package main

import ("context"; "log"; "log/slog")

func main() { slog.Info("starting"); work(context.Background()) }

func work(ctx context.Context) {
    slog.InfoContext(ctx, "working")
    slog.LogAttrs(ctx, slog.LevelInfo, "working")
    log.Print("other")
    idle(ctx)
}

func idle(_ context.Context) { slog.Debug("idle") }
""",
    },
)
