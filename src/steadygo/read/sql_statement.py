"""What one SQL statement does: its verb, its table, the columns that it adds and drops. PostgreSQL, MySQL and SQLite."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from steadygo.facts.contracts import Statement

_LONGEST = 2_000
_TWO_WORDS = frozenset(
    {"CREATE", "ALTER", "DROP", "RENAME", "LOCK", "UNLOCK", "REFRESH", "START", "COMMENT", "ATTACH", "DETACH", "ROLLBACK"}
)
_ADJECTIVES = frozenset(
    "OR REPLACE TEMP TEMPORARY UNIQUE GLOBAL LOCAL UNLOGGED FULLTEXT SPATIAL CLUSTERED NONCLUSTERED CONSTRAINT VIRTUAL "  # noqa: SIM905
    "EXTERNAL RECURSIVE FORCE INVERTED FOREIGN ONLINE OFFLINE IGNORE".split()
)
_MAIN_VERBS = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE"})
_BEFORE_NAMES = frozenset(
    {"IF", "NOT", "EXISTS", "ONLY", "CONCURRENTLY", "INTO", "FROM", "IGNORE", "LOW_PRIORITY", "QUICK", "DELAYED", "TABLE"}
)
_NAMED_BY_ON = frozenset({"CREATE INDEX", "DROP INDEX", "CREATE TRIGGER", "DROP TRIGGER", "CREATE POLICY", "DROP POLICY", "ALTER POLICY"})
_NAMED_AT_ONCE = frozenset(
    {f"{verb} {thing}" for verb in ("CREATE", "ALTER", "DROP") for thing in ("TABLE", "VIEW", "MATERIALIZED VIEW")}
    | {"INSERT", "REPLACE", "UPDATE", "DELETE", "TRUNCATE", "MERGE", "COPY", "LOCK TABLE", "RENAME TABLE", "REFRESH MATERIALIZED VIEW"}
)
_NO_COLUMN = frozenset(
    "CONSTRAINT PRIMARY FOREIGN UNIQUE CHECK EXCLUDE FULLTEXT SPATIAL PARTITION PARTITIONS INVERTED VECTOR GENERATED SYSTEM VALUE "  # noqa: SIM905
    "DEFAULT".split()
)
_PERHAPS_NO_COLUMN = frozenset({"KEY", "INDEX", "FAMILY", "PERIOD", "LIKE"})  # columns are called so, too
_TYPES = frozenset(
    "TEXT VARCHAR CHAR CHARACTER BPCHAR STRING INT INTEGER BIGINT SMALLINT TINYINT MEDIUMINT SERIAL BIGSERIAL BOOL BOOLEAN UUID "  # noqa: SIM905
    "JSON JSONB BYTEA BLOB LONGBLOB LONGTEXT MEDIUMTEXT TINYTEXT BINARY VARBINARY DATE TIME TIMESTAMP TIMESTAMPTZ DATETIME REAL "
    "FLOAT DOUBLE NUMERIC DECIMAL NVARCHAR ENUM INET CITEXT INT2 INT4 INT8 FLOAT8 BIT".split()
)


class Token(msgspec.Struct, gc=False):
    """kind: name (quoted ones too) string number mark. `word` is a bare name in upper case, "" for all else."""

    kind: str
    text: str
    line: int
    word: str = ""


def describe(tokens: Sequence[Token], text: str) -> Statement:
    """The statement of `tokens`, which are not empty. `text` is the whole statement with its comments off and white space folded."""
    words = [token.word for token in tokens]
    start = _main(tokens, words)
    verb, position = _verb(words, start)
    table = ""
    if verb in _NAMED_BY_ON:
        table = _name(tokens, words, _after(tokens, words, "ON", position))
    elif verb in _NAMED_AT_ONCE:
        table = _name(tokens, words, position)
        if verb == "DELETE" and words[position : position + 1] != ["FROM"] and "FROM" in words[position:]:  # MySQL: DELETE t FROM t JOIN …
            table = _name(tokens, words, _after(tokens, words, "FROM", position))
    added: list[str] = []
    dropped: list[str] = []
    if verb == "CREATE TABLE":
        added = _created(tokens, position)
    elif verb == "ALTER TABLE":
        for action in _actions(tokens, position):
            _altered(action, added, dropped)
    columns = tuple(dict.fromkeys((*added, *dropped)))
    gone = tuple(column for column in dict.fromkeys(dropped) if column not in added)
    return Statement(verb, text[:_LONGEST], tokens[0].line, table, columns, gone)


def _main(tokens: Sequence[Token], words: Sequence[str]) -> int:
    """Where the verb stands: behind the queries of WITH."""
    if words[0] != "WITH":
        return 0
    depth = 0
    for position, token in enumerate(tokens):
        depth += (token.text == "(") - (token.text == ")")
        if depth == 0 and token.word in _MAIN_VERBS:
            return position
    return 0


def _verb(words: Sequence[str], start: int) -> tuple[str, int]:
    """(verb, position behind it)."""
    verb = words[start]
    position = start + 1
    if verb not in _TWO_WORDS:
        return verb or "?", position
    while position < len(words) and (words[position] in _ADJECTIVES or (words[position] in ("", "DEFINER") and _defines(words, position))):
        position += 1
    if words[position : position + 2] == ["MATERIALIZED", "VIEW"]:
        return f"{verb} MATERIALIZED VIEW", position + 2
    thing = words[position] if position < len(words) else ""
    return f"{verb} {thing}".strip(), position + 1


def _defines(words: Sequence[str], position: int) -> bool:
    """Whether the words up to `position` belong to MySQL's `DEFINER = user@host`."""
    return "DEFINER" in words[max(0, position - 6) : position + 1]


