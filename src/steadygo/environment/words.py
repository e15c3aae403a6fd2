"""Words of a unit's directive as systemd splits them (systemd.syntax(7), "Quoting")."""

from __future__ import annotations

import re

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PLAIN = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", '"': '"', "'": "'", "s": " "}
_NUMBER = re.compile(r"x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([0-7]{3})")


def is_name(name: str) -> bool:
    """Whether systemd takes this for a variable's name."""
    return _NAME.fullmatch(name) is not None


def split(value: str) -> tuple[list[str], str]:
    """(words before the first fault, "") or (…, what is wrong): systemd keeps the words that came before it."""
    words: list[str] = []
    at, end = 0, len(value)
    while True:
        while at < end and value[at] in " \t\n\r":
            at += 1
        if at >= end:
            return words, ""
        word: list[str] = []
        quote = ""
        while at < end:
            c = value[at]
            if not quote and c in " \t\n\r":
                break
            at += 1
            if c == "\\":
                text, at, fault = _escape(value, at)
                if fault:
                    return words, fault
                word.append(text)
            elif quote:
                if c == quote:
                    quote = ""
                else:
                    word.append(c)
            elif c in "\"'":
                quote = c
            else:
                word.append(c)
        if quote:
            return words, "a quote is not closed"
        words.append("".join(word))


def _escape(value: str, at: int) -> tuple[str, int, str]:
    if at >= len(value):
        return "", at, "it ends in a backslash"
    if value[at] in _PLAIN:
        return _PLAIN[value[at]], at + 1, ""
    number = _NUMBER.match(value, at)
    if number is None:
        return "", at, f"\\{value[at]} is no escape that systemd knows"
    code = int(number[4], 8) if number[4] else int(number[1] or number[2] or number[3], 16)
    if code == 0 or (number[4] and code > 255) or code > 0x10FFFF or 0xD800 <= code < 0xE000:
        return "", at, f"\\{number[0]} stands for no character"
    # \x and octal give bytes: keep them as such until the whole is encoded.
    text = bytes([code]).decode("utf-8", "surrogateescape") if number[1] or number[4] else chr(code)
    return text, number.end(), ""
