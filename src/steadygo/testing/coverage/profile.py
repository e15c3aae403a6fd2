"""Profiles of `go test -coverprofile`: read, put together over packages, shards and reruns, written again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from pathlib import Path
from typing import NamedTuple

from steadygo.errors import UserError

_MODES = ("set", "count", "atomic")  # what is mixed gets the weakest: set < count < atomic
_KEY = re.compile(rb"(.+):(\d{1,9})\.(\d{1,9}),(\d{1,9})\.(\d{1,9}) (\d{1,9})")
_REMEDY = "A profile is what `go test -coverprofile=FILE` or `go tool covdata textfmt` writes."


class Block(NamedTuple):
    """A run of statements without a branch. Lines and columns count from 1, columns in bytes; `end_column` is behind its last byte."""

    line: int
    column: int
    end_line: int
    end_column: int
    statements: int
    runs: int


@dataclass(frozen=True)
class Profile:
    """`files`: blocks by the name that the profile has for a file (IMPORT PATH/NAME), in order. `mode`: set, count or atomic."""

    mode: str = "set"
    files: Mapping[str, tuple[Block, ...]] = field(default_factory=dict)

    def text(self) -> str:
        """What `go tool cover` reads."""
        lines = [f"mode: {self.mode}"]
        for name, blocks in self.files.items():
            lines += [f"{name}:{b.line}.{b.column},{b.end_line}.{b.end_column} {b.statements} {b.runs}" for b in blocks]
        return "\n".join([*lines, ""])


class Merger:
    """Takes profiles one after the other. A block that several mention is counted once: with mode set or-ed, else its counts are summed."""

    def __init__(self) -> None:
        self._mode = ""
        self._counts: dict[bytes, int] = {}

    def add(self, data: bytes, origin: str) -> None:
        """Add a profile, or several that stand behind each other. `origin` names it in complaints. Raises UserError."""
        mode, counts = "", self._counts
        for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
            line = line.rstrip(b"\r")
            if line.startswith(b"mode: "):
                mode = line[len(b"mode: ") :].decode("ascii", "replace").strip()
                if mode not in _MODES:
                    raise UserError(f"{origin}, line {number}: {mode!r} is no mode of a coverage profile.", _REMEDY)
                self._mode = mode if not self._mode else min(self._mode, mode, key=_MODES.index)
                continue
            if not line:
                continue
            key, _, count = line.rpartition(b" ")
            if not mode or not count.isdigit() or len(count) > 20 or (key not in counts and not _KEY.fullmatch(key)):
                raise UserError(f"{origin}, line {number}: this is no line of a coverage profile: {_start(line)}", _REMEDY)
            counts[key] = counts.get(key, 0) + int(count)

    def profile(self) -> Profile:
        """All of them as one. Raises UserError when two count the statements of one block differently."""
        mode = self._mode or "set"
        found: list[tuple[str, Block]] = []
        for key, count in self._counts.items():
            match = _KEY.fullmatch(key)
            assert match is not None
            name, *numbers = match.groups()
            line, column, end_line, end_column, statements = map(int, numbers)
            block = Block(line, column, end_line, end_column, statements, min(count, 1) if mode == "set" else count)
            found.append((name.decode("utf-8", "surrogateescape"), block))
        found.sort()
        for (name, a), (other, b) in pairwise(found):
            if name == other and a[:4] == b[:4]:
                raise UserError(
                    f"The profiles disagree about {name}:{a.line}.{a.column}: {a.statements} statements, and {b.statements}.",
                    "Were they made from different versions of the source? Make them again.",
                )
        return Profile(mode, {name: tuple(b for _, b in group) for name, group in groupby(found, key=lambda f: f[0])})


def readable(profile: Profile) -> Profile:
    """The same with names that can be written as text everywhere; a file whose name is not UTF-8 is then not found."""
    return Profile(profile.mode, {n.encode("utf-8", "surrogateescape").decode("utf-8", "replace"): b for n, b in profile.files.items()})


def merged(profiles: Iterable[tuple[bytes, str]]) -> Profile:
    """(content, where it is from) of profiles as one. Raises UserError."""
    merger = Merger()
    for data, origin in profiles:
        merger.add(data, origin)
    return merger.profile()


def write(profile: Profile, out: str, directory: Path) -> None:
    """Write `profile` to `out`, relative to `directory`. Raises UserError."""
    try:
        (directory / out).write_bytes(profile.text().encode("utf-8", "surrogateescape"))
    except OSError as error:
        raise UserError(f"{out} cannot be written: {error.strerror}.", "Give another file with -coverprofile.") from None


def _start(line: bytes) -> str:
    text = line[:80].decode("utf-8", "replace")
    return repr(text + ("…" if len(line) > 80 else ""))
