"""One fault appears as several errors: it is logged here, returned, and logged again by the caller.

Each level that logs and returns multiplies the fault: alerts on error counts fire early, and whoever reads the log counts three incidents
where there is one.

Reported only where a caller in the repository is seen to log the returned error too.

Fix: add what you know with fmt.Errorf("…: %w", err) and return; let the outermost caller log once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts.go import Call, GoFile
from steadygo.facts.gobody import Body, body
from steadygo.facts.repository import Repository
from steadygo.findings import Because, Confidence, Finding, Severity, because
from steadygo.rules.rule import Rule

_LOGS = re.compile(
    r"(?:\A|/)(?:log|log/slog|slog|logrus|zap|zerolog|logr|klog|glog)(?:/v\d+)?\.(?:\w+\.)?"
    r"(?:Error|Errorf|Errorln|Errorw|ErrorContext|Print|Printf|Println|Warn|Warnf|Warnw|Warning|Warningf|WarnContext|ErrorS)\Z"
)
_METHODS = ("Error", "Errorf", "Errorw", "ErrorContext", "Warn", "Warnf", "WarnContext", "Printf", "Println", "Print")


def check(facts: Repository) -> Iterator[Finding]:
    names = [f".{m}" for m in _METHODS]
    plain = [f"{package}.{m}" for package in ("log", "log/slog", "github.com/sirupsen/logrus") for m in _METHODS]
    for file, call in facts.go.calls(*names, *plain):
        if file.generated or not _LOGS.search(call.name) or file.package == "main":
            continue
        error = _error(call)
        condition = facts.go.enclosing(file, call.block, "if")
        if not error or condition is None or f"{error} != nil" not in condition.text or not facts.ships(file.path):
            continue
        view = body(facts.go, file)
        returned = next((j for j in view.jumps(call.block, own=True) if j.kind == "return" and j.block == call.block), None)
        if returned is None or not re.search(rf"\b{re.escape(error)}\b(?!\.)", re.sub(r'"[^"]*"', "", returned.text)):
            continue
        again = _logged_again(facts, file, call)
        if again is not None:
            yield Finding(
                f"{error} is logged here and again by the caller: one fault looks like two",
                file.at(call),
                (again,),
                f"Return {error} wrapped with what is known here, and log in one place.",
            )


def _error(call: Call) -> str:
    """The error variable that a call logs."""
    for arg in call.args:
        found = re.match(r"(?:zap\.Error\(|slog\.Any\(\"\w+\", )?(err|[a-z]\w*Err)\)?\Z", arg)
        if found is not None:
            return found.group(1)
    return ""


def _logged_again(facts: Repository, file: GoFile, call: Call) -> Because | None:
    """Where a caller logs the error that the function of `call` returns."""
    function = facts.go.declared_function_at(file, call.block)
    if function is None or facts.go.function_at(file, call.block) is not function or function.results[-1:] != ("error",):
        return None
    for caller, use in facts.go.callers(file, function):
        if caller.is_test or not use.results or use.results[-1] == "_":
            continue
        view = body(facts.go, caller)
        after = [c for c in view.calls(view.owner[use.block], own=True) if (c.line, c.column) > (use.line, use.column)]
        log = next((c for c in after if _tells(facts, caller, view, c, use.results[-1])), None)
        changed = [a for a in view.assignments(view.owner[use.block]) if use.results[-1] in a.names and a.line > use.line]
        if log is not None and not any(a.line < log.line for a in changed):
            return because(caller.at(log), "logged again here")
    return None


def _tells(facts: Repository, file: GoFile, view: Body, call: Call, error: str) -> bool:
    if not _LOGS.search(facts.go.resolved(file, call).name) or _error(call) != error:
        return False
    condition = facts.go.enclosing(file, call.block, "if")
    return condition is not None and f"{error} != nil" in condition.text


_MOD = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}

RULE = Rule(
    severity=Severity.NOTE,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    fails={
        **_MOD,
        "worker/worker.go": """package worker

import ("fmt"; "log/slog")

func Run() {
    if err := send(); err != nil {
        slog.Error("send event", "err", err)
    }
}

func send() error {
    if err := charge(); err != nil {
        slog.Error("charge failed", "err", err) // want
        return fmt.Errorf("publish: %w", err)
    }
    return nil
}

func charge() error { return nil }
""",
    },
    passes={
        **_MOD,
        "worker/worker.go": """package worker

import ("errors"; "fmt"; "log/slog")

func Run() error {
    if err := send(); err != nil {
        slog.Error("send event", "err", err)
    }
    if err := store(); err != nil { return err }
    return nil
}

func send() error {
    if err := charge(); err != nil {
        return fmt.Errorf("publish: %w", err)
    }
    return nil
}

func store() error {
    if err := charge(); err != nil {
        slog.Error("charge failed", "err", err)
        return errors.New("not stored")
    }
    if err := send(); err != nil {
        slog.Error("nobody else logs it", "err", err)
        return err
    }
    return nil
}

func charge() error { return nil }
""",
    },
)
