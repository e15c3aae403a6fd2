"""The call cannot be stopped: a context is at hand and the variant without context is used.

A query or request without context runs to its end when the caller has gone, the deadline has passed or the service shuts down. Under load
these are the calls that hold connections nobody waits for any more.

Reported are database/sql and net/http calls in functions that have a context.Context or an *http.Request. A request that gets its
context later (WithContext) is left out, as are statements of a transaction: BeginTx bound them already.

Fix: use the …Context variant: db.QueryRowContext(ctx, …), http.NewRequestWithContext(ctx, …).
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts.gobody import body
from steadygo.facts.repository import Repository
from steadygo.facts.requestscope import context_at
from steadygo.findings import Confidence, Finding, Severity
from steadygo.rules.rule import Rule

_BETTER = {
    **{f"database/sql.{t}.{m}": f"{m}Context" for t in ("DB", "Stmt") for m in ("Exec", "Query", "QueryRow")},
    "database/sql.DB.Prepare": "PrepareContext",
    "database/sql.DB.Ping": "PingContext",
    "database/sql.DB.Begin": "BeginTx",
    **{f"github.com/jmoiron/sqlx.DB.{m}": f"{m}Context" for m in ("Exec", "Query", "QueryRow", "Get", "Select", "NamedExec", "Queryx")},
    "net/http.NewRequest": "NewRequestWithContext",
    "net/http.Get": "NewRequestWithContext",
    "net/http.Post": "NewRequestWithContext",
    "net/http.Head": "NewRequestWithContext",
    "net/http.PostForm": "NewRequestWithContext",
    "net/http.Client.Get": "NewRequestWithContext",
    "net/http.Client.Post": "NewRequestWithContext",
}


def check(facts: Repository) -> Iterator[Finding]:
    for file, call in facts.go.calls(*_BETTER):
        if file.generated or not facts.ships(file.path):
            continue
        context = context_at(facts.go, file, call.block)
        function = facts.go.declared_function_at(file, call.block)
        if not context or function is None:
            continue
        if call.name == "net/http.NewRequest" and any(
            c.name.rpartition(".")[2] in ("WithContext", "Clone", "SetContext") for c in body(facts.go, file).calls(function.block)
        ):
            continue
        name = call.name.rpartition("/")[2]
        yield Finding(
            f"{name} cannot be cancelled, though {context} is at hand", file.at(call), fix=f"Use {_BETTER[call.name]} with {context}."
        )


_MOD = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    fails={
        **_MOD,
        "main.go": """package main

import ("context"; "database/sql"; "net/http")

type store struct { db *sql.DB }

func main() { store{}.find(context.Background()) }

func (s store) find(ctx context.Context) {
    s.db.QueryRow("SELECT 1") // want
    http.NewRequest("GET", "http://a", nil) // want
}

func (s store) handle(w http.ResponseWriter, r *http.Request) {
    s.db.Exec("DELETE FROM a WHERE id = $1", 1) // want
}
""",
    },
    passes={
        **_MOD,
        "main.go": """package main

import ("context"; "database/sql"; "net/http")

type store struct { db *sql.DB }

func main() { store{}.find(context.Background()); store{}.open() }

func (s store) open() { s.db.Exec("CREATE TABLE a (id int)") }

func (s store) find(ctx context.Context) {
    s.db.QueryRowContext(ctx, "SELECT 1")
    req, _ := http.NewRequest("GET", "http://a", nil)
    http.DefaultClient.Do(req.WithContext(ctx))
    tx, _ := s.db.BeginTx(ctx, nil)
    tx.Exec("DELETE FROM a")
}

func (s store) ignore(_ context.Context) { s.db.Exec("SELECT 1") }
""",
    },
)
