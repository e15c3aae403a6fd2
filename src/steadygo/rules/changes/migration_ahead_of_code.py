"""Requests fail as soon as the migration has run: it drops or renames a column that the code still names.

The statement stands in the newest state of the migrations, and an SQL text in the code that names the table names the old
column too. During a rolling deploy the old version runs against the new schema in any case: a column goes in two steps, code
first.

Fix: deploy code that no longer names the column, then drop or rename it in a later migration.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from steadygo.facts.contracts import Migration
from steadygo.facts.repository import Repository
from steadygo.findings import Because, Confidence, Finding, Place, Severity
from steadygo.rules.rule import Rule

_SQL = re.compile(r"\b(SELECT|INSERT|UPDATE|DELETE)\b")
_WORD = re.compile(r"[a-z_][a-z0-9_]*")


@dataclass(frozen=True)
class _Gone:
    table: str
    column: str
    at: Place
    how: str


def check(facts: Repository) -> Iterator[Finding]:
    gone = _gone(facts)
    if not gone:
        return
    columns = {g.column for g in gone}
    texts = [
        (file.at(call), set(_WORD.findall(argument.lower())))
        for file in facts.go.files
        if not file.is_test and not file.generated and facts.ships(file.path)
        for call in file.calls
        for argument in call.args
        if _SQL.search(argument)
    ]
    for g in gone:
        readers = [at for at, words in texts if g.column in columns & words and g.table.rpartition(".")[2] in words]
        if readers:
            yield Finding(
                f"the migration {g.how} {g.table}.{g.column}, which the code still names",
                g.at,
                tuple(Because(at.path, at.line, f"names {g.column}") for at in readers[:3]),
                f"First deploy code that does not name {g.column}, then take it away in a later migration.",
            )


def _gone(facts: Repository) -> list[_Gone]:
    """Columns that the newest migrations of each folder take away and no later one brings back."""
    gone: dict[tuple[str, str, str], _Gone] = {}
    for migration in sorted((m for m in facts.migrations if m.direction != "down" and facts.ships(m.path)), key=_order):
        folder = migration.path.rpartition("/")[0]
        for statement in migration.statements:
            renamed = " RENAME " in statement.text.upper()
            for column in statement.columns:
                gone.pop((folder, statement.table, column), None)
            for column in statement.dropped:
                at = Place(migration.path, statement.line)
                gone[folder, statement.table, column] = _Gone(statement.table, column, at, "renames" if renamed else "drops")
            if statement.verb in ("DROP TABLE", "CREATE TABLE"):
                for key in [k for k in gone if k[:2] == (folder, statement.table)]:
                    del gone[key]
    return list(gone.values())


def _order(migration: Migration) -> tuple[str, int, str]:
    folder, _, name = migration.path.rpartition("/")
    number = re.search(r"\d+", name)
    return folder, int(number[0]) if number else 0, name


_CODE = """package main

import "database/sql"

func main() {
	db, _ := sql.Open("pgx", "")
	db.Query("SELECT id, customer_id FROM orders WHERE id = $1", 1)
}
"""


_MODULE = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}

RULE = Rule(
    severity=Severity.OUTAGE,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("migration", "go"),
    fails={
        **_MODULE,
        "main.go": _CODE,
        "migrations/1_init.up.sql": "CREATE TABLE orders (id TEXT, customer_id TEXT);\n",
        "migrations/2_ref.up.sql": "-- want below\nALTER TABLE orders RENAME COLUMN customer_id TO customer_ref;\n",
    },
    passes=(
        {
            **_MODULE,
            "main.go": _CODE.replace("customer_id", "customer_ref"),
            "migrations/1_init.up.sql": "CREATE TABLE orders (id TEXT, customer_id TEXT);\n",
            "migrations/2_ref.up.sql": "ALTER TABLE orders RENAME COLUMN customer_id TO customer_ref;\n",
        },
        {
            **_MODULE,
            "main.go": _CODE,
            "migrations/2_a.up.sql": "ALTER TABLE orders DROP COLUMN customer_id;\n",
            "migrations/3_b.up.sql": "ALTER TABLE orders ADD COLUMN customer_id TEXT;\n",
        },
        {**_MODULE, "main.go": _CODE, "migrations/2_a.up.sql": "ALTER TABLE invoices DROP COLUMN customer_id;\n"},
        {**_MODULE, "main.go": _CODE, "migrations/2_a.down.sql": "ALTER TABLE orders DROP COLUMN customer_id;\n"},
    ),
)
