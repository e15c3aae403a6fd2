"""SQL migrations."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadygo.facts.contracts import Migration, Statement
from steadygo.read.sql import read


def one(text: str) -> Statement:
    migration = read("migrations/1_x.up.sql", text.encode())
    assert migration.gaps == ()
    assert len(migration.statements) == 1, migration.statements
    return migration.statements[0]


def verbs(text: str, path: str = "migrations/1_x.up.sql") -> list[str]:
    return [statement.verb for statement in read(path, text.encode()).statements]


STATEMENTS = {
    'CREATE TABLE IF NOT EXISTS public.Orders (id bigint PRIMARY KEY, "Total" int, UNIQUE (id), key text, KEY k (id))': (
        "CREATE TABLE",
        "public.orders",
        ("id", "total", "key"),
        (),
    ),
    "CREATE TABLE a AS SELECT (1)": ("CREATE TABLE", "a", (), ()),
    "create table `a b` (`x y` int(11) NOT NULL AUTO_INCREMENT, FULLTEXT KEY f (x)) ENGINE=InnoDB": ("CREATE TABLE", "a b", ("x y",), ()),
    "CREATE UNLOGGED TABLE a (b int DEFAULT (1 + (2)), c text CHECK (c IN ('x', 'y')))": ("CREATE TABLE", "a", ("b", "c"), ()),
    "ALTER TABLE orders ADD COLUMN IF NOT EXISTS note text, DROP COLUMN total CASCADE": (
        "ALTER TABLE",
        "orders",
        ("note", "total"),
        ("total",),
    ),
    "ALTER TABLE ONLY s.orders ADD CONSTRAINT fk FOREIGN KEY (a) REFERENCES b (c)": ("ALTER TABLE", "s.orders", (), ()),
    "ALTER TABLE orders ADD note text": ("ALTER TABLE", "orders", ("note",), ()),
    "ALTER TABLE orders ADD COLUMN (a int, b int), DROP PRIMARY KEY, DROP KEY k": ("ALTER TABLE", "orders", ("a", "b"), ()),
    "ALTER TABLE orders DROP note": ("ALTER TABLE", "orders", ("note",), ("note",)),
    "ALTER TABLE orders DROP CONSTRAINT IF EXISTS fk": ("ALTER TABLE", "orders", (), ()),
    "ALTER TABLE orders RENAME COLUMN a TO b": ("ALTER TABLE", "orders", ("b", "a"), ("a",)),
    "ALTER TABLE orders RENAME TO purchases": ("ALTER TABLE", "orders", (), ()),
    "ALTER TABLE orders CHANGE COLUMN a b int": ("ALTER TABLE", "orders", ("b", "a"), ("a",)),
    "ALTER TABLE orders CHANGE a a bigint": ("ALTER TABLE", "orders", ("a",), ()),
    "ALTER TABLE orders ALTER COLUMN a SET DEFAULT 1": ("ALTER TABLE", "orders", (), ()),
    "DROP TABLE IF EXISTS orders CASCADE": ("DROP TABLE", "orders", (), ()),
    "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON orders USING btree (a)": ("CREATE INDEX", "orders", (), ()),
    "DROP INDEX CONCURRENTLY i": ("DROP INDEX", "", (), ()),
    "INSERT INTO orders (a) VALUES ('x;y')": ("INSERT", "orders", (), ()),
    "INSERT OR IGNORE INTO orders VALUES (1)": ("INSERT", "orders", (), ()),
    "UPDATE orders SET a = 1": ("UPDATE", "orders", (), ()),
    "DELETE FROM ONLY orders": ("DELETE", "orders", (), ()),
    "DELETE o FROM orders o JOIN x": ("DELETE", "orders", (), ()),
    "TRUNCATE TABLE orders": ("TRUNCATE", "orders", (), ()),
    "WITH x AS (SELECT 1) UPDATE orders SET a = 1": ("UPDATE", "orders", (), ()),
    "CREATE OR REPLACE VIEW v AS SELECT 1": ("CREATE VIEW", "v", (), ()),
    "REFRESH MATERIALIZED VIEW CONCURRENTLY v": ("REFRESH MATERIALIZED VIEW", "v", (), ()),
    "CREATE DEFINER=`root`@`%` TRIGGER t BEFORE INSERT ON orders FOR EACH ROW SET @a = 1": ("CREATE TRIGGER", "orders", (), ()),
    "SELECT 1": ("SELECT", "", (), ()),
}


@pytest.mark.parametrize(("text", "expected"), STATEMENTS.items())
def test_knows_what_a_statement_does(text: str, expected: tuple[str, str, tuple[str, ...], tuple[str, ...]]) -> None:
    statement = one(text)
    assert (statement.verb, statement.table, statement.columns, statement.dropped) == expected


def test_folds_space_and_takes_comments_off() -> None:
    statement = one("\n-- why\nUPDATE  a /* x; y */\n  SET b = 'c  d' -- end;\nWHERE e;\n")
    assert (statement.text, statement.line) == ("UPDATE a SET b = 'c  d' WHERE e", 3)


def test_keeps_comments_with_places() -> None:
    migration = read("m/1.up.sql", b"-- irreversible\nSELECT 1; /* BP-07 */\n")
    assert [(c.value, c.line, c.column) for c in migration.comments] == [("irreversible", 1, 1), ("BP-07", 2, 11)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT ';'; SELECT 2", ["SELECT", "SELECT"]),
        ("SELECT 'it''s;'; SELECT 2", ["SELECT", "SELECT"]),
        ("SELECT '\\'; SELECT 2", ["SELECT", "SELECT"]),
        ("SELECT E'\\';'; SELECT 2", ["SELECT", "SELECT"]),
        ('SELECT "a;b"; SELECT 2', ["SELECT", "SELECT"]),
        ("SELECT $$a;b$$; SELECT $x$ $$;$$ $x$", ["SELECT", "SELECT"]),
        ("PREPARE p AS SELECT $1; SELECT $2", ["PREPARE", "SELECT"]),
        ("CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN a; END $$; SELECT 1", ["CREATE FUNCTION", "SELECT"]),
        (
            "CREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE b SET c = CASE WHEN d THEN 1 END; DELETE FROM e; END; SELECT 1",
            ["CREATE TRIGGER", "SELECT"],
        ),
        (
            "CREATE PROCEDURE p() BEGIN IF a THEN SELECT 1; END IF; WHILE b DO SET c = 1; END WHILE; END; SELECT 1",
            ["CREATE PROCEDURE", "SELECT"],
        ),
        ("DELIMITER //\nCREATE PROCEDURE p() BEGIN SELECT 1; END//\nDELIMITER ;\nSELECT 1;", ["CREATE PROCEDURE", "SELECT"]),
        ("DELIMITER $$\nCREATE PROCEDURE p() BEGIN SELECT 1; END$$\nDELIMITER ;\nSELECT 1;", ["CREATE PROCEDURE", "SELECT"]),
        ("CREATE TRIGGER t AFTER INSERT ON a EXECUTE FUNCTION f(); SELECT 1", ["CREATE TRIGGER", "SELECT"]),
        ("BEGIN; UPDATE a SET b = 1; COMMIT;", ["BEGIN", "UPDATE", "COMMIT"]),
        ("COPY a (b) FROM stdin;\n1;2\nit's\n\\.\nSELECT 1;", ["COPY", "SELECT"]),
        ("\\connect x\nSELECT 1;", ["SELECT"]),
        ("SELECT 1\nGO\nSELECT 2\ngo\n", ["SELECT", "SELECT"]),
        ("SELECT a #> b; SELECT 1", ["SELECT", "SELECT"]),
        (";;;", []),
        ("", []),
    ],
)
def test_splits_statements(text: str, expected: list[str]) -> None:
    assert verbs(text) == expected


def test_a_backslash_escapes_in_mysql_only() -> None:
    assert verbs("SELECT 'it\\'s; x'; SELECT 2", "mysql/migrations/1.up.sql") == ["SELECT", "SELECT"]


@pytest.mark.parametrize(
    "text",
    [
        "-- +goose Up\n-- +goose StatementBegin\nALTER TABLE a ADD b int;\nSELECT 1;\n-- +goose StatementEnd\n"
        "-- +goose Down\nDROP TABLE a;\n",
        "-- +migrate Up notransaction\nALTER TABLE a ADD b int;\nSELECT 1\n-- +migrate Down\nDROP TABLE a;\n",
        "-- migrate:up transaction:false\nALTER TABLE a ADD b int;\nSELECT 1;\n\n-- migrate:down\nDROP TABLE a\n",
        "ALTER TABLE a ADD b int;\nSELECT 1;\n---- create above / drop below ----\nDROP TABLE a;\n",
    ],
)
def test_parts_up_from_down_in_one_file(text: str) -> None:
    migration = read("migrations/1.sql", text.encode())
    assert migration.direction == "both"
    assert [s.verb for s in migration.statements] == ["ALTER TABLE", "SELECT"]
    assert [s.verb for s in migration.down] == ["DROP TABLE"]
    assert migration.comments == ()


@pytest.mark.parametrize(
    ("path", "direction"),
    [("1_a.up.sql", "up"), ("1_a.down.sql", "down"), ("V1__a.sql", "up"), ("db/U1__a.sql", "down"), ("1_breakdown.sql", "up")],
)
def test_takes_the_direction_from_the_name(path: str, direction: str) -> None:
    assert read(path, b"SELECT 1").direction == direction


def test_an_empty_way_back_is_still_one() -> None:
    assert read("1.sql", b"-- +goose Up\nSELECT 1;\n-- +goose Down\n") == Migration("1.sql", "both", (Statement("SELECT", "SELECT 1", 2),))


def test_says_what_is_no_statement() -> None:
    migration = read("1.sql", b"{{ if x }} SELECT 1;\nSELECT 'open;\n")
    assert [gap.line for gap in migration.gaps] == [1, 2]


SAMPLE = "-- +goose Up\nCREATE TABLE a (b int, c text);\n"
SAMPLE += "DELIMITER $$\nCREATE PROCEDURE p() BEGIN SELECT 'x'; END$$\nCOPY a FROM stdin;\n1\n\\.\n"


@given(st.binary() | st.text(alphabet="ab;'\"$-/*#()[]`\\\n ,.E").map(str.encode))
def test_never_raises(data: bytes) -> None:
    read("migrations/x.sql", data)


@given(st.integers(0, len(SAMPLE)), st.binary(max_size=5))
def test_never_raises_on_mutated_input(position: int, part: bytes) -> None:
    text = SAMPLE.encode()
    read("migrations/x.sql", text[:position] + part + text[position + len(part) :])


@given(
    st.lists(
        st.sampled_from(
            [
                "CREATE",
                "ALTER",
                "TABLE",
                "ADD",
                "DROP",
                "COLUMN",
                "(",
                ")",
                ",",
                "x",
                ".",
                "WITH",
                "AS",
                "UPDATE",
                "RENAME",
                "TO",
                "IF",
                "ON",
                "END",
            ]
        )
    )
)
def test_never_raises_on_broken_statements(words: list[str]) -> None:
    read("migrations/x.sql", " ".join(words).encode())
