"""Two measurements and the trees behind them -> the difference of their coverage."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from steadygo.commands.test.measured import Measured
from steadygo.commands.test.sources import Sources
from steadygo.report.coverage_lines import Lines
from steadygo.report.escaping import well_formed
from steadygo.testing.coverage.difference import Difference, Function, compare, difference
from steadygo.testing.coverage.functions import Row, table
from steadygo.testing.coverage.lines import heated, hits
from steadygo.testing.coverage.live import Live
from steadygo.testing.coverage.profile import Block, Profile
from steadygo.tools import git, git_diff


class Base(msgspec.Struct, frozen=True):
    """What it is compared with. `origin`: ran, kept (an earlier run of the same tree), profile, or nothing: it is not known."""

    revision: str
    commit: str
    merge_base: bool
    origin: str


class Here(msgspec.Struct, frozen=True):
    """What is measured. `changed` and `untracked` count files that are not committed."""

    commit: str
    changed: int
    untracked: int
    origin: str


class Failed(msgspec.Struct, frozen=True):
    """A package whose tests failed here."""

    package: str
    why: str


class Document(msgspec.Struct, frozen=True):
    """All there is to say. `unmeasured`: changed code that no profile mentions; `not_known`: what could not be said, and why."""

    base: Base
    here: Here
    difference: Difference
    unmeasured: tuple[str, ...]
    not_known: tuple[str, ...]
    failed: tuple[Failed, ...]

    def json(self) -> str:
        """One line (docs/schema/test-coverage.schema.json)."""
        parts = msgspec.to_builtins(self)
        for name, texts in (("unmeasured", self.unmeasured), ("not_known", self.not_known)):
            parts[name] = [well_formed(text) for text in texts]
        return msgspec.json.encode({"base": parts["base"], "here": parts["here"], **parts.pop("difference"), **parts}).decode()


@dataclass(frozen=True)
class Side:
    """One tree and what was measured there."""

    sources: Sources
    measured: Measured | None


@dataclass(frozen=True)
class Compared:
    """The difference, with what a picture of it needs besides: all functions, and the lines of files."""

    difference: Difference
    functions: Sequence[Function]
    files: Sequence[Lines]


def compared(then: Side, now: Side, changes: list[git_diff.Change], threshold: float) -> Compared:
    """Compare two sides. Of a base that was not measured, nothing is said."""
    assert now.measured is not None
    renamed = _renamed(changes)
    after = table(now.measured.profile, now.sources.path_of, now.sources.functions)
    before = table(then.measured.profile, then.sources.path_of, then.sources.functions) if then.measured else None
    functions = compare(before, after, stands=(_stands(then.sources), _stands(now.sources)), renamed=renamed, threshold=threshold)
    files = list(_lines(then, now, {c.path: c for c in changes if c.path}))
    return Compared(difference(before, after, functions, [f.heated for f in files], threshold), functions, files)


def live(then: Side, now: Sources, changes: list[git_diff.Change], threshold: float) -> Live:
    """The same while tests still run here."""
    before = table(then.measured.profile, then.sources.path_of, then.sources.functions) if then.measured else None
    stands = _stands(then.sources)
    return Live(before, now.path_of, now.functions, stands=stands, renamed=_renamed(changes), threshold=threshold)


def _renamed(changes: Iterable[git_diff.Change]) -> dict[str, str]:
    return {c.was: c.path for c in changes if c.was and c.path and c.was != c.path}


def _stands(sources: Sources) -> Callable[[Row], bool]:
    return lambda row: sources.declares(row.directory, row.name)


def _lines(then: Side, now: Side, changes: dict[str, git_diff.Change]) -> Iterator[Lines]:
    """Files that are changed, or covered otherwise than before."""
    assert now.measured is not None
    old = _by_path(then.measured.profile, then.sources) if then.measured else {}
    for path, blocks in _by_path(now.measured.profile, now.sources).items():
        change = changes.get(path)
        was = change.was if change else path
        if change is None and path in old and [(b[:4], b.runs > 0) for b in old[path]] == [(b[:4], b.runs > 0) for b in blocks]:
            continue
        if change is None and path not in old:
            continue
        text = now.sources.text(path)
        if text is None:
            continue
        before = then.sources.text(was) if was else None
        facts = now.sources.facts(path)
        generated = facts is not None and facts.generated
        hunks = change.hunks if change else ()
        ran = hits(before, old[was]) if before is not None and was in old else None
        yield Lines(heated(path, was, hunks, hits(text, blocks), ran, generated), text, before or b"", hunks)


def _by_path(profile: Profile, sources: Sources) -> dict[str, tuple[Block, ...]]:
    """Blocks by the path of their file."""
    return {sources.path_of(name): blocks for name, blocks in profile.files.items()}


def not_known(then: Side, now: Side, changes: list[git_diff.Change], module: str) -> Iterator[str]:
    """What the comparison leaves open."""
    if then.measured is not None:
        for package, why in then.measured.failed:
            yield f"At the base, {package} failed: {why.rstrip('. ')}. What its tests covered there is missing, or too little."
    for side, where in ((then, "the base"), (now, "the work tree")):
        for path, blocks in _by_path(side.measured.profile, side.sources).items() if side.measured else ():
            text = side.sources.text(path) if path.endswith(".go") else None
            if text is not None and blocks[-1].end_line > text.count(b"\n") + 1:
                yield f"The profile does not fit {path} of {where}: the file is shorter. Was it made from another version?"
    for path in unmeasured(now, changes, module):
        yield f"{path} is changed, but no profile mentions it: its package was not asked for, or it is for another platform or build tag."


def unmeasured(now: Side, changes: Iterable[git_diff.Change], module: str) -> list[str]:
    """Files with changed functions that no profile mentions: of the module in `module`, and of every module that was measured."""
    assert now.measured is not None
    measured = {now.sources.path_of(name) for name in now.measured.profile.files}
    modules = {module, *(now.sources.module_of(path) for path in measured)} - {None}
    return [
        c.path
        for c in changes
        if _is_code(c.path) and c.path not in measured and now.sources.module_of(c.path) in modules and _changes_function(now.sources, c)
    ]


def for_others(now: Side, path: str) -> bool:
    """Whether a file that no profile mentions is for another platform or build tag, as the rest of its package was measured."""
    assert now.measured is not None
    folders = {os.path.dirname(now.sources.path_of(name)) for name in now.measured.profile.files}
    facts = now.sources.facts(path)
    return facts is not None and bool(facts.constraint) and os.path.dirname(path) in folders


def _changes_function(sources: Sources, change: git_diff.Change) -> bool:
    """Whether a line of a function that people wrote is changed. What `//line` names stands in a profile under another name."""
    facts, text = sources.facts(change.path), sources.text(change.path)
    if facts is None or text is None or facts.generated or b"\n//line " in text:
        return False
    lines = text.split(b"\n")
    changed = {n for h in change.hunks for n in range(h.first, h.first + h.many)} if change.was else set(range(1, len(lines) + 1))
    return any(
        not changed.isdisjoint(range(f.line, f.end_line + 1)) and any(b"{" in line for line in lines[f.line - 1 : f.end_line])
        for f in facts.functions
    )


def _is_code(path: str) -> bool:
    *folders, name = path.split("/")
    passed_over = any(folder in ("testdata", "vendor") or folder.startswith((".", "_")) for folder in folders)
    return name.endswith(".go") and not name.endswith("_test.go") and not name.startswith((".", "_")) and not passed_over


def here_of(top: Path | None, origin: str) -> Here:
    """The state of the work tree."""
    found = git.checkout(top) if top else None
    return Here(found.commit, found.changed, found.untracked, origin) if found else Here("", 0, 0, origin)


def top_of(directory: Path) -> Path | None:
    """The root of the repository, links resolved."""
    found = git.top(directory)
    return Path(os.path.realpath(found)) if found else None


def module_of(directory: Path) -> Path:
    """The nearest directory with a go.mod, `directory` itself where there is none."""
    return next((d for d in (directory, *directory.parents) if (d / "go.mod").is_file()), directory)
