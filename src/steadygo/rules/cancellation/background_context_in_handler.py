"""Work goes on for clients that have gone: the handler hands a fresh context to its calls instead of the request's.

A client that gives up, a proxy that times out and a server that shuts down cancel the request's context. A call with
context.Background() hears nothing of that: queries pile up on a slow database while their callers retry, and deadlines, trace ids
and log fields of the request are lost on the way.

Reported are HTTP handlers and gRPC methods. Left out are goroutines that are meant to outlive the request, deferred clean-up, what is
undone after a failure, audit records, functions called Close, Shutdown or Rollback, and contexts that get a time limit at once.

Fix: pass r.Context() (or the method's ctx); for work that must outlive the request use context.WithoutCancel(ctx) with a time limit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts.go import Call, Function, GoFile
from steadygo.facts.gobody import body
from steadygo.facts.repository import Repository
from steadygo.facts.requestscope import context_at, handler_at
from steadygo.findings import Confidence, Finding, Severity
from steadygo.rules.rule import Rule

_ENDS = re.compile(r"(?i)close|shutdown|stop|clean|rollback|release|unlock|background|async|detach|drain|cancel")
_BOUNDED = ("context.WithTimeout", "context.WithDeadline", "context.WithTimeoutCause", "context.WithDeadlineCause")
_HARMLESS = re.compile(
    r"(?i)(?:^|\.)(?:log\w*|\w*Logger|\w*Audit\w*|\w*Event\w*|\w*Metric\w*|\w*(?:Debug|Info|Warn|Error|Log)(?:Context|Ctx|f|w)?|WithValue|NewContext|With\w*|Inject|Extract|Add|Record|Start)\Z"
)
_GRPC = re.compile(r"\*.*(?:Request|Req)\Z")


def check(facts: Repository) -> Iterator[Finding]:
    for file, call in facts.go.calls("context.Background", "context.TODO"):
        if file.generated or call.use == "return" or not facts.ships(file.path):
            continue
        handler = handler_at(facts.go, file, call.block) or _method(facts, file, call)
        context = context_at(facts.go, file, call.block)
        if handler is None or not context or _ENDS.search(handler.name):
            continue
        view = body(facts.go, file)
        if _apart(file, call.block, handler.block) or _undoes(file, call, handler.block):
            continue
        passed = _passed_to(view.calls(view.owner[call.block], own=True), call)
        if passed is None or passed.name in _BOUNDED or passed.mode or _HARMLESS.search(passed.name) or _ENDS.search(passed.name):
            continue
        yield Finding(
            f"{passed.name.rpartition('.')[2] or 'this call'} goes on when the client has gone: it gets {call.name.rpartition('/')[2]}()",
            file.at(call),
            fix=f"Pass {context}.",
        )


def _method(facts: Repository, file: GoFile, call: Call) -> Function | None:
    """The gRPC method whose own code the call is: (ctx, *SomethingRequest) (*Something, error) of an exported method."""
    function = facts.go.function_at(file, call.block)
    if function is None or not function.receiver or not function.name[:1].isupper() or len(function.params) != 2:
        return None
    first, second = function.params
    fits = first[1] == "context.Context" and first[0] not in ("", "_") and _GRPC.match(second[1]) and "net/http" not in second[1]
    answers = len(function.results) == 2 and function.results[0].startswith("*") and function.results[1] == "error"
    grpc = any(i.path.startswith("google.golang.org/grpc") for f in facts.go.packages[file.directory].files for i in f.imports)
    return function if fits and answers and grpc else None


def _apart(file: GoFile, block: int, handler: int) -> bool:
    """Whether the call stands in a goroutine, a deferred closure or a closure that something else may run later."""
    while block > handler:
        if file.blocks[block].kind in ("go", "defer", "closure"):
            return True
        block = file.blocks[block].parent
    return False


def _undoes(file: GoFile, call: Call, handler: int) -> bool:
    """Whether the call stands in a branch for a failure: what is undone there must not end with the request."""
    block = call.block
    while block > handler:
        if (
            file.blocks[block].kind == "if"
            and file.blocks[block].line < call.line
            and re.search(r"\w*[eE]rr\w* != nil", file.blocks[block].text)
        ):
            return True
        block = file.blocks[block].parent
    return False


def _passed_to(calls: list[Call], made: Call) -> Call | None:
    """The call that gets the fresh context: directly, or through the variable that holds it."""
    text = f"{made.name}()"
    for call in calls:
        if call is not made and call.line == made.line and call.args and call.args[0] == text:
            return call
    for name in made.results:
        users = [c for c in calls if (c.line, c.column) > (made.line, made.column) and c.args and c.args[0] == name]
        if users and not any(c.name in _BOUNDED for c in users):
            return next((c for c in users if not _HARMLESS.search(c.name)), users[0])
    return None


_MOD = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    fails={
        **_MOD,
        "main.go": """package main

import ("context"; "net/http")

type server struct { store store }

func main() { http.HandleFunc("/", server{}.create); http.ListenAndServe(":8080", nil) }

func (s server) create(w http.ResponseWriter, r *http.Request) {
    if err := s.store.Create(context.Background(), "x"); err != nil { // want
        w.WriteHeader(500)
    }
    ctx := context.TODO() // want
    s.store.Create(ctx, "y")
}

type store struct{}

func (store) Create(ctx context.Context, name string) error { return nil }
""",
    },
    passes={
        **_MOD,
        "main.go": """package main

import ("context"; "net/http"; "time")

type server struct { store store }

func main() { http.HandleFunc("/", server{}.create); serve(context.Background()) }

func serve(ctx context.Context) { http.ListenAndServe(":8080", nil) }

func (s server) create(w http.ResponseWriter, r *http.Request) {
    if err := s.store.Create(r.Context(), "x"); err != nil {
        s.store.Create(context.Background(), "undo")
    }
    go func() { s.store.Create(context.Background(), "audit") }()
    go s.store.Create(context.Background(), "audit")
    defer s.store.Create(context.Background(), "unlock")
    ctx, cancel := context.WithTimeout(context.Background(), time.Second)
    defer cancel()
    s.store.Create(ctx, "must be written")
}

func (s server) Shutdown(ctx context.Context) { s.store.Create(context.Background(), "bye") }

type store struct{}

func (store) Create(ctx context.Context, name string) error { return nil }
""",
    },
)
