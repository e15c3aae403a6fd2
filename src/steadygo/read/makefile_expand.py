"""Expands make's `$(…)` as far as the file itself tells; the rest becomes a placeholder and comes back as written."""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Callable, Mapping

_DEEPEST = 15
_LONGEST = 20_000
_LONGEST_VALUE = 8_000
_MOST_STEPS = 100_000
_REFERENCE = re.compile(r"\$(\$|\(|\{|.)", re.DOTALL)
_CLOSING = {"(": ")", "{": "}"}
_AUTOMATIC = frozenset("@<^+?*|%")
_SUBSTITUTED = re.compile(r"([^:=\s]+):([^=]*)=(.*)\Z", re.DOTALL)
_WORDS: Mapping[str, Callable[[str], str]] = {
    "notdir": posixpath.basename,
    "dir": lambda word: posixpath.dirname(word) + "/" if posixpath.dirname(word) else "./",
    "basename": lambda word: posixpath.splitext(word)[0],
    "suffix": lambda word: posixpath.splitext(word)[1],
    "abspath": lambda word: word,
    "realpath": lambda word: word,
}
_LISTS: Mapping[str, Callable[[list[str]], list[str]]] = {
    "strip": lambda words: words,
    "firstword": lambda words: words[:1],
    "lastword": lambda words: words[-1:],
    "sort": lambda words: sorted(set(words)),
}


class Expander:
    """Variables of one Makefile. Bounded: what would grow or loop too far stays as written."""

    def __init__(self) -> None:
        self.opaque: dict[str, str] = {}
        self._placeholders: dict[str, str] = {}
        self._values: dict[str, tuple[str, bool]] = {"CURDIR": (".", True), "PWD": (".", True)}  # text, expanded already
        self._unsettled: set[str] = set()
        self._steps = 0

    def define(self, name: str, operator: str, text: str, conditional: bool) -> None:
        """Take in an assignment. In a branch of ifeq, `+=` does not count and a second value makes the variable unknown."""
        before = self._values.get(name) if name not in ("CURDIR", "PWD") else None
        if operator == "?=" and before is not None:
            return
        if operator == "!=" or (operator == "+=" and conditional):
            if operator == "!=":
                self._values.pop(name, None)
            return
        if operator in (":=", "::=", ":::="):
            new = (self.expand(text), True)
        elif operator == "+=":
            old, done = before if before is not None else ("", False)
            new = (f"{old} {self.expand(text) if done else text}".strip(), done)
        else:
            new = (text, False)
        if name in self._unsettled or (conditional and before is not None and before != new):
            if conditional:
                self._unsettled.add(name)
                self._values.pop(name, None)
                return
            self._unsettled.discard(name)
        if len(new[0]) > _LONGEST_VALUE:
            self._values.pop(name, None)
            return
        self._values[name] = new

    def value(self, name: str) -> str | None:
        """The value of a variable with placeholders in it; None when it is not known."""
        found = self._values.get(name)
        if found is None:
            return None
        return found[0] if found[1] else self.expand(found[0])

    def expand(self, text: str, local: Mapping[str, str] | None = None, depth: int = 0) -> str:
        """`text` with what is known put in. `local` are automatic variables, parameters and target's own ones."""
        if "$" not in text:
            return text
        self._steps += 1
        if depth > _DEEPEST or self._steps > _MOST_STEPS or len(text) > _LONGEST:
            return self.hide(text) if len(text) <= _LONGEST else self.hide("$(…)")
        local = local or {}
        parts: list[str] = []
        length = position = 0
        while (found := _REFERENCE.search(text, position)) is not None:
            parts.append(text[position : found.start()])
            kind = found.group(1)
            position = found.end()
            if kind == "$":
                parts.append("$")
            elif kind in _CLOSING:
                end = _closing(text, found.start() + 1)
                if end < 0:
                    position = found.start()
                    break
                parts.append(self._reference(text[found.end() : end - 1], text[found.start() : end], local, depth))
                position = end
            else:
                known = local.get(kind) if kind in _AUTOMATIC or kind in local else self.value(kind)
                parts.append(self.hide(found.group()) if known is None else known)
            length += len(parts[-1])
            if length > _LONGEST:
                return self.hide("$(…)")
        parts.append(text[position:])
        return "".join(parts)

    def hide(self, written: str) -> str:
        """A word that stands for `written` until it is restored."""
        if written not in self._placeholders:
            placeholder = f"__{len(self.opaque):04d}__"
            self._placeholders[written] = placeholder
            self.opaque[placeholder] = written
        return self._placeholders[written]

    def restore(self, text: str) -> str:
        """Put back what placeholders stand for."""
        return re.sub(r"__\d{4,}__", lambda found: self.opaque.get(found.group(), found.group()), text) if "__" in text else text

    def _reference(self, inner: str, written: str, local: Mapping[str, str], depth: int) -> str:
        if inner in local:
            return local[inner]
        if len(inner) == 2 and inner[0] in _AUTOMATIC and inner[1] in "DF" and inner[0] in local:
            part = posixpath.dirname if inner[1] == "D" else posixpath.basename
            return " ".join(part(word) or "." for word in local[inner[0]].split())
        name, space, rest = inner.partition(" ")
        if space and re.fullmatch(r"[a-z-]+", name):
            result = self._function(name, rest, local, depth)
            return self.hide(written) if result is None else result
        if "$" in inner:
            inner = self.expand(inner, local, depth + 1)
        found = self._values.get(inner)
        if found is not None:
            return found[0] if found[1] else self.expand(found[0], local, depth + 1)
        substituted = _SUBSTITUTED.match(inner)
        if substituted and (value := self.value(substituted.group(1))) is not None and "__" not in value:
            old, new = substituted.group(2), substituted.group(3)
            pattern = (old, new) if "%" in old else (f"%{old}", f"%{new}")
            return " ".join(_patsubst(*pattern, word) for word in value.split())
        return self.hide(written)

    def _function(self, name: str, text: str, local: Mapping[str, str], depth: int) -> str | None:
        """What a function gives; None for those that look outside or are not known here."""
        if name == "shell":
            return "." if text.strip() == "pwd" else None
        if name in ("info", "warning", "eval"):
            return ""
        arguments = _split(text)
        if name == "call":
            body = self._values.get(arguments[0].strip())
            if body is None:
                return None
            given = {str(i): self.expand(argument.strip(), local, depth + 1) for i, argument in enumerate(arguments)}
            return self.expand(body[0], {**local, **given}, depth + 1)
        if name == "foreach" and len(arguments) == 3:
            words = self.expand(arguments[1], local, depth + 1).split()
            if any("__" in word for word in words) or len(words) > 100:
                return None
            variable = arguments[0].strip()
            return " ".join(self.expand(arguments[2], {**local, variable: word}, depth + 1) for word in words)
        values = [self.expand(argument, local, depth + 1) for argument in arguments]
        if any("__" in value for value in values):
            return self._with_unknown(name, values)
        return _known_function(name, values)

    def _with_unknown(self, name: str, values: list[str]) -> str | None:
        """Functions that keep their sense when a word is not known."""
        return values[0].strip() if name == "strip" else _known_function(name, values) if name in ("addprefix", "addsuffix") else None


