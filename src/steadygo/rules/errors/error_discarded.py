"""A failure is answered as if it had worked: the error is thrown away and its zero value is used.

`cents, _ := revenue(…)` answers 0 when the database is down: a wrong number that nobody recognises as wrong. A Commit or Exec whose error
is dropped loses the write without a word.

Reported are functions of the repository that take a context and whose error goes to _ while their value is used untested, in code that
serves requests, and
dropped errors of Commit and Exec of database/sql. An explicit `_ = f()` says that somebody decided; it is reported for Commit only.

Fix: handle the error: return it, or answer with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts.go import Call, GoFile
from steadygo.facts.gobody import body
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
        dropped = call.use == "" and not call.mode
        blank = bool(call.results) and all(r == "_" for r in call.results)
        if file.generated or not (dropped or (blank and call.name.endswith("Commit"))) or not facts.ships(file.path):
            continue
        commit = call.name.endswith("Commit")
        yield Finding(
            "the transaction may not have been committed: the error of Commit is dropped" if commit else "a failed write goes unnoticed",
            file.at(call),
            fix="Return the error.",
            severity=Severity.DEGRADED if commit and _writes(facts, file, call) else None,
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
            if not any(kind == "context.Context" for _, kind in targets[0][1].params) or _looked_at(facts, file, call):
                continue
            if not serves_requests(facts.go, file, call.block):
                continue
            yield Finding(
                f"when {name} fails the request goes on with an empty {call.results[0]}: its error is thrown away",
                file.at(call),
                (because(targets[0][0].at(targets[0][1]), f"{name} returns an error"),),
                f"Handle the error of {name}.",
            )


def _writes(facts: Repository, file: GoFile, commit: Call) -> bool:
    """Whether the transaction changes something in sight."""
    view = body(facts.go, file)
    calls = view.calls(view.owner[commit.block])
    return any(c.receiver == commit.receiver and c.name.rpartition(".")[2] in ("Exec", "ExecContext") for c in calls)


def _looked_at(facts: Repository, file: GoFile, call: Call) -> bool:
    """Whether the value is compared or tested later: an empty one is expected then."""
    names = [re.compile(rf"\b{re.escape(name)}\b") for name in call.results if name != "_"]
    view = body(facts.go, file)
    owner = view.owner[call.block]
    tests = [file.blocks[b].text for b in view.blocks(owner, "if", "switch", "case") if file.blocks[b].line >= call.line]
    return any(name.search(text) for name in names for text in tests)


_MOD = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}
_MAIN = """package main

import ("context"; "database/sql"; "net/http")

type server struct { db *sql.DB }

func main() { http.HandleFunc("/", (&server{}).handle); http.ListenAndServe(":8080", nil) }

func (s *server) handle(w http.ResponseWriter, r *http.Request) {
    cents, _ := s.revenue(r.Context(), "lamp") // want
    println(cents)
    tx, err := s.db.BeginTx(r.Context(), nil)
    if err != nil { return }
    defer tx.Rollback()
    tx.Exec("UPDATE a SET b = 1") // want
    tx.Commit() // want
}

func (s *server) revenue(ctx context.Context, sku string) (int64, error) { return 0, nil }
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

import ("context"; "net/http"; "strconv")

func main() {
    n, _ := load()
    println(n)
    http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
        page, _ := strconv.Atoi(r.FormValue("page"))
        _, _ = load()
        name, _ := pair()
        one, _ := find(r.Context())
        if one != nil { println(one) }
        println(page, name)
    })
}

func load() (int, error) { return 0, nil }
func find(ctx context.Context) (*int, error) { return nil, nil }
func pair() (string, bool) { return "", false }
""",
        },
    ),
)