def _after(tokens: Sequence[Token], words: Sequence[str], word: str, position: int) -> int:
    """The position behind the first `word` at or after `position`, the end when there is none."""
    for index in range(position, len(tokens)):
        if words[index] == word:
            return index + 1
    return len(tokens)


def _name(tokens: Sequence[Token], words: Sequence[str], position: int) -> str:
    """The dotted name at `position`, behind words like IF NOT EXISTS, ONLY, INTO and SQLite's OR IGNORE."""
    while position < len(tokens) and (words[position] in _BEFORE_NAMES or (words[position] == "OR" and position + 2 < len(tokens))):
        position += 2 if words[position] == "OR" else 1
    parts: list[str] = []
    while position < len(tokens) and tokens[position].kind in ("name", "string") and len(parts) < 4:
        parts.append(bare(tokens[position].text))
        if position + 1 >= len(tokens) or tokens[position + 1].text != ".":
            break
        position += 2
    return ".".join(parts)


def bare(name: str) -> str:
    """A name without quotes, in lower case."""
    return (name[1:-1] if name[:1] in ('"', "`", "[", "'") and len(name) > 1 else name).lower()


def _created(tokens: Sequence[Token], position: int) -> list[str]:
    """The columns of CREATE TABLE."""
    while position < len(tokens) and tokens[position].text != "(":
        if tokens[position].word in ("AS", "SELECT", "PARTITION", "LIKE"):
            return []
        position += 1
    return [column for item in _items(tokens, position) if (column := _column(item))]


def _items(tokens: Sequence[Token], position: int) -> list[list[Token]]:
    """What stands between the commas of the bracket at `position`."""
    items: list[list[Token]] = [[]]
    depth = 0
    for index in range(position, len(tokens)):
        token = tokens[index]
        if token.text == "(":
            depth += 1
            if depth == 1:
                continue
        elif token.text == ")":
            depth -= 1
            if depth <= 0:
                break
        if token.text == "," and depth == 1:
            items.append([])
        else:
            items[-1].append(token)
    return items


def _column(item: Sequence[Token]) -> str:
    """The column that an item of a table defines, "" for a constraint or an index."""
    if not item or item[0].kind not in ("name", "string") or item[0].word in _NO_COLUMN:
        return ""
    if item[0].word in _PERHAPS_NO_COLUMN and not (len(item) > 1 and item[1].word in _TYPES):
        return ""
    return bare(item[0].text)


def _actions(tokens: Sequence[Token], position: int) -> list[list[Token]]:
    """What ALTER TABLE does, split at its commas, the table's name left out."""
    while position < len(tokens) and tokens[position].word in _BEFORE_NAMES:
        position += 1
    while position + 2 < len(tokens) and tokens[position + 1].text == ".":
        position += 2
    actions: list[list[Token]] = [[]]
    depth = 0
    for token in tokens[position + 1 :]:
        depth += (token.text == "(") - (token.text == ")")
        if token.text == "," and depth == 0:
            actions.append([])
        elif actions[-1] or token.text != "*":
            actions[-1].append(token)
    return actions


def _altered(action: Sequence[Token], added: list[str], dropped: list[str]) -> None:
    verb = action[0].word if action else ""
    position = 1
    while position < len(action) and action[position].word in ("COLUMN", "IF", "NOT", "EXISTS"):
        position += 1
    rest = action[position:]
    if not rest:
        return
    if verb == "ADD":
        if rest[0].text == "(":
            added += [column for item in _items(rest, 0) if (column := _column(item))]
        elif column := _column(rest):
            added.append(column)
    elif verb == "DROP":
        stated = action[position - 1].word in ("COLUMN", "EXISTS") and "COLUMN" in [token.word for token in action[:position]]
        single = len(rest) == 1 or rest[1].word in ("CASCADE", "RESTRICT")
        if rest[0].kind in ("name", "string") and (stated or (single and rest[0].word not in _NO_COLUMN)):
            dropped.append(bare(rest[0].text))
    elif verb == "RENAME":
        to = next((index for index, token in enumerate(rest) if token.word == "TO"), 0)
        if to == 1 and len(rest) > 2:
            dropped.append(bare(rest[0].text))
            added.append(bare(rest[2].text))
    elif verb == "CHANGE" and len(rest) > 1:
        added.append(bare(rest[1].text))
        if bare(rest[0].text) != bare(rest[1].text):
            dropped.append(bare(rest[0].text))
