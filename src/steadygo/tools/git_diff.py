"""What differs between a commit and the work tree, and the files of that commit. Like tools/git.py, it runs nothing that the tree names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from steadygo.errors import UserError
from steadygo.tools.git import ask, ask_unfiltered, unquoted

_HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_SECONDS = 300.0


class Hunk(NamedTuple):
    """`many` lines from `first` stand where `was_many` lines from `was_first` stood. Of no lines, `first` is the one behind the place."""

    was_first: int
    was_many: int
    first: int
    many: int


@dataclass(frozen=True)
class Change:
    """A file that differs. Paths are relative to the top of the work tree; `was` is "" for a new file, `path` "" for a deleted one."""

    path: str
    was: str
    hunks: tuple[Hunk, ...] = ()


@dataclass(frozen=True)
class Revision:
    """A commit. `asked`: what the user called it; `merge_base`: it is not that revision itself, but where HEAD left it."""

    asked: str
    commit: str
    tree: str
    merge_base: bool = False


def find_revision(root: Path, asked: str) -> Revision:
    """The commit to compare with: where HEAD left `asked`, or `asked` itself when they have nothing in common. Raises UserError."""
    remedy = "In CI, fetch more history (fetch-depth: 0), or name another revision."
    named = None if asked.startswith("-") else ask(root, "rev-parse", "--verify", "--quiet", "--end-of-options", asked + "^{commit}")
    if named is None or not named.ok:
        raise UserError(f"git does not know the revision {asked!r}.", remedy)
    base = ask(root, "merge-base", named.text.strip(), "HEAD")
    commit = base.text.strip() if base.ok else named.text.strip()
    tree = ask(root, "rev-parse", commit + "^{tree}").text.strip()
    return Revision(asked, commit, tree, commit != named.text.strip())


def find_changes(top: Path, commit: str) -> list[Change]:
    """What the work tree at `top` has otherwise than `commit`, untracked files included. Raises UserError."""
    diff = ask_unfiltered(
        top, "diff", "--ignore-submodules=all", "--no-ext-diff", "--no-textconv", "--no-color", "--unified=0", "--find-renames",
        "--src-prefix=a/", "--dst-prefix=b/", commit, "--", timeout_seconds=_SECONDS,
    )  # fmt: skip
    if not diff.ok:
        raise UserError(f"git could not compare with {commit[:12]}: {diff.complaint}", "Check the repository with `git status`.")
    found = list(parse(diff.stdout))
    others = ask(top, "ls-files", "--others", "--exclude-standard", "-z", "--", ".").stdout
    return found + [Change(name, "") for name in others.decode("utf-8", "surrogateescape").split("\0") if name]


def parse(diff: bytes) -> Iterator[Change]:
    """The files of `git diff --unified=0`."""
    for part in re.split(rb"^(?=diff --git )", diff, flags=re.MULTILINE):
        if part.startswith(b"diff --git "):
            change = _change(part)
            if change is not None:
                yield change


def _change(part: bytes) -> Change | None:
    old = new = ""
    hunks: list[Hunk] = []
    inside = 0
    for row in part.split(b"\n"):
        if inside and row[:1] in (b"+", b"-"):
            inside -= 1
            continue
        if hunk := _HUNK.match(row):
            first, many, second, more = (int(g) if g is not None else 1 for g in hunk.groups())
            inside = many + more
            # Of no lines git names the line before the place.
            hunks.append(Hunk(first + (not many), many, second + (not more), more))
        elif not hunks:
            for prefix in (b"rename from ", b"--- "):
                old = _name(row, prefix) or old
            for prefix in (b"rename to ", b"+++ "):
                new = _name(row, prefix) or new
    if not old and not new:
        return None  # a mode, an empty or a binary file: nothing that has lines
    return Change(new.removeprefix("\0"), old.removeprefix("\0"), tuple(hunks))


def _name(row: bytes, prefix: bytes) -> str:
    """A path, "\\0" for /dev/null, "" when the row is none."""
    if not row.startswith(prefix):
        return ""
    name = row[len(prefix) :].rstrip(b"\t\r").decode("utf-8", "surrogateescape")
    if name == "/dev/null":
        return "\0"
    name = unquoted(name)
    return name if prefix.startswith(b"rename") else name[2:]


def find_files(top: Path, commit: str) -> dict[str, tuple[str, str]]:
    """The regular files of a commit by path: (mode, object id)."""
    entries: dict[str, tuple[str, str]] = {}
    listed = ask(top, "ls-tree", "-r", "-z", "--full-tree", commit, timeout_seconds=_SECONDS).stdout.decode("utf-8", "surrogateescape")
    for entry in listed.split("\0"):
        about, _, path = entry.partition("\t")
        words = about.split()
        if len(words) == 3 and words[1] == "blob" and words[0] != "120000":
            entries[path] = (words[0], words[2])
    return entries


def read_objects(top: Path, ids: Iterable[str]) -> dict[str, bytes]:
    """Contents of objects; those that are not there are left out."""
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        return {}
    answer = ask(top, "cat-file", "--batch", input=("\n".join(wanted) + "\n").encode(), timeout_seconds=_SECONDS, most_bytes=1 << 30).stdout
    found, at = {}, 0
    while at < len(answer):
        end = answer.index(b"\n", at)
        words = answer[at:end].split()
        at = end + 1
        if len(words) == 3 and words[1] != b"missing":
            size = int(words[2])
            found[words[0].decode()] = answer[at : at + size]
            at += size + 1
    return found


def export(top: Path, commit: str, into: Path) -> None:
    """Write the tree of a commit below `into`, line ends as this work tree has them; no filter of .gitattributes runs. Raises UserError."""
    index = into.with_name(into.name + ".index")
    into.mkdir(parents=True, exist_ok=True)
    try:
        read = ask(top, "read-tree", commit, index=index, timeout_seconds=_SECONDS)
        written = ask_unfiltered(
            top, "checkout-index", "--all", "--force", "--quiet", f"--prefix={into}/", index=index, timeout_seconds=_SECONDS
        )
    finally:
        index.unlink(missing_ok=True)
    if not read.ok or not written.ok:
        raise UserError(
            f"git could not write out {commit[:12]}: {(written if read.ok else read).complaint}.",
            "Is there room in the temporary directory, and is the history complete?",
        )
