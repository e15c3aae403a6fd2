"""Environment files: dotenv as godotenv and compose read it, EnvironmentFile= and /etc/default as systemd reads it."""

from __future__ import annotations

import re

from steadygo.facts.commands import Variable
from steadygo.facts.place import Gap
from steadygo.facts.secrets import is_secret
from steadygo.facts.units import EnvironmentFile

_SYSTEM = re.compile(r"(?:^|/)etc/(?:default|sysconfig|conf\.d)/[^/]+$|(?:^|/)debian/[^/]+$")
_NAME = re.compile(r"[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.\-]*)[ \t]*(=|:(?=[ \t])|(?=\r?$)|(?=[ \t]*#))", re.M | re.ASCII)
_SYSTEM_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_QUOTED = {
    '"': re.compile(r'"((?:[^"\\]|\\.)*+)"', re.S),
    "'": re.compile(r"'([^']*+)'"),
    "`": re.compile(r"`([^`]*+)`"),
}
_ESCAPE = re.compile(r"\\(.)", re.S)
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", "\n": ""}
_REFERENCE = re.compile(r"\\\$|\$(?:\{([A-Za-z_]\w*)(?::?[-=][^}]*)?\}|([A-Za-z_]\w*))", re.ASCII)
_MOST_EXPANDED = 1_000_000  # characters put in for references, in one file


def read(path: str, data: bytes) -> EnvironmentFile:
    """The variables that the file sets. A bare NAME has source "host"; a value that needs other variables has source "expression"."""
    text = data.decode("utf-8-sig", "replace").replace("\r\n", "\n")
    if _SYSTEM.search(path):
        return _System(path, text).read()
    return _Dotenv(path, text).read()


class _Dotenv:
    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text
        self.variables: list[Variable] = []
        self.values: dict[str, str] = {}
        self.gaps: list[Gap] = []
        self.left = _MOST_EXPANDED

    def read(self) -> EnvironmentFile:
        position = 0
        line = 1
        while position < len(self.text):
            end = self._assignment(position, line)
            line += self.text.count("\n", position, end)
            position = end
        return EnvironmentFile(self.path, tuple(self.variables), tuple(self.gaps))

    def _assignment(self, position: int, line: int) -> int:
        """Read what starts at `position`, the beginning of a line; where the next line begins."""
        end = self._line_end(position)
        rest = self.text[position:end].strip()
        if not rest or rest.startswith("#"):
            return end + 1
        name = _NAME.match(self.text, position, end)
        if name is None:
            self.gaps.append(Gap(line, "not NAME=VALUE"))
            return end + 1
        column = name.start(1) - position + 1
        if not name[2]:
            self.variables.append(Variable(name[1], None, line, column, "host"))
            return end + 1
        start = name.end()
        while start < end and self.text[start] in " \t":
            start += 1
        quote = self.text[start : start + 1]
        quoted = _QUOTED[quote].match(self.text, start) if quote in _QUOTED else None
        if quoted is None:
            if quote in _QUOTED:
                self.gaps.append(Gap(line, "a quoted value is not closed"))
            value = re.split(r"(?:^|[ \t])#", self.text[start:end], maxsplit=1)[0].strip()
            self._keep(name[1], value, line, column, expand=True)
            return end + 1
        value = quoted[1] if quote != '"' else _ESCAPE.sub(_unescaped, quoted[1])
        self._keep(name[1], value, line, column, expand=quote == '"')
        end = self._line_end(quoted.end())
        after = self.text[quoted.end() : end].strip()
        if after and not after.startswith("#"):
            self.gaps.append(Gap(line, "text after the closing quote"))
        return end + 1

    def _line_end(self, position: int) -> int:
        end = self.text.find("\n", position)
        return len(self.text) if end < 0 else end

    def _keep(self, name: str, value: str, line: int, column: int, *, expand: bool) -> None:
        known: str | None = value
        if "{{" in value:
            known = None
        elif expand and "$" in value:
            known = self._expanded(value)
        if known is None:
            self.variables.append(Variable(name, None, line, column, "expression"))
        elif is_secret(name, known):
            self.variables.append(Variable(name, None, line, column, "secret"))
        else:
            self.values[name] = known
            self.variables.append(Variable(name, known, line, column))

    def _expanded(self, value: str) -> str | None:
        """`value` with the file's own earlier variables put in; None when it needs one from elsewhere."""
        parts: list[str] = []
        position = 0
        for match in _REFERENCE.finditer(value):
            parts.append(value[position : match.start()])
            position = match.end()
            if match[0] == "\\$":
                parts.append("$")
                continue
            known = self.values.get(match[1] or match[2])
            if known is None or len(known) > self.left:
                return None
            self.left -= len(known)
            parts.append(known)
        return "".join((*parts, value[position:]))


def _unescaped(match: re.Match[str]) -> str:
    return match[0] if match[1] == "$" else _ESCAPED.get(match[1], match[1])


class _System:
    """systemd's own reading: no inline comments, no references, a value may mix quoted and bare parts."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text
        self.position = 0
        self.line = 1

    def read(self) -> EnvironmentFile:
        variables: list[Variable] = []
        gaps: list[Gap] = []
        while self.position < len(self.text):
            line = self.line
            name = self._name()
            if name is None:
                continue
            value = self._value() if name.endswith("=") else None
            name = name.removesuffix("=").strip()
            if value is None:
                gaps.append(Gap(line, "systemd ignores this line: no NAME=VALUE"))
            elif not _SYSTEM_NAME.fullmatch(name):
                gaps.append(Gap(line, f"systemd ignores this line: {name[:60]!r} is not a variable's name"))
            elif is_secret(name, value):
                variables.append(Variable(name, None, line, 1, "secret"))
            else:
                variables.append(Variable(name, value, line))
        return EnvironmentFile(self.path, tuple(variables), tuple(gaps))

    def _next(self) -> str:
        c = self.text[self.position : self.position + 1]
        self.position += 1
        if c == "\n":
            self.line += 1
        return c

    def _name(self) -> str | None:
        """The text up to and with `=`, or the whole line when it has none; None for a comment or an empty line."""
        end = self.text.find("\n", self.position)
        end = len(self.text) if end < 0 else end
        row = self.text[self.position : end]
        if not row.strip() or row.lstrip().startswith(("#", ";")) or "=" not in row:
            self.position = end + 1
            self.line += 1
            return None if not row.strip() or row.lstrip().startswith(("#", ";")) else row
        self.position += row.index("=") + 1
        return row[: row.index("=") + 1]

    def _value(self) -> str:
        parts: list[str] = []
        bare = False
        kept = 0  # how many parts stay when trailing white space goes
        while c := self._next():
            if c == "\n":
                break
            if c in "\"'" and not bare:
                self._quoted(c, parts)
                kept = len(parts)
            elif c == "\\":
                bare = True
                c = self._next()
                if c != "\n":
                    parts.append(c)
                kept = len(parts)
            elif c in " \t\r":
                if bare:
                    parts.append(c)
            else:
                bare = True
                parts.append(c)
                kept = len(parts)
        return "".join(parts[:kept])

    def _quoted(self, quote: str, parts: list[str]) -> None:
        while (c := self._next()) and c != quote:
            if c == "\\" and quote == '"':
                following = self._next()
                parts.append(following if following in '"\\`$' else "" if following == "\n" else f"\\{following}")
            else:
                parts.append(c)
