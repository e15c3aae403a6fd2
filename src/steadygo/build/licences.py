"""Which licence a module carries, told from the words of its licence files. Conservative: an unknown text has no identifier."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from license_expression import ExpressionError, get_spdx_licensing  # type: ignore[import-untyped]

_FILES = re.compile(r"(?i)^(?:licen[cs]e|copying|unlicense)(?:[-._][\w.-]+)?$")
_MOST_BYTES = 256 << 10

_GRANT_MIT = "permission is hereby granted, free of charge, to any person obtaining a copy"
_GRANT_ISC = "permission to use, copy, modify, and/or distribute this software for any purpose"
_BSD = "redistribution and use in source and binary forms"

# (identifier, words that must all be there, words that must not). The first match counts, so the narrower ones come first.
_TEXTS: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("AGPL-3.0-only", ("gnu affero general public license version 3",), ()),
    ("LGPL-3.0-only", ("gnu lesser general public license version 3",), ()),
    ("LGPL-2.1-only", ("gnu lesser general public license version 2.1",), ()),
    ("GPL-3.0-only", ("gnu general public license version 3",), ()),
    ("GPL-2.0-only", ("gnu general public license version 2",), ()),
    ("MPL-2.0", ("mozilla public license version 2.0",), ()),
    ("EPL-2.0", ("eclipse public license - v 2.0",), ()),
    ("Apache-2.0", ("apache license version 2.0", "terms and conditions for use, reproduction, and distribution"), ()),
    ("Apache-2.0", ("licensed under the apache license, version 2.0",), ()),
    ("CC0-1.0", ("cc0 1.0 universal",), ()),
    ("Unlicense", ("this is free and unencumbered software released into the public domain",), ()),
    ("Zlib", ("this software is provided 'as-is'", "altered source versions must be plainly marked"), ()),
    ("BSD-3-Clause", (_BSD, "to endorse or promote products derived from"), ("all advertising materials",)),
    ("BSD-2-Clause", (_BSD, "redistributions in binary form"), ("endorse or promote", "advertising")),
    ("MIT", (_GRANT_MIT, "the above copyright notice and this permission"), ()),
    ("MIT-0", (_GRANT_MIT,), ("the above copyright notice",)),
    ("ISC", (_GRANT_ISC, "appear in all copies"), ()),
    ("ISC", (_GRANT_ISC.replace("and/or", "and"), "appear in all copies"), ()),
    ("0BSD", (_GRANT_ISC,), ("appear in all copies",)),
)


def identify(text: str) -> str:
    """The SPDX identifier of a licence text; empty when it is not one of the known ones."""
    stated = re.search(r"SPDX-License-Identifier:\s*([^\n*]+)", text)
    if stated and is_expression(stated[1].strip()):
        return stated[1].strip()
    words = re.sub(r"\s+", " ", re.sub(r"[*#=>\"“”]+", " ", text.replace("‘", "'").replace("’", "'"))).lower()
    words = words.replace("apache license, version", "apache license version").replace("license, version", "license version")
    words = words.replace("licensed under the apache license version", "licensed under the apache license, version")
    for identifier, needed, refused in _TEXTS:
        if all(phrase in words for phrase in needed) and not any(phrase in words for phrase in refused):
            return identifier
    return ""


def find(directory: Path) -> dict[str, str]:
    """The licence files at a module's root and what each is: {"LICENSE": "MIT", "COPYING": ""}."""
    found = {}
    try:
        names = sorted(entry.name for entry in directory.iterdir() if _FILES.match(entry.name) and entry.is_file())
    except OSError:
        return {}
    for name in names:
        with (directory / name).open("rb") as file:
            found[name] = identify(file.read(_MOST_BYTES).decode("utf-8", "replace"))
    return found


def expression(files: Iterable[str]) -> str:
    """One SPDX expression of what several files say: all of them hold. Empty when a file is not known, or there is none."""
    identifiers = sorted(set(files))
    if not identifiers or "" in identifiers:
        return ""
    return " AND ".join(f"({i})" if " " in i and len(identifiers) > 1 else i for i in identifiers)


@cache
def _licensing() -> Any:
    """The table of SPDX identifiers: slow to load, so once."""
    return get_spdx_licensing()


def is_expression(text: str) -> bool:
    """Whether text is an SPDX licence expression with known identifiers."""
    try:
        return _licensing().parse(text, validate=True) is not None
    except ExpressionError:
        return False


def is_allowed(text: str, allowed: Iterable[str], denied: Iterable[str]) -> bool:
    """Whether a licence expression can be met: with OR one side is enough, with AND both are needed."""
    may, must_not = set(allowed), set(denied)

    def holds(node: object) -> bool:
        arguments = getattr(node, "args", ())
        if not arguments:
            key = str(getattr(node, "key", node))
            return key not in must_not and (not may or key in may)
        return any(map(holds, arguments)) if type(node).__name__ == "OR" else all(map(holds, arguments))

    try:
        return holds(_licensing().parse(text))
    except ExpressionError:
        return False
