"""Where a team's registered weak points (`BP-07`) are named: comments of code, and tests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import cast

from steadygo.facts.gocode import GoCode
from steadygo.findings import Place

_COMMENT = re.compile(r"\bBP-(\d+)\b")
_TEXT = re.compile(r"\bBP[-_ ]?(\d+)(?!\d)", re.IGNORECASE)
_FUNCTION = re.compile(r"(?:BP|Breakpoint|BreakPoint)_?(\d+)")


def named(text: str) -> list[str]:
    """Breakpoints that a contract's or comment's text names, without leading zeros of the number: `BP-07` -> `BP-7`."""
    return [_id(number) for number in _COMMENT.findall(text)]


def _id(number: str) -> str:
    return f"BP-{int(number)}"


def in_code(code: GoCode) -> dict[str, list[tuple[str, Place]]]:
    """Breakpoint -> (as written, place) in comments of files that are no tests, in order."""
    known = code.memo.get("breakpoints in code")
    if known is None:
        found: dict[str, list[tuple[str, Place]]] = {}
        for file in code.files:
            for comment in file.comments if not file.is_test else ():
                for match in _COMMENT.finditer(comment.text):
                    found.setdefault(_id(match[1]), []).append((match[0], Place(file.path, comment.line, comment.column)))
        known = code.memo["breakpoints in code"] = found
    return cast("dict[str, list[tuple[str, Place]]]", known)


def in_tests(code: GoCode) -> dict[str, Place]:
    """Breakpoint -> the first test that names it: in a comment, its function's name, or a subtest's or message's text."""
    known = code.memo.get("breakpoints in tests")
    if known is None:
        found: dict[str, Place] = {}
        for name, place in _tests(code):
            found.setdefault(name, place)
        known = code.memo["breakpoints in tests"] = found
    return cast("dict[str, Place]", known)


def _tests(code: GoCode) -> Iterator[tuple[str, Place]]:
    for file in code.files:
        if not file.is_test:
            continue
        for comment in file.comments:
            for number in _COMMENT.findall(comment.text):
                yield _id(number), Place(file.path, comment.line)
        for function in file.functions:
            for number in _FUNCTION.findall(function.name):
                yield _id(number), file.at(function)
        for call in file.calls:
            for arg in call.args:
                if "BP" in arg or "bp-" in arg:
                    for number in _TEXT.findall(arg):
                        yield _id(number), file.at(call)
        for composite in file.composites:
            for _, value in composite.fields:
                for number in _TEXT.findall(value) if "BP" in value else ():
                    yield _id(number), file.at(composite)
