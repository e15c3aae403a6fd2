"""Go's h1: hash of a module's files (golang.org/x/mod/sumdb/dirhash, Hash1)."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from collections.abc import Mapping
from pathlib import Path

_MOST_BYTES = 1 << 30


def h1(digests: Mapping[str, str]) -> str:
    """`h1:…` of {file name with `path@version/` in front: SHA-256 in hex}."""
    lines = "".join(f"{digests[name]}  {name}\n" for name in sorted(digests, key=str.encode))
    return "h1:" + base64.b64encode(hashlib.sha256(lines.encode()).digest()).decode()


def of_zip(path: Path) -> dict[str, str] | None:
    """{file name: SHA-256} of a module zip; None when it cannot be read or is larger than Go allows."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            if sum(entry.file_size for entry in entries) > _MOST_BYTES:
                return None
            return {entry.filename: hashlib.sha256(archive.read(entry)).hexdigest() for entry in entries}
    except (OSError, zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError):
        return None


def of_directory(root: Path, prefix: str) -> dict[str, str] | None:
    """{prefix/file name: SHA-256} of a module's folder; None when there is none."""
    if not root.is_dir():
        return None
    found = {}
    for path in sorted(root.rglob("*")):
        if path.is_file() and not path.is_symlink():
            found[f"{prefix}/{path.relative_to(root).as_posix()}"] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found
