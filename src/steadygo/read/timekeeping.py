"""chrony.conf and ntp.conf: one directive a line, comments after `#` (chrony also `!`, `;` and `%` at the line's start)."""

from __future__ import annotations

from steadygo.facts.timekeeping import TimeSettings


def read(path: str, data: bytes) -> TimeSettings:
    """The directives, their names in lower case as both programs take them."""
    program = "ntp" if path.rpartition("/")[2].startswith("ntp") else "chrony"
    found: list[tuple[str, tuple[str, ...], int]] = []
    for number, line in enumerate(data.decode("utf-8-sig", "replace").split("\n"), 1):
        text = line.strip()
        if text and text[0] not in ("#!;%" if program == "chrony" else "#"):
            name, *words = text.split(" #")[0].split()
            found.append((name.lower(), tuple(words), number))
    return TimeSettings(path, program, tuple(found))
