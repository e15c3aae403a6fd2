"""Words in front of a command that give it directories of its own for shared ones, and a tree that it changes for itself alone."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from steadygo.tools.run import run

_DROP = "exec setpriv --inh-caps=-all --ambient-caps=-all"


class Bind(NamedTuple):
    """`source` is seen at `target`, with what is mounted below it."""

    source: Path
    target: Path


class Overlay(NamedTuple):
    """What is changed below `tree` goes to `upper`; the tree itself stays as it is. `work` is scratch on upper's file system."""

    tree: Path
    upper: Path
    work: Path


def words(overlay: Overlay | None, binds: Sequence[Bind], directory: Path) -> list[str]:
    """In front of a command: its own mount namespace with these mounts, in this order, and `directory` as its directory."""
    root = os.geteuid() == 0
    lines = ["set -e"]
    if overlay is not None:
        options = f"lowerdir={overlay.tree},upperdir={overlay.upper},workdir={overlay.work}" + ("" if root else ",userxattr")
        lines.append(f"mount -t overlay overlay -o {shlex.quote(options)} {shlex.quote(str(overlay.tree))}")
    lines += [f"mount --rbind {shlex.quote(str(b.source))} {shlex.quote(str(b.target))}" for b in binds]
    lines += [f"cd {shlex.quote(str(directory))}", f'{"exec" if root else _DROP} "$@"']
    who = [] if root else ["--map-current-user", "--keep-caps"]
    return ["unshare", *who, "--mount", "--propagation", "private", "sh", "-c", "\n".join(lines), "sh"]


def why_not(overlay: Overlay | None, binds: Sequence[Bind], directory: Path, environment: Mapping[str, str]) -> str:
    """Why these words do not work here, "" when they do."""
    missing = [p for p in ("unshare", "mount", "setpriv") if shutil.which(p, path=environment.get("PATH")) is None]
    if missing:
        return f"{missing[0]} is not installed"
    if overlay is not None and any(c in f"{overlay.tree}{overlay.upper}" for c in ",:\\"):
        return "a path holds a comma, a colon or a backslash"
    ran = run([*words(overlay, binds, directory), "true"], environment=environment, timeout_seconds=20.0)
    return "" if ran.ok else ran.complaint
