"""Under load the service opens connections without limit until the database refuses everybody.

database/sql opens a new connection whenever all others are busy, and SetMaxOpenConns has no default: a slow query or a burst of
requests turns into hundreds of connections, the server answers "too many clients", and every other service on it fails too.

Counted are pools that a shipped program opens. SQLite and other embedded databases are left out, pgxpool has a limit of its own, and a
pool that is handed on counts as bounded when any package of the program sets a limit. In a program that serves nobody the finding is a
note.

Fix: db.SetMaxOpenConns(n) after opening, with n × replicas below what the database allows; add SetConnMaxLifetime.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts.databases import pools, serving
from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Place, Severity
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    seen: dict[Place, bool] = {}
    for pool in sorted(pools(facts), key=lambda p: not serving(facts, p.service)):
        at = pool.file.at(pool.opened)
        if at in seen:
            continue
        seen[at] = True
        if "SetMaxOpenConns" in pool.bounds and pool.limit != 0:
            continue
        serves = serving(facts, pool.service)
        yield Finding(
            f"nothing limits how many connections {pool.name} opens" + (" under load" if serves else ""),
            at,
            fix=f"Call {pool.name if pool.name != 'the pool' else 'db'}.SetMaxOpenConns after opening.",
            service=pool.service.name if sum(p.opened is pool.opened for p in pools(facts)) == 1 else "",
            severity=None if serves else Severity.NOTE,
        )


_MOD = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}
_STORE = """package store

import ("database/sql"; _ "github.com/jackc/pgx/v5/stdlib")

type Store struct { db *sql.DB }

func Open(url string) (*Store, error) {
    db, err := sql.Open("pgx", url) // want
    if err != nil { return nil, err }
    return &Store{db: db}, nil
}
"""
_MAIN = """package main

import ("net/http"; "example.com/orders/store")

func main() { store.Open("postgres://db/orders"); http.ListenAndServe(":8080", nil) }
"""
_RAW = """package store

import ("database/sql"; _ "github.com/lib/pq")

func Open(url string) (*sql.DB, error) {
    return sql.Open("postgres", url)
}
"""

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("database",),
    fails=(
        {**_MOD, "cmd/orders/main.go": _MAIN, "store/store.go": _STORE},
        {
            **_MOD,
            "cmd/migrate/main.go": """package main

import ("database/sql"; "os"; _ "github.com/go-sql-driver/mysql")

func main() {
    db, _ := sql.Open("mysql", os.Args[1]) // want
    db.Exec("SELECT 1")
}
""",
        },
    ),
    passes=(
        {**_MOD, "cmd/orders/main.go": _MAIN, "store/store.go": _STORE.replace("// want", "; db.SetMaxOpenConns(20)")},
        {**_MOD, "cmd/orders/main.go": _MAIN, "store/store.go": _STORE.replace('"pgx"', '"sqlite3"')},
        {
            **_MOD,
            "cmd/orders/main.go": _MAIN.replace("store.Open(", "db, _ := store.Open(").replace("; http", "; db.SetMaxOpenConns(10); http"),
            "store/store.go": _RAW,
        },
        {**_MOD, "cmd/orders/main.go": "package main\n\nfunc main() {}\n", "store/store.go": _STORE},
        {**_MOD, "store/store_test.go": _STORE.replace("// want", "")},
        {
            **_MOD,
            "cmd/orders/main.go": _MAIN,
            "store/store.go": _STORE,
            "store/limits.go": "package store\n\nfunc (s *Store) Limit(n int) { s.db.SetMaxOpenConns(n) }\n",
        },
    ),
)
