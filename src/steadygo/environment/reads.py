"""Which environment variables a module's own code names. Text is enough: a name that is read stands there as a string."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

_SKIPPED = frozenset({"vendor", "testdata", "node_modules", ".git"})
_MOST_BYTES = 2 << 20
_MOST_FILES = 20_000
_NAME = re.compile(rb"""["`:,]([A-Z][A-Z0-9_]{1,60})(?=["`,])""")
# Names put together while the program runs: a prefix, or the field's name.
_BY_RULE = re.compile(rb"""AutomaticEnv\(|SetEnvPrefix\(|envconfig\.Process\(|env\.(?:Parse|ParseWithOptions)\([^)]*Prefix""")


def find_reads(root: Path) -> tuple[dict[str, str], str]:
    """({name: first place}, the place where names are made up at run time, or ""). Paths are relative to `root`."""
    found: dict[str, str] = {}
    by_rule = ""
    for path in _go_files(root):
        try:
            data = path.read_bytes()
        except OSError:
            continue
        if len(data) > _MOST_BYTES:
            continue
        for match in _NAME.finditer(data):
            found.setdefault(match[1].decode(), f"{path.relative_to(root)}:{data.count(bytes([10]), 0, match.start()) + 1}")
        if not by_rule and (rule := _BY_RULE.search(data)):
            by_rule = f"{path.relative_to(root)}:{data.count(bytes([10]), 0, rule.start()) + 1}"
    return found, by_rule


def places(root: Path, names: Iterable[str]) -> dict[str, str] | None:
    """Those of `names` that the module reads, with the place; None when it makes names up, so that any may be read."""
    found, by_rule = find_reads(root)
    return None if by_rule else {name: found[name] for name in names if name in found}


def _go_files(root: Path) -> Iterator[Path]:
    count = 0
    for directory, folders, files in os.walk(root):
        folders[:] = sorted(f for f in folders if f not in _SKIPPED and not f.startswith((".", "_")))
        for name in sorted(files):
            if name.endswith(".go") and not name.endswith("_test.go"):
                count += 1
                if count > _MOST_FILES:
                    return
                yield Path(directory, name)
