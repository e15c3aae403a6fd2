"""The shape of a service's logs: format, keys, levels, kinds of messages. Values are never kept."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from steadygo.errors import UserError

_MOST_LINES = 200_000
_MOST_LINE_BYTES = 1 << 16
_LEVEL_KEYS = ("level", "lvl", "severity", "log.level")
_MESSAGE_KEYS = ("msg", "message")
_LEVELS = {
    **dict.fromkeys(("trace", "debug", "dbg"), "debug"),
    **dict.fromkeys(("info", "inf", "notice"), "info"),
    **dict.fromkeys(("warn", "warning", "wrn"), "warn"),
    **dict.fromkeys(("error", "err", "eror", "critical", "dpanic", "panic", "fatal", "ftl"), "error"),
}
_LOGFMT = re.compile(r'([A-Za-z_][\w.\-/]*)=("(?:[^"\\]|\\.)*"|[^\s"]*)(?:\s+|$)')
_PLAIN_LEVEL = re.compile(r"\b(TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|CRITICAL|PANIC|FATAL)\b|^([DIWEF])\d{4} ", re.IGNORECASE)
_VARYING = re.compile(r'"(?:[^"\\]|\\.)*"|\b[0-9a-fA-F]{8,}(?:-[0-9a-fA-F]{4,})*\b|\d+(?:[.:,]\d+)*\w{0,3}|/[\w./\-]+|\S+@\S+')


@dataclass
class Shape:
    """Counts over the lines that were read. `templates` are messages with what varies taken out, by level."""

    lines: int = 0
    formats: Counter[str] = field(default_factory=Counter)
    keys: Counter[str] = field(default_factory=Counter)
    levels: Counter[str] = field(default_factory=Counter)
    templates: dict[str, Counter[str]] = field(default_factory=dict)

    @property
    def format(self) -> str:
        return self.formats.most_common(1)[0][0] if self.formats else "none"

    def share(self, key: str) -> float:
        """The part of the lines that carry `key`."""
        return self.keys[key] / self.lines if self.lines else 0.0


def read(path: Path) -> Shape:
    """The shape of a log file's first 200,000 lines."""
    try:
        with path.open("rb") as file:
            return shape_of(line[:_MOST_LINE_BYTES].decode("utf-8", "replace") for line in file)
    except OSError as error:
        raise UserError(f"The log {path} cannot be read: {error.strerror}.", "Give a file with one record a line.") from error


def shape_of(lines: Iterable[str]) -> Shape:
    """Count; empty lines and lines of a stack trace do not count as records."""
    shape = Shape()
    for line in lines:
        text = line.rstrip("\r\n")
        if not text.strip() or text[0] in " \t" or text.startswith(("goroutine ", "created by ")):
            continue
        if shape.lines >= _MOST_LINES:
            break
        shape.lines += 1
        kind, fields = _fields(text)
        shape.formats[kind] += 1
        shape.keys.update(fields.keys())
        level = _level(text, fields)
        shape.levels[level] += 1
        message = next((fields[k] for k in _MESSAGE_KEYS if k in fields), text if kind == "plain" else "")
        shape.templates.setdefault(level, Counter())[_VARYING.sub("…", message)[:120].strip()] += 1
    return shape


def _fields(text: str) -> tuple[str, dict[str, str]]:
    if text.startswith("{"):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, dict):
            return "json", {k: v if isinstance(v, str) else str(v)[:200] for k, v in found.items()}
    pairs = _LOGFMT.findall(text)
    if len(pairs) >= 2 and sum(len(k) + len(v) + 2 for k, v in pairs) >= len(text) * 0.8:
        return "logfmt", {k: v.strip('"') for k, v in pairs}
    return "plain", {}


def _level(text: str, fields: dict[str, str]) -> str:
    for key in _LEVEL_KEYS:
        if key in fields:
            return _LEVELS.get(fields[key].lower(), "other")
    found = _PLAIN_LEVEL.search(text[:120]) if not fields else None
    if found is None:
        return "none"
    return {"D": "debug", "I": "info", "W": "warn", "E": "error", "F": "error"}[found[2].upper()] if found[2] else _LEVELS[found[1].lower()]
