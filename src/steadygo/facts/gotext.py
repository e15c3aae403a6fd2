"""Expression texts taken apart: calls, arguments, sums. Texts are those of facts/go.py, at most 200 characters."""

from __future__ import annotations

import re

IDENTIFIER = re.compile(r"[A-Za-z_]\w*\Z")
CHAIN = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*\Z")
_OPEN = {"(": ")", "[": "]", "{": "}"}


def pieces(text: str, separator: str) -> list[str]:
    """`text` cut at `separator` (one character) outside of brackets and literals."""
    found: list[str] = []
    depth, start, at = 0, 0, 0
    while at < len(text):
        c = text[at]
        if c in "\"`'":
            at = _literal_end(text, at)
            continue
        if c in "([{":
            depth += 1
        elif c in ")]}":
            depth -= 1
        elif c == separator and depth == 0:
            found.append(text[start:at].strip())
            start = at + 1
        at += 1
    rest = text[start:].strip()
    return [*found, rest] if rest or found else []


def _literal_end(text: str, at: int) -> int:
    quote = text[at]
    at += 1
    while at < len(text) and text[at] != quote:
        at += 2 if text[at] == "\\" and quote != "`" else 1
    return at + 1


def called(text: str) -> tuple[str, tuple[str, ...]] | None:
    """(callee, arguments) when the whole of `text` is a call: `a.b("x").C(1)` gives (`a.b("x").C`, ("1",))."""
    text = text.strip()
    if not text.endswith(")") or text.startswith(("func(", "func (")):
        return None
    opened = opening(text)
    if opened <= 0:
        return None
    callee = text[:opened].strip()
    if callee.endswith("]") and "[" in callee:  # type arguments
        callee = callee[: callee.rindex("[")]
    arguments = tuple(a for a in pieces(text[opened + 1 : -1], ",") if a)
    return (callee, arguments) if callee and callee[-1] not in "+-*/&|=<>!," else None


def opening(text: str) -> int:
    """Where the bracket that ends `text` opens, -1 when it is not in it."""
    stack: list[int] = []
    at = 0
    while at < len(text):
        c = text[at]
        if c in "\"`'":
            at = _literal_end(text, at)
            continue
        if c in "([{":
            stack.append(at)
        elif c in ")]}":
            if not stack:
                return -1
            opened = stack.pop()
            if at == len(text) - 1:
                return opened
        at += 1
    return -1


def last_part(callee: str) -> tuple[str, str]:
    """`a.b("x").C` -> (`a.b("x")`, `C`); `f` -> ("", `f`)."""
    parts = pieces(callee, ".")
    return (".".join(parts[:-1]), parts[-1]) if len(parts) > 1 else ("", callee)
