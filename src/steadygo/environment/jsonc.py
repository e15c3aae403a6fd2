"""Where values stand in JSON with comments (devcontainer.json, editor settings), so that one can be changed and the rest survives."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

_BLANK = re.compile(r"(?:[ \t\r\n\ufeff]|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"')
_SCALAR = re.compile(r"[A-Za-z0-9+.\-]+")
_MOST_DEPTH = 100


@dataclass(frozen=True)
class Scalar:
    """A string, number, true, false or null: its value as JSON reads it, and its span in the text, quotes included."""

    value: object
    start: int
    end: int


class NotJson(ValueError):
    """The text is no JSON with comments."""


def scalars(text: str) -> dict[tuple[str, ...], Scalar]:
    """{path of keys: scalar}; list elements are keyed by their number. Trailing commas are allowed. Raises NotJson."""
    found: dict[tuple[str, ...], Scalar] = {}
    at = _value(text, _skip(text, 0), (), found)
    if _skip(text, at) != len(text):
        raise NotJson(f"something follows the value at {at}")
    return found


def _skip(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return found.end() if found else at


def _value(text: str, at: int, path: tuple[str, ...], found: dict[tuple[str, ...], Scalar]) -> int:
    if len(path) > _MOST_DEPTH:
        raise NotJson("it is nested too deep")
    opening = text[at : at + 1]
    if opening in ("{", "["):
        return _container(text, at + 1, path, found, is_object=opening == "{")
    match = _STRING.match(text, at) or _SCALAR.match(text, at)
    if match is None:
        raise NotJson(f"no value at {at}")
    try:
        found[path] = Scalar(json.loads(match[0]), match.start(), match.end())
    except ValueError:
        raise NotJson(f"{match[0][:20]!r} is no value") from None
    return match.end()


def _container(text: str, at: int, path: tuple[str, ...], found: dict[tuple[str, ...], Scalar], *, is_object: bool) -> int:
    closing = "}" if is_object else "]"
    number = 0
    while True:
        at = _skip(text, at)
        if text[at : at + 1] == closing:
            return at + 1
        key = str(number)
        if is_object:
            name = _STRING.match(text, at)
            if name is None:
                raise NotJson(f"no key at {at}")
            try:
                key = json.loads(name[0])
            except ValueError:
                raise NotJson(f"{name[0][:20]!r} is no key") from None
            at = _skip(text, name.end())
            if text[at : at + 1] != ":":
                raise NotJson(f"no colon at {at}")
            at = _skip(text, at + 1)
        at = _skip(text, _value(text, at, (*path, key), found))
        number += 1
        if text[at : at + 1] == ",":
            at += 1
        elif text[at : at + 1] != closing:
            raise NotJson(f"neither a comma nor {closing} at {at}")
