"""SQL migrations: golang-migrate, goose, sql-migrate, dbmate, tern, Flyway and plain files."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from steadygo.facts.contracts import Migration, Statement
from steadygo.facts.place import Gap, Text
from steadygo.read.sql_statement import Token, describe

_DOLLAR = re.compile(r"\$(?:[A-Za-z_]\w*)?\$")
_MYSQL = re.compile(r"`|\bENGINE\s*=|\bAUTO_INCREMENT\b|^\s*DELIMITER\s", re.I | re.M)
_MYSQL_PATH = re.compile(r"mysql|mariadb|tidb", re.I)
_DIRECTION = re.compile(r"--\s*(?:\+goose|\+migrate|migrate:)\s*(up|down)\b", re.I)
_BLOCK = re.compile(r"--\s*\+(?:goose|migrate)\s+statement(?:begin|end)\b", re.I)
_TERN = re.compile(r"----\s*create above / drop below\s*----", re.I)
_DOWN_NAME = re.compile(r"(?:[._-]down\.sql|(?:^|/)U[\d._]+__[^/]*\.sql)$")
_ROUTINE = frozenset({"FUNCTION", "PROCEDURE", "TRIGGER", "EVENT"})
_NOT_A_BLOCK = frozenset({"IF", "LOOP", "WHILE", "REPEAT", "FOR"})
_MOST_TOKENS = 400_000
_MOST_OF_ONE = 5_000  # tokens of one statement that are looked at
_MOST_COMMENTS = 300
_MOST_OPEN_DOLLARS = 50


def _tokens(quoted: str, double: str) -> re.Pattern[str]:
    return re.compile(
        rf"""(?P<space>\s+)
        |(?P<comment>--[^\n]*|/\*.*?(?:\*/|\Z)|(?:(?<=\n)|\A)\#[^\n]*)
        |(?P<string>[eE]'(?:[^'\\]|\\.|'')*+'|{quoted})
        |(?P<name>{double}|`[^`]*+`|\[[A-Za-z_][\w ]*\]|[^\W\d][\w$]*)
        |(?P<number>\d[\w.]*)
        |(?P<mark>.)""",
        re.X | re.S,
    )


_STANDARD = _tokens(r"'(?:[^']|'')*+'", r'"(?:[^"]|"")*+"')
_BACKSLASHED = _tokens(r"'(?:[^'\\]|\\.|'')*+'", r'"(?:[^"\\]|\\.|"")*+"')


def read(path: str, data: bytes) -> Migration:
    """The statements of a migration, those of its way back in `down` when one file holds both."""
    text = data.decode("utf-8-sig", "replace")
    backslashes = _MYSQL_PATH.search(path) or _MYSQL.search(text)
    reader = _Reader(text, _BACKSLASHED if backslashes else _STANDARD)
    reader.read()
    direction = "both" if reader.has_down else "down" if _DOWN_NAME.search(path) else "up"
    return Migration(path, direction, tuple(reader.up), tuple(reader.down), tuple(reader.comments), tuple(reader.gaps))


@dataclass
class _Reader:
    """Walks the tokens once and cuts them into statements."""

    text: str
    pattern: re.Pattern[str]
    up: list[Statement] = field(default_factory=list)
    down: list[Statement] = field(default_factory=list)
    comments: list[Text] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    has_down: bool = False
    position: int = 0
    line: int = 1
    line_start: int = 0
    going_down: bool = False
    delimiter: str = ";"
    depth: int = 0  # of BEGIN … END and CASE … END inside a routine
    previous: str = ""  # the word before
    open_dollars: int = 0
    tokens: list[Token] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)

    def read(self) -> None:
        count = 0
        while self.position < len(self.text):
            count += 1
            if count > _MOST_TOKENS:
                self.gaps.append(Gap(self.line, "too long: the rest is not read"))
                break
            if (self.depth <= 0 or self.delimiter != ";") and self.text.startswith(self.delimiter, self.position):
                self.position += len(self.delimiter)
                self._end_statement()
                continue
            if not self._take_dollars():
                self._take_token()
        self._end_statement()

    def _take_token(self) -> None:
        match = self.pattern.match(self.text, self.position)
        kind, text = (match.lastgroup or "", match[0]) if match else ("mark", self.text[self.position])
        if kind == "name" and self.delimiter != ";":  # END$$
            text = text.partition(self.delimiter)[0] or text
        word = text.upper() if kind == "name" and text[0] not in '"`[' else ""
        if kind == "space":
            self._fold()
        elif kind == "comment":
            self._comment(text)
        elif not self.tokens and (word == "DELIMITER" or text == "\\"):  # the client's own commands
            self._skip_line(delimiter=word == "DELIMITER")
            return
        elif word == "GO" and self._alone(text):
            self._end_statement()
        else:
            if kind == "mark" and text in "'\"`":
                self.gaps.append(Gap(self.line, "a quote is not closed"))
            self._keep(kind, text, word)
        self._pass(self.position + len(text))

    def _alone(self, text: str) -> bool:
        """Whether the word at the current position is all that its line holds."""
        end = self.text.find("\n", self.position)
        return self.text[self.line_start : end if end >= 0 else len(self.text)].strip() == text

    def _take_dollars(self) -> bool:
        """Read a dollar-quoted string."""
        if self.text[self.position] != "$" or self.open_dollars > _MOST_OPEN_DOLLARS:
            return False
        opening = _DOLLAR.match(self.text, self.position)
        if opening is None:
            return False
        end = self.text.find(opening[0], opening.end())
        if end < 0:
            self.open_dollars += 1
            self.gaps.append(Gap(self.line, "a dollar quote is not closed"))
            return False
        end += len(opening[0])
        self._keep("string", self.text[self.position : end], "")
        self._pass(end)
        return True

    def _pass(self, end: int) -> None:
        newlines = self.text.count("\n", self.position, end)
        if newlines:
            self.line += newlines
            self.line_start = self.text.rfind("\n", self.position, end) + 1
        self.position = end

    def _skip_line(self, *, delimiter: bool = False) -> None:
        end = self.text.find("\n", self.position)
        end = len(self.text) if end < 0 else end
        if delimiter:
            self.delimiter = self.text[self.position + len("DELIMITER") : end].strip() or ";"
        self._pass(end)

    def _fold(self) -> None:
        if self.parts and self.parts[-1] != " ":
            self.parts.append(" ")

    def _keep(self, kind: str, text: str, word: str) -> None:
        if word:
            self._nest(word)
        self.previous = word
        if len(self.tokens) < _MOST_OF_ONE:
            self.tokens.append(Token(kind, text, self.line, word))
            self.parts.append(" ".join(text.split()) if "\n" in text else text)

    def _nest(self, word: str) -> None:
        """Follow BEGIN … END, so that a routine's body stays one statement. END IF and the like end what was never counted."""
        opens = self.previous != "END" if word in ("BEGIN", "CASE") else self.previous == "END" and word in _NOT_A_BLOCK
        if (opens or word == "END") and self._is_routine():
            self.depth += 1 if opens else -1

    def _is_routine(self) -> bool:
        return self.depth > 0 or (
            bool(self.tokens) and self.tokens[0].word == "CREATE" and any(t.word in _ROUTINE for t in self.tokens[:14])
        )

    def _comment(self, text: str) -> None:
        direction = _DIRECTION.match(text)
        if direction or _BLOCK.match(text) or _TERN.match(text):
            self._end_statement()
            if not _BLOCK.match(text):
                self.going_down = direction is None or direction[1].lower() == "down"
                self.has_down = self.has_down or self.going_down
            return
        self._fold()
        said = text.removeprefix("/*").removesuffix("*/").lstrip("-#* \t").strip()
        if said and len(self.comments) < _MOST_COMMENTS:
            self.comments.append(Text(said[:300], self.line, self.position - self.line_start + 1))

    def _end_statement(self) -> None:
        tokens, parts = self.tokens, self.parts
        self.tokens, self.parts, self.depth, self.previous = [], [], 0, ""
        if not tokens or all(token.text == ";" for token in tokens):
            return
        if tokens[0].text == "{" or (tokens[0].kind == "mark" and tokens[0].text not in "(;"):
            self.gaps.append(Gap(tokens[0].line, f"not a statement: {''.join(parts)[:60]}"))
            return
        text = "".join(parts).strip().removesuffix(";").rstrip()
        if "{{" in text:
            self.gaps.append(Gap(tokens[0].line, "a template: what it becomes is not known"))
        statement = describe(tokens, text)
        (self.down if self.going_down else self.up).append(statement)
        if statement.verb == "COPY" and tokens[-1].word == "STDIN":
            end = self.text.find("\n\\.", self.position)
            self._pass(len(self.text) if end < 0 else end + 3)