def _known_function(name: str, values: list[str]) -> str | None:
    last = values[-1].split()
    if name in _WORDS and len(values) == 1:
        return " ".join(map(_WORDS[name], last))
    if name in _LISTS and len(values) == 1:
        return " ".join(_LISTS[name](last))
    if name == "addprefix" and len(values) == 2:
        return " ".join(values[0] + word for word in last)
    if name == "addsuffix" and len(values) == 2:
        return " ".join(word + values[0] for word in last)
    if name == "subst" and len(values) == 3 and values[0]:
        return values[2].replace(values[0], values[1])
    if name == "patsubst" and len(values) == 3:
        return " ".join(_patsubst(values[0].strip(), values[1].strip(), word) for word in last)
    if name in ("filter", "filter-out") and len(values) == 2 and len(values[0]) < 500:
        patterns = [fnmatch.translate(pattern.replace("%", "*")) for pattern in values[0].split()]
        return " ".join(w for w in last if any(re.match(p, w) for p in patterns) == (name == "filter"))
    return None


def _patsubst(pattern: str, replacement: str, word: str) -> str:
    head, percent, tail = pattern.partition("%")
    if not percent:
        return replacement if word == pattern else word
    if len(word) < len(head) + len(tail) or not word.startswith(head) or not word.endswith(tail):
        return word
    return replacement.replace("%", word[len(head) : len(word) - len(tail)], 1)


def _closing(text: str, start: int) -> int:
    """One past the bracket that closes the one at `start`; -1 when there is none."""
    opening = text[start]
    closing = _CLOSING[opening]
    level = 0
    for position in range(start, min(len(text), start + _LONGEST)):
        if text[position] == opening:
            level += 1
        elif text[position] == closing:
            level -= 1
            if level == 0:
                return position + 1
    return -1


def _split(text: str) -> list[str]:
    """A function's arguments, cut at commas outside brackets."""
    found: list[str] = []
    level = start = 0
    for position, char in enumerate(text):
        if char in "({":
            level += 1
        elif char in ")}":
            level -= 1
        elif char == "," and level == 0:
            found.append(text[start:position])
            start = position + 1
    found.append(text[start:])
    return found
