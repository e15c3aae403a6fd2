"""Questions that git answers about a work tree.

Nothing that the work tree's own configuration names is run: no hook, pager, file-system monitor, filter, diff driver or transport.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from steadygo.errors import ToolMissing, UserError
from steadygo.tools.run import Outcome, Ran, run

_QUIET = [
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "core.pager=cat",
    "-c",
    "diff.external=",
    "--no-optional-locks",
]
_ALONE = {
    "LC_ALL": "C",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_EXTERNAL_DIFF": "",
    # A partial clone would fetch what it lacks, by a command that its configuration names.
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
}


def ask(
    root: Path, *arguments: str, timeout_seconds: float = 30.0, input: bytes = b"", most_bytes: int = 64 << 20, index: Path | None = None
) -> Ran:
    """git's answer at `root`. `index`: a file that stands in for the work tree's index. Raises ToolMissing."""
    own = {"GIT_INDEX_FILE": str(index)} if index else {}
    return _run(root, arguments, {**os.environ, **_ALONE, **own}, timeout_seconds, input, most_bytes)


def ask_unfiltered(root: Path, *arguments: str, timeout_seconds: float = 30.0, index: Path | None = None) -> Ran:
    """Like `ask`, for questions that compare files with the index: there git would run the filters of .gitattributes."""
    names = ask(root, "config", "--name-only", "-z", "--get-regexp", r"^filter\..*\.(clean|smudge|process|required)$").text
    environment = {**os.environ, **_ALONE, **({"GIT_INDEX_FILE": str(index)} if index else {})}
    # Not with -c, which ends the key at the first "=".
    first = int(environment.get("GIT_CONFIG_COUNT") or "0")
    keys = sorted({name for name in names.split("\0") if name})
    for number, key in enumerate(keys, first):
        environment[f"GIT_CONFIG_KEY_{number}"] = key
        environment[f"GIT_CONFIG_VALUE_{number}"] = "false" if key.endswith(".required") else ""
    environment["GIT_CONFIG_COUNT"] = str(first + len(keys))
    return _run(root, arguments, environment, timeout_seconds)


def _run(
    root: Path,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    timeout_seconds: float,
    input: bytes = b"",
    most_bytes: int = 512 << 20,
) -> Ran:
    command: list[str | Path] = ["git", "-C", root, *_QUIET, *arguments]
    ran = run(command, environment=environment, timeout_seconds=timeout_seconds, input=input, most_bytes=most_bytes)
    if ran.outcome is Outcome.MISSING:
        raise ToolMissing("git is not installed.", "Install git.")
    return ran


def top(root: Path) -> Path | None:
    """The work tree that holds `root`, None outside of one."""
    ran = ask(root, "rev-parse", "--show-toplevel")
    return Path(ran.text.strip()) if ran.ok and ran.text.strip() else None


def below_top(root: Path) -> str:
    """Where `root` lies under the root of its work tree, "" for the root itself or outside of git. Asks the file system, not git."""
    for folder in (root, *root.parents):
        if (folder / ".git").exists():
            return root.relative_to(folder).as_posix().removeprefix(".")
    return ""


def changed_since(root: Path, revision: str) -> dict[str, set[int]]:
    """Lines added or changed below `root` between the merge base of `revision` and the work tree: {path relative to root: lines}.

    Untracked files count whole: they map to an empty set.
    """
    if revision.startswith("-"):
        raise UserError(f"{revision!r} is not a git revision.", "Give a branch, a tag or a commit.")
    if top(root) is None:
        raise UserError(f"{root} is not in a git work tree.", "--since needs one: leave it out, or scan a checkout.")
    base = ask(root, "merge-base", revision, "HEAD")
    if not base.ok:
        known = ask(root, "rev-parse", "--verify", "--quiet", revision + "^{commit}")
        if not known.ok:
            raise UserError(
                f"git does not know the revision {revision!r}.", "In CI, fetch more history (fetch-depth: 0), or name another revision."
            )
    start = base.text.strip() if base.ok else revision
    diff = ask_unfiltered(
        root,
        "diff",
        # git would look into each submodule with that one's own configuration.
        "--ignore-submodules=dirty",
        "--submodule=short",
        "--no-ext-diff",
        "--no-textconv",
        "--relative",
        "--no-color",
        "--unified=0",
        "--no-renames",
        "--src-prefix=a/",
        "--dst-prefix=b/",
        start,
        "--",
        ".",
        timeout_seconds=120.0,
    )
    if not diff.ok:
        raise UserError(f"git could not compare with {revision!r}: {diff.complaint}", "Check the repository with `git status`.")
    lines = _added_lines(diff.stdout.decode("utf-8", "surrogateescape"))
    others = ask(root, "ls-files", "--others", "--exclude-standard", "-z", "--", ".")
    for name in others.stdout.decode("utf-8", "surrogateescape").split("\0"):
        if name:
            lines[name] = set()
    return lines


def _added_lines(diff: str) -> dict[str, set[int]]:
    lines: dict[str, set[int]] = {}
    current: set[int] | None = None
    inside = 0  # rows of the hunk still to come: an added row "++ x" looks like a file's name
    for row in diff.split("\n"):
        if inside and row[:1] in ("+", "-"):
            inside -= 1
        elif row.startswith("+++ "):
            name = row[4:].rstrip("\t")
            current = None
            if name != "/dev/null":
                current = lines.setdefault(unquoted(name).removeprefix("b/"), set())
        elif row.startswith("@@ "):
            _, before, after = row.split(" ")[:3]
            first, many = _span(after)
            inside = _span(before)[1] + many
            if current is not None:
                # A pure deletion marks the line it left behind, so that a finding caused by it is still seen.
                current.update(range(first, first + many) if many else (max(first, 1), first + 1))
    return lines


def _span(text: str) -> tuple[int, int]:
    """(first line, how many) of one side of a hunk: `-3,2`, `+7`."""
    start, _, count = text[1:].partition(",")
    return int(start), int(count or "1")


def unquoted(name: str) -> str:
    """A path as git prints it in a diff, without its quotes and escapes."""
    if not (name.startswith('"') and name.endswith('"')):
        return name
    raw = name[1:-1].encode("utf-8", "surrogateescape").decode("unicode_escape").encode("latin-1", "replace")
    return raw.decode("utf-8", "surrogateescape")


@dataclass(frozen=True)
class Checkout:
    """The state of a work tree. `tag` is a tag on HEAD itself; `described` the nearest tag with distance, both "" without tags.

    `changed` and `untracked` count paths; both are -1 when git took longer than it was given. `shallow`: history was cut off.
    """

    commit: str
    branch: str
    tag: str
    described: str
    changed: int
    untracked: int
    shallow: bool


def checkout(root: Path, timeout_seconds: float = 10.0) -> Checkout | None:
    """What is checked out at `root`, None outside of a work tree or before the first commit."""
    questions = (
        ("rev-parse", "HEAD", "--abbrev-ref", "HEAD", "--is-shallow-repository"),
        ("describe", "--tags", "--exact-match", "HEAD"),
        ("describe", "--tags", "HEAD"),
        ("status", "--porcelain", "-z", "--untracked-files=normal", "--ignore-submodules=dirty"),
    )
    # Asked at once: in a large tree each takes its time.
    with ThreadPoolExecutor(len(questions)) as pool:
        head, exact, described, status = pool.map(lambda q: ask_unfiltered(root, *q, timeout_seconds=timeout_seconds), questions)
    words = head.text.split()
    if not head.ok or len(words) != 3:
        return None
    entries = [e for e in status.text.split("\0") if len(e) > 3 and e[2] == " "]
    untracked = sum(e.startswith("??") for e in entries)
    return Checkout(
        commit=words[0],
        branch="" if words[1] == "HEAD" else words[1],
        tag=exact.text.strip() if exact.ok else "",
        described=described.text.strip() if described.ok else "",
        changed=len(entries) - untracked if status.ok else -1,
        untracked=untracked if status.ok else -1,
        shallow=words[2] == "true",
    )


def files(folder: Path) -> list[str] | None:
    """What belongs to the work tree below `folder`: tracked, and untracked but not ignored, as paths from `folder`; None outside of one.

    A tracked file may be gone from the disk; a submodule is one path. Raises ToolMissing, and UserError when git fails.
    """
    if top(folder) is None:
        return None
    ran = ask(folder, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate", "--", ".", timeout_seconds=120.0)
    if not ran.ok:
        raise UserError(f"git could not list the files of {folder}: {ran.complaint}", "Check the repository with `git status`.")
    return [name for name in ran.stdout.decode("utf-8", "surrogateescape").split("\0") if name]


def instead_of(root: Path) -> tuple[tuple[str, str], ...]:
    """git's url.BASE.insteadOf rules as seen from `root`: (what is replaced, by what); none without git."""
    try:
        ran = ask(root, "config", "--get-regexp", "-z", r"^url\..*\.insteadof$")
    except ToolMissing:
        return ()
    rules = (entry.partition("\n") for entry in ran.text.split("\0") if entry)
    return tuple((old, name[len("url.") : -len(".insteadof")]) for name, _, old in rules)
