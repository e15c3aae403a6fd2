"""Shell scripts."""

from __future__ import annotations

import posixpath
import re

from steadygo.facts.pipelines import Script
from steadygo.facts.place import Gap
from steadygo.read import shell

_SHEBANG = re.compile(r"#![ \t]*(\S+)(?:[ \t]+(?:-S[ \t]+)?([A-Za-z]\S*))?")


def read(path: str, data: bytes) -> Script:
    """The commands, assignments and traps of a shell script; directories are seen from the repository's root where they can be."""
    text = data.decode("utf-8", "replace").removeprefix("\ufeff").replace("\r\n", "\n")
    interpreter = _interpreter(path, text)
    if "sh" not in interpreter:
        return Script(path, interpreter, gaps=(Gap(1, f"a script for {interpreter[:40]}, not for a shell"),))
    parsed = shell.commands(text, here=posixpath.dirname(path))
    return Script(path, interpreter, parsed.commands, parsed.assignments, parsed.traps, parsed.gaps)


def _interpreter(path: str, text: str) -> str:
    found = _SHEBANG.match(text)
    if found is None:
        return "bash" if path.endswith(".bash") else "sh"
    name = posixpath.basename(found.group(1))
    return posixpath.basename(found.group(2)) if name == "env" and found.group(2) else name
