"""Colour and width of text for a terminal. Colour repeats what a word or sign says already."""

from __future__ import annotations

import os
import re
import textwrap
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TextIO

from steadygo.findings import Severity, Verdict

SIGNS = {Severity.OUTAGE: "✗", Severity.DEGRADED: "▲", Severity.HAZARD: "◆", Severity.NOTE: "○"}
MARKS = {Verdict.FAIL: "✗", Verdict.NOT_KNOWN: "?", Verdict.PASS: "✓", Verdict.NOT_APPLICABLE: "–"}

_CODES = {"bold": 1, "dim": 2, "red": 31, "green": 32, "yellow": 33, "blue": 34, "magenta": 35, "cyan": 36}
_STYLES: dict[Severity | Verdict, tuple[str, ...]] = {
    Severity.OUTAGE: ("bold", "red"),
    Severity.DEGRADED: ("bold", "magenta"),
    Severity.HAZARD: ("yellow",),
    Severity.NOTE: ("cyan",),
    Verdict.FAIL: ("bold", "red"),
    Verdict.NOT_KNOWN: ("yellow",),
    Verdict.PASS: ("green",),
    Verdict.NOT_APPLICABLE: ("dim",),
}
_WIDEST, _NARROWEST = 120, 40
_ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Look:
    """How text may look. `width` in columns."""

    colour: bool = False
    width: int = 100

    def style(self, text: str, *styles: str) -> str:
        """`text` in these styles, or as it is without colour."""
        if not self.colour or not text:
            return text
        return f"\x1b[{';'.join(str(_CODES[s]) for s in styles)}m{text}\x1b[0m"

    def graded(self, text: str, grade: Severity | Verdict) -> str:
        """`text` in the colour of a severity or verdict."""
        return self.style(text, *_STYLES[grade])

    def wrap(self, text: str, first: str, rest: str) -> list[str]:
        """`text` in lines that fit; `first` and `rest` stand in front of the first and of further lines."""
        room = max(20, self.width - cells(_ESCAPE.sub("", rest)))
        lines = textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False) or [""]
        lines = [": :" + line[2:] if line.startswith("::") else line for line in lines]  # or GitHub's log would obey it
        return [first + lines[0], *(rest + line for line in lines[1:])]


def look_for(stream: TextIO, environment: Mapping[str, str]) -> Look:
    """The look that suits `stream`: colour only on a terminal that wants it, without NO_COLOR; not wider than can be read."""
    try:
        width = os.get_terminal_size(stream.fileno()).columns if stream.isatty() else 100
    except (OSError, ValueError):
        width = 100
    if environment.get("COLUMNS", "").isdecimal():
        width = int(environment["COLUMNS"])
    colour = stream.isatty() and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"
    return Look(colour, max(_NARROWEST, min(width, _WIDEST)))


def cells(text: str) -> int:
    """How many columns `text` takes."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def fit(text: str, width: int) -> str:
    """`text` cut to `width` columns, with … where something is missing."""
    if cells(text) <= width:
        return text
    kept = text
    while kept and cells(kept) > width - 1:
        kept = kept[: max(0, len(kept) - max(1, (cells(kept) - width) // 2))]
    return kept.rstrip() + "…"


def pad(text: str, width: int) -> str:
    """`text` cut or filled to exactly `width` columns."""
    text = fit(text, width)
    return text + " " * (width - cells(text))
