"""EnvironmentFile= as systemd reads it, which is neither a shell nor what docker's --env-file does.

Rules (systemd.exec(5), measured on 252): unquoted values keep inner quotes and blanks and lose outer blanks; a backslash takes the
next character as it is; in double quotes only \\" \\\\ \\` \\$ lose their backslash; quoted pieces may follow each other; a name may hold
anything here, but what is no variable name is dropped when the file is used.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from steadygo.environment.words import is_name

_BLANK = " \t\n\r"
_NEWLINE = "\n\r"
_ESCAPED_IN_DOUBLE = '"\\`$'


@dataclass
class _Value:
    """A value being read. `kept` is the length up to which trailing blanks belong to it."""

    text: list[str] = field(default_factory=list)
    kept: int = 0

    def add(self, c: str, blank_counts: bool) -> None:
        self.text.append(c)
        if blank_counts or c not in _BLANK:
            self.kept = len(self.text)

    def take(self, trim: bool) -> str:
        return "".join(self.text[: self.kept] if trim else self.text)


def parse(data: bytes) -> tuple[dict[str, str], list[tuple[int, str]]]:
    """({name: value}, [(line, why it is dropped)]). Raises ValueError when systemd refuses the whole file (not UTF-8, a NUL)."""
    if b"\0" in data:
        raise ValueError("it holds a NUL byte")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    if any(0xFDD0 <= ord(c) <= 0xFDEF or ord(c) & 0xFFFE == 0xFFFE for c in text):
        raise ValueError("it holds a Unicode noncharacter")
    found: dict[str, str] = {}
    dropped: list[tuple[int, str]] = []
    for line, name, value in _assignments(text, dropped):
        if is_name(name):
            found[name] = value
        else:
            # What stands there is not shown: it can be a line of a key.
            exported = name.removeprefix("export ").strip()
            known = name.startswith("export ") and is_name(exported)
            dropped.append(
                (line, f"systemd knows no `export`: {exported} is not set" if known else "what stands before = is no variable name")
            )
    return found, dropped


def _assignments(text: str, dropped: list[tuple[int, str]]) -> list[tuple[int, str, str]]:
    found: list[tuple[int, str, str]] = []
    at, end, line = 0, len(text), 1
    while at < end:
        c = text[at]
        if c in _BLANK:
            line += c == "\n"
            at += 1
            continue
        if c in "#;":
            # Up to systemd 253 a comment that ends in a backslash goes on in the next line; from 254 on it does not. The newer rule.
            while at < end and text[at] not in _NEWLINE:
                at += 1
            continue
        start_line = line
        stop = at
        while stop < end and text[stop] not in _NEWLINE and text[stop] != "=":
            stop += 1
        name = text[at:stop].rstrip(" \t")
        if stop == end or text[stop] != "=":
            dropped.append((start_line, "no NAME=VALUE"))
            at = stop
            continue
        at, value = _value(text, stop + 1)
        line += text.count("\n", stop, at)
        found.append((start_line, name, value))
    return found


def _value(text: str, at: int) -> tuple[int, str]:
    """The value that starts at `at`, and where its line ends."""
    value = _Value()
    end = len(text)
    plain = False  # whether unquoted text was met: from then on quotes are ordinary characters
    while at < end:
        c = text[at]
        if c in _NEWLINE:
            break
        at += 1
        if c == "\\":
            plain = True
            value.kept = len(value.text)  # a backslash also keeps the blanks before it
            if at < end:
                if text[at] not in _NEWLINE:
                    value.add(text[at], blank_counts=True)
                at += 1
        elif plain:
            value.add(c, blank_counts=False)
        elif c == "'":
            at = _quoted(text, at, value, "'")
        elif c == '"':
            at = _quoted(text, at, value, '"')
        elif c not in _BLANK:
            plain = True
            value.add(c, blank_counts=False)
    return at, value.take(trim=plain)


def _quoted(text: str, at: int, value: _Value, quote: str) -> int:
    while at < len(text) and text[at] != quote:
        c = text[at]
        at += 1
        if c == "\\" and quote == '"' and at < len(text):
            follower = text[at]
            at += 1
            if follower in _ESCAPED_IN_DOUBLE:
                value.add(follower, blank_counts=True)
            elif follower != "\n":
                value.add("\\", blank_counts=True)
                value.add(follower, blank_counts=True)
        else:
            value.add(c, blank_counts=True)
    return at + 1
