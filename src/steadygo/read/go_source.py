"""The bytes of one Go file: text of a region, line and column of a byte."""

from __future__ import annotations

import re
from bisect import bisect_right

LONGEST_TEXT = 200
"""Characters kept of an expression; a cut ends in `…`."""

_ENOUGH = 800  # bytes that are looked at for the 200 characters
_PIECE = re.compile(r'"(?:[^"\\\n]|\\.)*"?|`[^`]*`?|\'(?:[^\'\\\n]|\\.)*\'?|//[^\n]*|/\*.*?(?:\*/|\Z)|\s+', re.DOTALL)


def _folded(piece: re.Match[str]) -> str:
    text = piece.group()
    if text[0] in "\"'":
        return text
    if text[0] == "`":
        return text if len(text) < 3 else " ".join(text.split())
    return " "


def fold(text: str) -> str:
    """Fold white space and take comments off; interpreted strings and runes stay as they are, raw strings are folded too."""
    return _PIECE.sub(_folded, text).strip()


class Source:
    """One file's bytes. Columns count bytes from 1, so they differ from characters after a multi-byte one."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.starts = [0]
        find, at = data.find, -1
        append = self.starts.append
        while (at := find(b"\n", at + 1)) >= 0:
            append(at + 1)
        self._texts: dict[bytes, str] = {}

    def position(self, byte: int) -> tuple[int, int]:
        """Line and column, both from 1."""
        line = bisect_right(self.starts, byte)
        return line, byte - self.starts[line - 1] + 1

    def line(self, byte: int) -> int:
        return bisect_right(self.starts, byte)

    def text(self, start: int, end: int) -> str:
        """The folded text of a region, at most 200 characters. Equal texts are the same object."""
        raw = self.data[start:end] if end - start <= _ENOUGH else self.data[start : start + _ENOUGH]
        known = self._texts.get(raw)
        if known is not None:
            return known
        text = raw.decode("utf-8", "replace")
        if b"\n" in raw or b"  " in raw or b"\t" in raw or b"//" in raw or b"/*" in raw:
            text = fold(text)
        if end - start > LONGEST_TEXT and (len(text) > LONGEST_TEXT or end - start > _ENOUGH):
            text = text[: LONGEST_TEXT - 1] + "…"
        self._texts[raw] = text
        return text

    def whole(self, start: int, end: int) -> str:
        """The text of a region as it stands, for what must not be cut (tags, directives)."""
        return self.data[start:end].decode("utf-8", "replace")

    def shared(self, text: str) -> str:
        """The one object for `text` in this file."""
        raw = text.encode()
        return self._texts.setdefault(raw, text)
