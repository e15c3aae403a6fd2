"""A failure is answered as if it had worked: the error is thrown away and its zero value is used.

`cents, _ := revenue(…)` answers 0 when the database is down: a wrong number that nobody recognises as wrong. A Commit or Exec whose error
is dropped loses the write without a word.

Reported are functions of the repository whose error goes to _ while their value is used, in code that serves requests, and
dropped errors of Commit and Exec of database/sql. An explicit `_ = f()` says that somebody decided; it is reported for Commit only.

Fix: handle the error: return it, or answer with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts.repository import Repository
from steadygo.facts.requestscope import serves_requests
from steadygo.findings import Confidence, Finding, Severity, because
from steadygo.rules.rule import Rule

_WRITES = (
    "database/sql.Tx.Commit",
    "database/sql.DB.Exec",
    "database/sql.DB.ExecContext",
    "database/sql.Tx.Exec",
    "database/sql.Tx.ExecContext",
)
_HARMLESS = re.compile(r"(?i)\A(?:must|new|parse|get|find|lookup|default|is|has|try|format|marshal|encode|string|user|auth|session|read)")


def check(facts: Repository) -> Iterator[Finding]:
    for file, call in facts.go.calls(*_WRITES):
        dropped = call.use == "" and call.mode != "go"
        blank = bool(call.results) and all(r == "_" for r in call.results)
        if file.generated or not (dropped or (blank and call.name.endswith("Commit"))) or not facts.ships(file.path):
            continue
        commit = call.name.endswith("Commit")
        yield Finding(
            "the transaction may not have been committed: the error of Commit is dropped" if commit else "a failed write goes unnoticed",
            file.at(call),
            fix="Return the error.",
            severity=Severity.DEGRADED if commit else None,
        )
    for file in facts.go.files:
        if file.is_test or file.generated:
            continue
        for call in file.calls:
            if len(call.results) < 2 or call.results[-1] != "_" or call.mode or all(r == "_" for r in call.results):
                continue
            name = call.name.rpartition(".")[2]
            if _HARMLESS.match(name) or not facts.ships(file.path):
                continue
            targets = facts.go.callees(file, call)
            if len(targets) != 1 or targets[0][1].results[-1:] != ("error",) or len(targets[0][1].results) != len(call.results):
                continue
            if not serves_requests(facts.go, file, call.block):
                continue
            yield Finding(
                f"when {name} fails the request goes on with an empty {call.results[0]}: its error is thrown away",
                file.at(call),
                (because(targets[0][0].at(targets[0][1]), f"{name} returns an error"),),
                f"Handle the error of {name}.",
            )


_MOD = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}
_MAIN = """package main

import ("database/sql"; "net/http")

type server struct { db *sql.DB }

func main() { http.HandleFunc("/", (&server{}).handle); http.ListenAndServe(":8080", nil) }

func (s *server) handle(w http.ResponseWriter, r *http.Request) {
    cents, _ := s.revenue("lamp") // want
    println(cents)
    tx, err := s.db.BeginTx(r.Context(), nil)
    if err != nil { return }
    defer tx.Rollback()
    tx.Exec("UPDATE a SET b = 1") // want
    tx.Commit() // want
}

func (s *server) revenue(sku string) (int64, error) { return 0, nil }
"""

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    fails={**_MOD, "main.go": _MAIN},
    passes=(
        {
            **_MOD,
            "main.go": _MAIN.replace("cents, _ :=", "cents, err :=")
            .replace("    tx.Exec", "    _, err = tx.Exec")
            .replace("    tx.Commit()", "    err = tx.Commit()"),
        },
        {
            **_MOD,
            "main.go": """package main

import ("net/http"; "strconv")

func main() {
    n, _ := load()
    println(n)
    http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
        page, _ := strconv.Atoi(r.FormValue("page"))
        _, _ = load()
        name, _ := pair()
        println(page, name)
    })
}

func load() (int, error) { return 0, nil }
func pair() (string, bool) { return "", false }
""",
        },
    ),
)
