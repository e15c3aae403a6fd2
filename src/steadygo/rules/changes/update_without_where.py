"""A deploy rewrites or deletes every row of a table: locks pile up, replicas fall behind, or data is gone.

An UPDATE or DELETE without WHERE in a migration touches the whole table in one transaction. On a table of any size it blocks
writers for minutes and fills the log. Statements on tables that the same migration creates, and UPDATE … FROM or with a LIMIT,
are left out.

Fix: do it in batches with a WHERE that bounds each one, outside of the migration when the table is large.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts.contracts import Migration, Statement
from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Place, Severity
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    for migration in facts.migrations:
        if not facts.ships(migration.path) or migration.direction == "down":
            continue
        fresh = {s.table for s in migration.statements if s.verb == "CREATE TABLE"}
        for statement in migration.statements:
            if statement.verb in ("UPDATE", "DELETE") and statement.table not in fresh and _touches_all(statement):
                does = "rewrites" if statement.verb == "UPDATE" else "deletes"
                yield Finding(
                    f"the migration {does} every row of {statement.table or 'a table'} in one transaction",
                    Place(migration.path, statement.line),
                    fix="Bound it with WHERE and work in batches.",
                    severity=None if statement.verb == "DELETE" or _is_late(migration, facts) else Severity.HAZARD,
                )


def _touches_all(statement: Statement) -> bool:
    words = statement.text.upper().split()
    return not {"WHERE", "LIMIT", "JOIN", "USING", "RETURNING"} & set(words) and not (statement.verb == "UPDATE" and "FROM" in words)


def _is_late(migration: Migration, facts: Repository) -> bool:
    """Whether the table may hold much by then: another migration of the same folder comes before."""
    folder = migration.path.rpartition("/")[0]
    return any(m.path < migration.path and m.path.rpartition("/")[0] == folder for m in facts.migrations)


_MODULE = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("migration",),
    fails={
        **_MODULE,
        "migrations/002_status.up.sql": "ALTER TABLE orders ADD COLUMN status TEXT;\n-- want below\nUPDATE orders SET status = 'paid';\n",
    },
    passes=(
        {**_MODULE, "migrations/002_status.up.sql": "UPDATE orders SET status = 'paid' WHERE id < 1000;\n"},
        {**_MODULE, "migrations/001_a.up.sql": "CREATE TABLE a (b INT);\nINSERT INTO a VALUES (1);\nUPDATE a SET b = 2;\n"},
        {**_MODULE, "migrations/003_a.down.sql": "DELETE FROM orders;\n"},
        {
            **_MODULE,
            "migrations/004_a.up.sql": "UPDATE a SET b = c.b FROM c;\n"
            "ALTER TABLE a ADD CONSTRAINT x FOREIGN KEY (b) REFERENCES c ON DELETE CASCADE;\n",
        },
    ),
)
