"""The operands of Dockerfile instructions: quotes taken off, variables folded, exec forms told from shell forms."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping

import msgspec

from steadygo.facts.commands import Variable
from steadygo.facts.images import Start
from steadygo.facts.place import Text
from steadygo.read.dockerfile_lines import Instruction
from steadygo.read.expansion import fold

_SEGMENT = re.compile(r"""\$\{(?:\\.|[^}\\])*\}|'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^'"\\]+|.""", re.DOTALL)
_ESCAPED = re.compile(r"""\\([$"\\`])""")
_RANGE = re.compile(r"(\d{1,5})-(\d{1,5})(/\w+)?\Z")
_MOST_PORTS = 50


def evaluate(word: str, known: Mapping[str, str]) -> str:
    """`word` as Docker reads it: quotes and escapes taken off, known variables folded outside single quotes."""
    if "'" not in word and '"' not in word and "\\" not in word:
        return fold(word, known)
    parts: list[str] = []
    for found in _SEGMENT.finditer(word):
        segment = found.group()
        if segment[0] == "'" and len(segment) > 1:
            parts.append(segment[1:-1])
        elif segment[0] == '"' and len(segment) > 1:
            parts.append(_ESCAPED.sub(r"\1", fold(segment[1:-1], known)))
        elif segment[0] == "\\" and len(segment) > 1:
            parts.append(segment[1])
        else:
            parts.append(fold(segment, known))
    return "".join(parts)


def joined(base: str, directory: str) -> str:
    """`directory` seen from `base`; one that begins with an unknown variable may be absolute and is left alone."""
    return directory if directory.startswith("$") else posixpath.normpath(posixpath.join(base, directory))


def arguments(at: Instruction, known: Mapping[str, str], defaults: Mapping[str, str]) -> list[Variable]:
    """The variables of ARG. Without a default in a stage the global one counts; else the builder gives the value."""
    found: list[Variable] = []
    for word, offset in at.words():
        name, equals, value = word.partition("=")
        if name.startswith("#"):
            break
        given = evaluate(value, known) if equals else defaults.get(name)
        found.append(Variable(name, given, *at.place(offset), source="" if given is not None else "host"))
    return found


def environment(at: Instruction, known: Mapping[str, str]) -> list[Variable]:
    words = at.words()
    if "=" in words[0][0]:
        pairs = [(word.partition("="), offset) for word, offset in words]
        return [Variable(evaluate(name, known), evaluate(value, known), *at.place(offset)) for (name, _, value), offset in pairs]
    name, offset = words[0]
    value = at.text[offset + len(name) :].replace("\\\n", "").strip()
    return [Variable(name, evaluate(value, known), *at.place(offset))]


def start_of(at: Instruction, environment: Mapping[str, str]) -> Start:
    """CMD or ENTRYPOINT. The exec form is taken as it stands; in the shell form the image's own ENV is folded in."""
    place = at.place(len(at.text) - len(at.text.lstrip()))
    words = json_words(at.joined)
    if words is not None:
        return Start(tuple(words), False, *place)
    return Start(tuple(evaluate(word, environment) for word, _ in at.words()), True, *place)


def json_words(text: str) -> list[str] | None:
    """The words of an exec form; None when it is not one, as Docker decides it: by whether it is a JSON array of strings."""
    if not text.startswith("["):
        return None
    try:
        words = msgspec.json.decode(text, type=list[str])
    except (msgspec.DecodeError, RecursionError):
        return None
    return words


def texts(at: Instruction, known: Mapping[str, str]) -> Iterable[Text]:
    line, column = at.place(len(at.text) - len(at.text.lstrip()))
    given = json_words(at.joined)
    if given is not None:
        return [Text(word, line, column) for word in given]
    return [Text(evaluate(word, known), *at.place(offset)) for word, offset in at.words()]


def ports(text: Text) -> list[Text]:
    value = text.value.lower().removesuffix("/tcp")
    found = _RANGE.match(value)
    if found is None:
        return [Text(value, text.line, text.column)]
    first, last = int(found.group(1)), int(found.group(2))
    return [Text(f"{port}{found.group(3) or ''}", text.line, text.column) for port in range(first, min(last, first + _MOST_PORTS - 1) + 1)]
