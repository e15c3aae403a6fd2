"""Which tests a package's files declare. Asking the binary would run TestMain, which may start a database to be asked a question."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_SKIPPED = re.compile(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|`[^`]*`|'(?:\\.|[^'\\\n])*'", re.DOTALL)
_FUNCTION = re.compile(r"^func\s+(?P<name>(?P<kind>Test|Fuzz|Example)\w*)\s*\((?P<params>[^)]*)\)\s*(?P<open>\{)?", re.MULTILINE)
_PARAMETER = {"Test": re.compile(r"(?:\w+\s+)?\*\s*(?:\w+\.)?T\s*,?\s*"), "Fuzz": re.compile(r"(?:\w+\s+)?\*\s*(?:\w+\.)?F\s*,?\s*")}
_OUTPUT = re.compile(r"\s*(?:unordered )?output:", re.IGNORECASE)
_END = re.compile(r"^\}", re.MULTILINE)


def bare(text: str, *, literals: bool = True) -> str:
    """Go source with spaces for comments, and for literals of text too; every character keeps its place."""
    return _SKIPPED.sub(lambda m: re.sub(r"[^\n]", " ", m[0]) if literals or m[0].startswith(("//", "/*")) else m[0], text)


def find_tests(text: str) -> Iterator[str]:
    """Names of tests, fuzz tests, and examples whose output is compared, as `go test` would take them from one formatted file."""
    return (name for name, _ in find_bodies(text))


def find_bodies(text: str) -> Iterator[tuple[str, str]]:
    """The same names, each with the source of its function."""
    comments = [m.span() for m in _SKIPPED.finditer(text) if m[0].startswith(("//", "/*"))]
    code = bare(text)
    for found in _FUNCTION.finditer(code):
        name, kind = found["name"], found["kind"]
        rest = name[len(kind) :]
        if rest and rest[0].islower():
            continue
        if kind == "Example":
            end = _END.search(code, found.end())
            if not found["params"].strip() and found["open"] and _compares(text, comments, found.end(), end.start() if end else len(text)):
                yield name, text[found.start() : _closed(code, found.start("open"))]
        elif _PARAMETER[kind].fullmatch(found["params"].strip()):
            yield name, text[found.start() : _closed(code, found.end("params"))]


def _closed(code: str, at: int) -> int:
    """Behind the bracket that closes the first one that opens from `at` on."""
    depth = 0
    for bracket in re.finditer(r"[{}]", code[at:]):
        depth += 1 if bracket[0] == "{" else -1
        if depth <= 0:
            return at + bracket.end()
    return len(code)


def _compares(text: str, comments: list[tuple[int, int]], start: int, end: int) -> bool:
    """Whether the last comment group of a body says what is printed."""
    inside = [(a, b) for a, b in comments if start <= a and b <= end]
    if not inside:
        return False
    first = len(inside) - 1
    while (
        first
        and text[inside[first - 1][1] : inside[first][0]].strip() == ""
        and text.count("\n", inside[first - 1][1], inside[first][0]) <= 1
    ):
        first -= 1
    said = text[inside[first][0] : inside[-1][1]]
    return _OUTPUT.match(said[2:]) is not None


def selected(names: Iterable[str], run: str, skip: str) -> tuple[str, ...] | None:
    """The names that -run and -skip leave, as testing matches top-level names. None when Python cannot read the patterns."""
    try:
        wanted = [re.compile(parts[0]) for parts in _alternatives(run)] if run else None
        unwanted = [re.compile(parts[0]) for parts in _alternatives(skip) if len(parts) == 1] if skip else []
    except re.error:
        return None
    return tuple(n for n in names if (wanted is None or any(w.search(n) for w in wanted)) and not any(u.search(n) for u in unwanted))


def _alternatives(pattern: str) -> list[list[str]]:
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
