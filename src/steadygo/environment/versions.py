"""Go version names: "go1.26.3", "1.27", "go1.27rc1", "go1.26.3-vendor.1", "devel go1.28-abc"."""

from __future__ import annotations

import re

_VERSION = re.compile(r"(?:^|[\s])(?:go)?1\.(\d+)(?:\.(\d+)|(beta|rc)(\d+))?")
_PRE = {"beta": 0, "rc": 1}


def minor(version: str) -> int | None:
    """26 for "go1.26.3"; None when it is no Go 1 version."""
    found = _VERSION.search(version)
    return int(found[1]) if found else None


def order(version: str) -> tuple[int, int, int]:
    """A key to sort by, as `go version` orders: 1.21 < 1.21rc1 < 1.21.0 (the language version comes before its candidates)."""
    found = _VERSION.search(version)
    if not found:
        return (-1, -1, -1)
    if found[3]:
        return (int(found[1]), _PRE[found[3]], int(found[4]))
    return (int(found[1]), 2, int(found[2])) if found[2] else (int(found[1]), -1, 0)
