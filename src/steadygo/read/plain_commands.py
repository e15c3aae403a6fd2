"""Commands of shells that are not POSIX (PowerShell, cmd): one a line, split at white space."""

from __future__ import annotations

import re

from steadygo.facts.commands import Command

_WORD = re.compile(r"""(?:'[^']*'|"[^"]*"|[^\s'"]|['"])+""")
_COMMENT = re.compile(r"\s*(?:#|::|@?rem\s)", re.IGNORECASE)
_SEPARATOR = re.compile(r"\s*(?:;|&&|\|\||\|)\s*")


def plain_commands(text: str, line: int = 1, column: int = 1) -> tuple[Command, ...]:
    """The commands of `text`. Only `;`, `&&`, `||` and `|` are known; nothing is folded."""
    found: list[Command] = []
    for number, content in enumerate(text.split("\n")):
        if _COMMENT.match(content):
            continue
        after, position = "", 0
        for separator in [*_SEPARATOR.finditer(content), None]:
            end = separator.start() if separator else len(content)
            part = content[position:end]
            words = tuple(word.strip("\"'") for word in _WORD.findall(part) if word not in ("\\", "`", "^"))
            if words:
                offset = len(part) - len(part.lstrip())
                found.append(Command(words, line + number, column + position + offset, after=after))
            if separator:
                after, position = separator.group().strip(), separator.end()
    return tuple(found)
