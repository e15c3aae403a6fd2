"""Tests find what others left: they open one database at a fixed place, and every test, every package and every run shares it.

`go test ./...` runs packages side by side, and CI runs several jobs on one machine. A test that expects an empty table passes on a fresh
machine, fails the second time, and fails now and then when another package writes at the same moment. Or it passes only because an earlier
run left the row that it looks for.

A database file is a hazard; a database server at a fixed address is one when several packages use it or tests run in parallel, else a note.
In-memory databases and files below t.TempDir() are fine; files that the test removes, too.

Fix: open a database of its own for each test (`filepath.Join(t.TempDir(), "test.db")`), or a schema or transaction of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts.repository import Repository
from steadygo.facts.testfile import Spot, by_package, others
from steadygo.facts.testing import survey
from steadygo.findings import Confidence, Finding, Severity, because
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    found = survey(facts.go).databases
    for spots in by_package(s for s in found if s.kind == "file"):
        first = spots[0]
        yield Finding(
            f"{first.function} opens {first.note}: all tests and all runs share this database",
            first.at,
            others(spots),
            'Put it into the test\'s own directory: filepath.Join(t.TempDir(), "test.db").',
        )
    users: dict[str, list[Spot]] = {}
    for spot in found:
        if spot.kind == "server":
            users.setdefault(spot.note, []).append(spot)
    for address, spots in users.items():
        packages = {s.directory: s for s in reversed(spots)}
        shared = f", and so do tests of {len(packages) - 1} more package{'' if len(packages) == 2 else 's'}" if len(packages) > 1 else ""
        others_of = [s for s in packages.values() if s.directory != spots[0].directory]
        yield Finding(
            f"{spots[0].function} works in the database {address}{shared}: what one run leaves there the next one finds",
            spots[0].at,
            tuple(because(s.at, "opens the same database, and packages are tested side by side") for s in others_of[:3]),
            "Create a schema or database for each test, or roll back a transaction.",
            severity=None if shared else Severity.NOTE,
        )


_MOD = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}
_STORE = """package store

import "database/sql"

func Open(driver, url string) (*sql.DB, error) { return sql.Open(driver, url) }
"""

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("tests",),
    fails=(
        {
            **_MOD,
            "store/store.go": _STORE,
            "store/store_test.go": """package store

import "testing"

func open(t *testing.T) {
	Open("sqlite", "file:/tmp/orders-test.db?_pragma=busy_timeout(5000)") // want
}

func TestFind(t *testing.T) { open(t) }
""",
        },
        {
            **_MOD,
            "store/store.go": _STORE,
            "api/api_test.go": """package api

import (
	"testing"

	"example.com/orders/store"
)

const url = "postgres://orders:orders@localhost:5432/orders_test"

func TestFind(t *testing.T) {
	store.Open("pgx", url) // want
}
""",
        },
    ),
    passes=(
        {
            **_MOD,
            "store/store.go": _STORE,
            "store/store_test.go": """package store

import (
	"os"
	"path/filepath"
	"testing"
)

func TestFind(t *testing.T) {
	Open("sqlite", "file:"+filepath.Join(t.TempDir(), "orders.db"))
	Open("sqlite", ":memory:")
	Open("sqlite", "file:orders?mode=memory&cache=shared")
	Open("pgx", os.Getenv("DATABASE_URL"))
	parse("postgres://orders@localhost/orders")
}

func TestRemoves(t *testing.T) {
	Open("sqlite", "test.db")
	defer os.Remove("test.db")
}

func TestFails(t *testing.T) { Open("pgx", "postgres://nobody@db.invalid/orders") }

func parse(url string) {}
""",
        },
    ),
)
