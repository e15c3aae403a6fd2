"""The patterns of -run and -skip. Go's regular expressions (RE2) and Python's differ: what is not the same in both is not read here."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator

from steadygo.errors import UserError

_ESCAPED = r"\\(?:[dDwWsS]|[^\w\s]|_)"
_SAME = re.compile(
    rf"""(?: [^\\\[()*+?{{\s]
      | \\[bBA] | {_ESCAPED}
      | \[\^?\]? (?: (?!--|&&|~~|\|\|) [^\]\[\\\s] | {_ESCAPED} )* \]
      | \((?!\?)(?!\*) | \(\?: | \)
      | (?: [*+?] | \{{\d{{1,3}}(?:,\d{{0,3}})?\}} ) \?? (?![*+?{{])
    )*""",
    re.VERBOSE | re.ASCII,
)
_WRONG_IN_BOTH = ("missing )", "unbalanced parenthesis", "bad character range", "min repeat greater")


def alternatives(pattern: str) -> list[list[str]]:
    """`A/b|C` -> [[A, b], [C]]: brackets and backslashes protect what is in them."""
    found: list[list[str]] = [[""]]
    square = round_ = 0
    at = 0
    while at < len(pattern):
        letter = pattern[at]
        square = square + 1 if letter == "[" else max(0, square - 1) if letter == "]" else square
        if not square:
            round_ += (letter == "(") - (letter == ")")
        if letter == "\\" and at + 1 < len(pattern):
            found[-1][-1] += pattern[at : at + 2]
            at += 2
            continue
        if letter == "/" and not square and not round_:
            found[-1].append("")
        elif letter == "|" and not square and not round_:
            found.append([""])
        else:
            found[-1][-1] += letter
        at += 1
    return found


def readable(part: str) -> re.Pattern[str] | None:
    """The pattern of one name, None when Python would not match as Go does."""
    folded = part.startswith("(?i)") and part.isascii()
    if not _SAME.fullmatch(part.removeprefix("(?i)") if folded else part):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return re.compile(part, re.ASCII)
    except (re.error, OverflowError, RecursionError, Warning):
        return None


def check(flag: str, pattern: str) -> None:
    """Raises UserError for what Go cannot read either. What only Go can tell is left to it."""
    for complaint in (c for parts in alternatives(pattern) for part in parts for c in _complaints(part)):
        raise UserError(f"-{flag}={pattern} is no regular expression: {complaint}.", "Put \\ before a letter that stands for itself.")


def _complaints(part: str) -> Iterator[str]:
    same = _SAME.match(part)
    rest = part[same.end() :] if same else part
    if rest == "\\":
        yield "a \\ at the end"
    elif rest.startswith("[") and "]" not in rest:
        yield "a [ is never closed"
    elif not rest:
        try:
            re.compile(part, re.ASCII)
        except re.error as error:
            if error.msg.startswith(_WRONG_IN_BOTH):
                yield error.msg
