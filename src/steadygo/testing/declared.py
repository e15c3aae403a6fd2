"""Which tests a package's files declare. Asking the binary would run TestMain, which may start a database to be asked a question."""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterable, Iterator

from steadygo.testing import patterns

_SKIPPED = re.compile(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|`[^`]*`|'(?:\\.|[^'\\\n])*'", re.DOTALL)
_FUNCTION = re.compile(r"^func\s+(?P<name>(?P<kind>Test|Fuzz|Example)\w*)\s*\((?P<params>[^)]*)\)\s*(?P<open>\{)?", re.MULTILINE)
_PARAMETER = {"Test": re.compile(r"(?:\w+\s+)?\*\s*(?:\w+\.)?T\s*,?\s*"), "Fuzz": re.compile(r"(?:\w+\s+)?\*\s*(?:\w+\.)?F\s*,?\s*")}
_OUTPUT = re.compile(r"\s*(?:unordered )?output:", re.IGNORECASE)
_HEAD = re.compile(r"^func\s+(?:Test|Fuzz|Example)", re.MULTILINE)
_MOST_SIGNATURE = 2000  # characters
_BRACKET = re.compile(r"[{}]")
_END = re.compile(r"^\}", re.MULTILINE)


def bare(text: str, *, literals: bool = True) -> str:
    """Go source with spaces for comments, and for literals of text too; every character keeps its place."""
    return _SKIPPED.sub(lambda m: re.sub(r"[^\n]", " ", m[0]) if literals or m[0].startswith(("//", "/*")) else m[0], text)


def find_tests(text: str) -> Iterator[str]:
    """Names of tests, fuzz tests, and examples whose output is compared, as `go test` would take them from one formatted file."""
    return (name for name, _, _ in _declarations(text))


def find_bodies(text: str) -> Iterator[tuple[str, str]]:
    """The same names, each with the source of its function."""
    code = bare(text)
    return ((name, text[start : _closed(code, at)]) for name, start, at in _declarations(text))


def _declarations(text: str) -> Iterator[tuple[str, int, int]]:
    """(name, where its function starts, a place before the bracket that opens its body)."""
    spans = [m.span() for m in _SKIPPED.finditer(text)]
    starts = [start for start, _ in spans]
    for head in _HEAD.finditer(text):
        start = head.start()
        if _within(start, starts, spans):
            continue
        line = text[start : text.find("\n", start)]
        found = _FUNCTION.match(line if "{" in line and "/" not in line else bare(text[start : start + _MOST_SIGNATURE]))
        if found is None:
            continue
        name, kind = found["name"], found["kind"]
        if name[len(kind) :][:1].islower():
            continue
        if kind == "Example":
            opened = start + found.end()
            end = next((e.start() for e in _END.finditer(text, opened) if not _within(e.start(), starts, spans)), len(text))
            inside = [(a, b) for a, b in spans[bisect(starts, opened) :] if b <= end and text.startswith(("//", "/*"), a)]
            if not found["params"].strip() and found["open"] and _compares(text, inside):
                yield name, start, start + found.start("open")
        elif _PARAMETER[kind].fullmatch(found["params"].strip()):
            yield name, start, start + found.end("params")


def _within(at: int, starts: list[int], spans: list[tuple[int, int]]) -> bool:
    """Whether a place is in a comment or a literal."""
    before = bisect(starts, at) - 1
    return before >= 0 and at < spans[before][1]


def _closed(code: str, at: int) -> int:
    """Behind the bracket that closes the first one that opens from `at` on."""
    depth = 0
    for bracket in _BRACKET.finditer(code, at):
        depth += 1 if bracket[0] == "{" else -1
        if depth <= 0:
            return bracket.end()
    return len(code)


def _compares(text: str, inside: list[tuple[int, int]]) -> bool:
    """Whether the last group of a body's comments says what is printed."""
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
    """The names that -run and -skip leave, as testing matches top-level names. None when Python would not match as Go does."""
    wanted = [patterns.readable(parts[0]) for parts in patterns.alternatives(run)] if run else None
    unwanted = [patterns.readable(parts[0]) for parts in patterns.alternatives(skip) if len(parts) == 1] if skip else []
    if None in unwanted or (wanted is not None and None in wanted):
        return None
    return tuple(n for n in names if (wanted is None or _any(wanted, n)) and not _any(unwanted, n))


def _any(found: Iterable[re.Pattern[str] | None], name: str) -> bool:
    return any(pattern is not None and pattern.search(name) for pattern in found)
