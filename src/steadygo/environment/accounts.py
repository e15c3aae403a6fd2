"""Users of a file system's own passwd and group, as a service manager on it would find them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Account:
    """A row of passwd with its group's name."""

    name: str
    uid: int
    gid: int
    group: str
    home: str
    shell: str


def find_account(root: Path, wanted: str) -> Account | None:
    """The account named `wanted`, or with that number."""
    for row in _rows(root / "etc/passwd", 7):
        if (row[0] == wanted or (wanted.isdecimal() and row[2] == wanted)) and row[2].isdecimal() and row[3].isdecimal():
            group = next((g[0] for g in _rows(root / "etc/group", 3) if g[2] == row[3]), row[3])
            return Account(row[0], int(row[2]), int(row[3]), group, row[5], row[6])
    return None


def _rows(path: Path, least: int) -> list[list[str]]:
    try:
        lines = path.read_text("utf-8", "replace").splitlines()
    except OSError:
        return []
    return [row for line in lines if len(row := line.split(":")) >= least]
