"""The call panics or fails at run time: it is given nil where a context belongs.

The standard library and most clients call methods of the context at once: a nil context is a nil pointer dereference in
database/sql, an error in http.NewRequestWithContext, and a panic in context.WithTimeout.

Reported are functions that are known to take a context first.

Fix: pass the context at hand, or context.TODO() until there is one.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Severity
from steadygo.rules.rule import Rule

_SQL = tuple(
    f"database/sql.{t}.{m}" for t in ("DB", "Tx", "Conn") for m in ("ExecContext", "QueryContext", "QueryRowContext", "PrepareContext")
)
_TAKE = (
    *_SQL, "database/sql.DB.PingContext", "database/sql.DB.BeginTx", "database/sql.DB.Conn", "net/http.NewRequestWithContext",
    "os/exec.CommandContext", "context.WithTimeout", "context.WithCancel", "context.WithDeadline", "context.WithValue",
    "net.Dialer.DialContext", "net/http.Server.Shutdown", "net/http.Request.WithContext",
)  # fmt: skip


def check(facts: Repository) -> Iterator[Finding]:
    for file, call in facts.go.calls(*_TAKE):
        if not file.generated and call.args and call.args[0] == "nil" and facts.ships(file.path):
            name = call.name.rpartition("/")[2]
            yield Finding(f"{name} gets nil for its context and fails", file.at(call), fix="Pass the context at hand.")


_MOD = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}

RULE = Rule(
    severity=Severity.DEGRADED,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    fails={
        **_MOD,
        "main.go": """package main

import ("database/sql"; "net/http")

func main() { find(nil) }

func find(db *sql.DB) {
    db.QueryContext(nil, "SELECT 1") // want
    http.NewRequestWithContext(nil, "GET", "http://a", nil) // want
}
""",
    },
    passes={
        **_MOD,
        "main.go": """package main

import ("context"; "database/sql"; "net/http")

func main() { find(nil) }

func find(db *sql.DB) {
    db.QueryContext(context.TODO(), "SELECT 1", nil)
    http.NewRequest("GET", "http://a", nil)
    own(nil)
}

func own(ctx context.Context) {}
""",
        "main_test.go": 'package main\n\nimport "net/http"\n\nfunc x() { http.NewRequestWithContext(nil, "GET", "", nil) }\n',
    },
)
