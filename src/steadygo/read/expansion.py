"""Folds shell-style `$NAME` and `${NAME…}` in text, as shells, Dockerfiles and compose files understand them."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Mapping

_DEEPEST = 8
_LONGEST = 20_000
_START = re.compile(r"\\.|\$(?:\{|[A-Za-z_][A-Za-z0-9_]*)", re.DOTALL)
_BRACED = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(.*)\}\Z", re.DOTALL)
_OPERATION = re.compile(r"(:?[-=?+]|##?|%%?|//?|:(?=[0-9])|\^\^?|,,?)(.*)\Z", re.DOTALL)
_SLICE = re.compile(r"([0-9]{1,6})(?::([0-9]{1,6}))?\Z")


def fold(text: str, variables: Mapping[str, str], depth: int = 0) -> str:
    """Put in the values that are known. What is not known stays as written; a backslash keeps the `$` after it."""
    if "$" not in text or depth > _DEEPEST or len(text) > _LONGEST:
        return text
    parts: list[str] = []
    position = 0
    while True:
        found = _START.search(text, position)
        if found is None:
            break
        parts.append(text[position : found.start()])
        written = found.group()
        if written.startswith("\\"):
            parts.append(written)
            position = found.end()
            continue
        if written != "${":
            parts.append(variables.get(written[1:], written))
            position = found.end()
            continue
        end = _closing(text, found.start())
        if end < 0:
            parts.append(text[found.start() :])
            position = len(text)
            break
        parts.append(_braced(text[found.start() : end], variables, depth))
        position = end
        if sum(map(len, parts)) > _LONGEST:
            break
    parts.append(text[position:])
    return "".join(parts)


def folds(written: str, variables: Mapping[str, str]) -> bool:
    """Whether the single expansion `written` (`$X`, `${X}`, `${X:-d}`) can be folded at all."""
    if not written.startswith("${"):
        return written[1:] in variables
    found = _BRACED.match(written)
    if found is None:
        return False
    return found.group(1) in variables or found.group(2)[:2] in (":-", ":=") or found.group(2)[:1] in ("-", "=")


def _closing(text: str, start: int) -> int:
    """Where the brace opened at `start` (the `$`) ends, one past it; -1 when it does not."""
    level = 0
    position = start
    while position < len(text):
        char = text[position]
        if char == "\\":
            position += 1
        elif text.startswith("${", position):
            level += 1
            position += 1
        elif char == "}":
            level -= 1
            if level == 0:
                return position + 1
        position += 1
    return -1


def _braced(written: str, variables: Mapping[str, str], depth: int) -> str:
    found = _BRACED.match(written)
    if found is None:
        return written
    name, rest = found.groups()
    value = variables.get(name)
    if not rest:
        return written if value is None else value
    operation = _OPERATION.match(rest)
    if operation is None:
        return written
    operator, operand = operation.groups()
    if operator in (":-", ":=", "-", "="):
        missing = not value if operator[0] == ":" else value is None
        return fold(_unquoted(operand), variables, depth + 1) if missing else value or ""
    if value is None:
        return written
    if operator in (":?", "?"):
        return value
    if operator in (":+", "+"):
        return fold(_unquoted(operand), variables, depth + 1) if value or operator == "+" else ""
    if operator == ":":
        return _slice(value, operand, written)
    if operator[0] in "^,":
        return _cased(value, operator) if not operand else written
    return _trimmed(value, operator, fold(operand, variables, depth + 1), written)


def _unquoted(text: str) -> str:
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    return text


def _slice(value: str, operand: str, written: str) -> str:
    found = _SLICE.match(operand)
    if found is None:
        return written
    begin = int(found.group(1))
    return value[begin:] if found.group(2) is None else value[begin : begin + int(found.group(2))]


def _cased(value: str, operator: str) -> str:
    if operator == "^^":
        return value.upper()
    if operator == ",,":
        return value.lower()
    changed = value[:1].upper() if operator == "^" else value[:1].lower()
    return changed + value[1:]


def _trimmed(value: str, operator: str, pattern: str, written: str) -> str:
    """`${X#p}`, `${X%p}`, `${X/p/r}` and their greedy forms, for patterns of a sane size."""
    if len(pattern) > 60 or len(value) > 300 or "$" in pattern:
        return written
    if operator[0] == "/":
        plain, _, replacement = (part.replace("\0", "/") for part in pattern.replace("\\/", "\0").partition("/"))
        if not plain or any(char in plain for char in "*?[\\"):
            return written
        return value.replace(plain, replacement, -1 if operator == "//" else 1)
    matches = re.compile(fnmatch.translate(pattern)).match
    lengths = range(len(value) + 1) if len(operator) == 1 else range(len(value), -1, -1)
    for length in lengths:
        if operator[0] == "#" and matches(value[:length]):
            return value[length:]
        if operator[0] == "%" and matches(value[len(value) - length :]):
            return value[: len(value) - length]
    return value
