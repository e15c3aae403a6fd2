"""Nobody can follow a request through the logs: no record carries a trace or request id.

When a request fails somewhere among several services, an id that all of them write is what brings its records together. This
service sets up a structured logger and gives records no such id, neither by a handler that takes it from the context nor as a field.

Looked for are OpenTelemetry and Sentry bridges, span contexts, and any text or name in the program that says trace, request or correlation
id. A program that serves nobody is left out. Where the program makes OpenTelemetry spans the finding is a hazard, else a note.

Fix: wrap the handler so that it adds trace.SpanContextFromContext(ctx).TraceID(), or use a bridge such as otelslog.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts.databases import serving
from steadygo.facts.go import Call, GoFile
from steadygo.facts.repository import Repository, Service
from steadygo.findings import Confidence, Finding, Place, Severity
from steadygo.rules.rule import Rule

_LOGGERS = (
    "log/slog.New", "go.uber.org/zap.New", "go.uber.org/zap.NewProduction", "go.uber.org/zap.Config.Build", "github.com/rs/zerolog.New",
    "github.com/sirupsen/logrus.New", "github.com/go-kit/log.NewJSONLogger", "github.com/go-kit/log.NewLogfmtLogger",
)  # fmt: skip
_ID = re.compile(r"(?i)(?:trace|span|request|req|correlation|x-amzn-trace)[-_. ]?id|traceparent|spancontext|spanfromcontext")
_BRIDGES = ("otelslog", "otelzap", "otellogrus", "slog-otel", "slog-context", "sloggin", "httplog", "hlog", "otelzerolog", "zapsentry")
_TRACES = "go.opentelemetry.io/otel"


def check(facts: Repository) -> Iterator[Finding]:
    made = [(f, c) for f, c in facts.go.calls(*_LOGGERS) if not f.generated]
    seen: set[Place] = set()
    for service in facts.services if made else ():
        if service.main is None or service.tool:
            continue
        mine = [(f, c) for f, c in made if service.has(f.directory) and _used(facts, service, f, c)]
        if not mine or not serving(facts, service) or _has_id(facts, service):
            continue
        file, call = min(mine, key=lambda item: (item[0].package == "main", item[0].path, item[1].line))
        at = file.at(call)
        if at in seen:
            continue
        seen.add(at)
        traced = any(i.path.startswith(_TRACES) for d in service.packages for f in facts.go.packages[d].files for i in f.imports)
        yield Finding(
            f"no log record of {service.name} carries a trace or request id",
            at,
            fix="Add the trace id of the context to every record in the logger's handler.",
            service=service.name,
            severity=Severity.HAZARD if traced else None,
        )


def _used(facts: Repository, service: Service, file: GoFile, call: Call) -> bool:
    function = facts.go.declared_function_at(file, call.block)
    return function is None or (file.path, function.block) in facts.go.reachable_functions(service.main or "")


def _has_id(facts: Repository, service: Service) -> bool:
    """Whether anything in the program speaks of a trace or request id."""
    for directory in service.packages:
        for file in facts.go.packages[directory].files:
            if any(word in i.path for i in file.imports for word in _BRIDGES):
                return True
            if any(_ID.search(c.name) or any(_ID.search(arg) for arg in c.args) for c in file.calls):
                return True
            if any(_ID.search(d.name) or _ID.search(d.value) for d in file.declarations):
                return True
            if any(_ID.search(field.name) for t in file.types for field in t.fields) or any(_ID.search(f.name) for f in file.functions):
                return True
    return False


_MOD = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}
_MAIN = """package main

import ("log/slog"; "net/http"; "os")

func main() {
    slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stdout, nil))) // want
    http.ListenAndServe(":8080", nil)
}
"""

RULE = Rule(
    severity=Severity.NOTE,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    fails={**_MOD, "main.go": _MAIN},
    passes=(
        {**_MOD, "main.go": _MAIN.replace("nil)))", 'nil)).With("trace_id", "x"))')},
        {**_MOD, "main.go": _MAIN.replace('"os")', '"os"; _ "go.opentelemetry.io/contrib/bridges/otelslog")')},
        {**_MOD, "main.go": _MAIN.replace("http.ListenAndServe", "println")},
        {**_MOD, "main.go": _MAIN, "ids.go": "package main\n\ntype requestID string\n\ntype entry struct{ TraceID string }\n"},
    ),
)
