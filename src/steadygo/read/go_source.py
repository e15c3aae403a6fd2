"""The bytes of one Go file: text of a region, line and column of a byte."""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate

from tree_sitter import Node

LONGEST_TEXT = 200
"""Characters kept of an expression; a cut ends in `…`."""

_ENOUGH = 800  # bytes that are looked at for the 200 characters
_LINES = re.compile(rb"[^\n]*\n")
_UNLIKE_SPACE = re.compile(r"[^\S ]\s*| \s+")
_APART = re.compile(r'("(?:[^"\\\n]|\\.)*"?|`[^`]*`?|\'(?:[^\'\\\n]|\\.)*\'?|//[^\n]*|/\*.*?(?:\*/|\Z))', re.DOTALL)


def fold(text: str) -> str:
    """Fold white space and take comments off; interpreted strings and runes stay as they are, raw strings are folded too."""
    parts = _APART.split(text)
    for at, part in enumerate(parts):
        if at % 2 == 0:
            parts[at] = _UNLIKE_SPACE.sub(" ", part)
        elif part[0] == "`":
            parts[at] = part if len(part) < 3 else " ".join(part.split())
        elif part[0] == "/":
            parts[at] = " "
    return "".join(parts).strip()


def decoded(raw: str) -> str:
    """The text that a piece of `chars` means."""
    return raw if raw.isascii() else raw.encode("latin-1").decode("utf-8", "replace")


class _Texts(dict[str, str]):
    """Folded texts by the piece of `chars` they come from."""

    def __missing__(self, raw: str) -> str:
        size = len(raw)
        text = decoded(raw) if size <= _ENOUGH else decoded(raw[:_ENOUGH])
        if "\n" in text or "  " in text or "\t" in text or "//" in text or "/*" in text:
            text = fold(text)
        if size > LONGEST_TEXT and (len(text) > LONGEST_TEXT or size > _ENOUGH):
            text = text[: LONGEST_TEXT - 1] + "…"
        self[raw] = text
        return text


class Source:
    """One file's bytes. Columns count bytes from 1, so they differ from characters after a multi-byte one.

    `chars` has one character for each byte (Latin-1): cheaper to cut and to compare than bytes, and ASCII is text already.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.chars = data.decode("latin-1")
        self.starts = list(accumulate(map(len, _LINES.findall(data)), initial=0))
        self._texts = _Texts()
        self._shared: dict[str, str] = {}

    def position(self, byte: int) -> tuple[int, int]:
        """Line and column, both from 1."""
        line = bisect_right(self.starts, byte)
        return line, byte - self.starts[line - 1] + 1

    def line(self, byte: int) -> int:
        return bisect_right(self.starts, byte)

    def text(self, start: int, end: int) -> str:
        """The folded text of a region, at most 200 characters. Equal texts are the same object."""
        return self._texts[self.chars[start : end if end - start <= _ENOUGH else start + _ENOUGH + 1]]

    def of(self, node: Node) -> str:
        """The text of a node."""
        start, end = node.start_byte, node.end_byte
        return self._texts[self.chars[start : end if end - start <= _ENOUGH else start + _ENOUGH + 1]]

    def whole(self, start: int, end: int) -> str:
        """The text of a region as it stands, for what must not be cut (tags, directives)."""
        return decoded(self.chars[start:end])

    def shared(self, text: str) -> str:
        """The one object for `text` in this file."""
        return self._shared.setdefault(text, text)
