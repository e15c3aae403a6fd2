"""systemd unit files and drop-ins, read as systemd 252 reads them."""

from __future__ import annotations

import re

from steadygo.facts.place import Gap
from steadygo.facts.units import Directive, Unit

_DROP_IN = re.compile(r"(?:^|/)((?:[^/]+\.)?[a-z]+)\.d/[^/]+\.conf$")
_TEMPLATE_END = re.compile(r"\.(?:in|j2|tmpl|tpl|template|erb)$")
_PLACEHOLDER = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|<%.*?%>|@[A-Za-z_][A-Za-z0-9_]*@")
_SPACE = " \t\r\n"


def read(path: str, data: bytes) -> Unit:
    """Sections and directives, continued lines joined; the value's quotes and specifiers stay as they are."""
    name = path.rpartition("/")[2]
    drop_in = _DROP_IN.search(path)
    lines = data.decode("utf-8-sig", "replace").split("\n")
    foreign = _foreign(lines)
    if foreign:
        return Unit(path, name, gaps=(foreign,))
    directives: list[Directive] = []
    gaps: list[Gap] = []
    section = ""
    for line, text in _logical_lines(lines):
        if text.startswith("["):
            if not text.endswith("]"):
                gaps.append(Gap(line, "systemd refuses a unit with this section header"))
            section = text[1:].removesuffix("]")
            continue
        key, equals, value = text.partition("=")
        key = key.rstrip(_SPACE)
        if not equals or not key:
            gaps.append(Gap(line, "systemd ignores this line: no NAME=VALUE"))
        elif not section:
            gaps.append(Gap(line, "systemd ignores this line: it stands before any section"))
        else:
            directives.append(Directive(section, key, value.strip(_SPACE), line))
    if _TEMPLATE_END.search(name):
        placeholder = next((d.line for d in directives if _PLACEHOLDER.search(d.value)), 0)
        if placeholder:
            gaps.append(Gap(placeholder, "a template: placeholders are filled in elsewhere"))
        name = _TEMPLATE_END.sub("", name)
    return Unit(path, name, tuple(directives), drop_in[1] if drop_in else "", tuple(gaps))


def _logical_lines(lines: list[str]) -> list[tuple[int, str]]:
    """(first line, stripped text): comments dropped, also those between continued lines; the backslash becomes a space."""
    found: list[tuple[int, str]] = []
    parts: list[str] = []
    start = 0
    for number, raw in enumerate(lines, 1):
        line = raw.rstrip("\r")
        if line.lstrip(_SPACE).startswith(("#", ";")):
            continue
        if not parts:
            start = number
        trailing = len(line) - len(line.rstrip("\\"))
        if trailing % 2:
            parts.append(line[:-1] + " ")
            continue
        text = "".join((*parts, line)).strip(_SPACE)
        parts = []
        if text:
            found.append((start, text))
    if parts and (text := "".join(parts).strip(_SPACE)):
        found.append((start, text))
    return found


def _foreign(lines: list[str]) -> Gap | None:
    """Files that carry a unit's suffix and are none: D-Bus activation, Avahi's XML, archives."""
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if text.startswith("[D-BUS Service]"):
            return Gap(number, "a D-Bus service file, not a systemd unit")
        if text.startswith("<"):
            return Gap(number, "XML, not a systemd unit")
        if "\0" in text:
            return Gap(number, "not text")
        if text and not text.startswith(("#", ";")):
            return None
    return None
