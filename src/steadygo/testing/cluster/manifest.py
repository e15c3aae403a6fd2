"""What a tree of files is: each path with its content's hash. Read from the wire, it can make nothing outside of its own folder."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from enum import StrEnum

import msgspec

from steadygo.testing.cluster.refused import Refused

MOST_BYTES = 1 << 30
_MOST_PATH = 4096  # bytes, as in Linux
_MOST_NAME = 255
_MOST_SIZE = 1 << 50
_MOST_LINKS = 64  # followed in one path; Linux follows 40
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Kind(StrEnum):
    """What stands at a path."""

    FILE = "file"
    FOLDER = "folder"
    LINK = "link"


class Entry(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One path below the root, parts joined by "/". `mode`: permission bits; `size` in bytes and `sha256` in hex of a file's content.

    `target` is what a symbolic link says.
    """

    path: str
    kind: Kind
    mode: int = 0
    size: int = 0
    sha256: str = ""
    target: str = ""


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A whole tree. `entries` are sorted by path, each folder above a path is among them."""

    entries: tuple[Entry, ...]

    @property
    def files(self) -> dict[str, Entry]:
        """{sha256: an entry with that content}"""
        return {e.sha256: e for e in self.entries if e.kind is Kind.FILE}


def make(entries: Iterable[Entry]) -> Manifest:
    """A checked manifest of entries in any order. Raises Refused."""
    manifest = Manifest(tuple(sorted(entries, key=lambda e: e.path)))
    _check(manifest)
    return manifest


def encode(manifest: Manifest) -> bytes:
    """The bytes that travel; equal trees have equal bytes."""
    return msgspec.msgpack.encode(manifest)


def digest(encoded: bytes) -> str:
    """By which a signed assignment names a manifest."""
    return hashlib.sha256(encoded).hexdigest()


def decode(encoded: bytes, expected: str) -> Manifest:
    """A manifest off the wire that has the digest `expected`. Raises Refused."""
    if len(encoded) > MOST_BYTES:
        raise Refused(f"The manifest has {len(encoded):,} bytes; {MOST_BYTES:,} are the most.")
    if digest(encoded) != expected:
        raise Refused(f"The manifest was altered on its way: its SHA-256 is {digest(encoded)}, the assignment says {expected}.")
    try:
        manifest = msgspec.msgpack.decode(encoded, type=Manifest)
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise Refused(f"The manifest cannot be read: {error}.") from None
    _check(manifest)
    return manifest


def _check(manifest: Manifest) -> None:
    links = {e.path: e.target for e in manifest.entries if e.kind is Kind.LINK}
    folders = {""}
    before = ""
    for entry in manifest.entries:
        why = _bad_path(entry.path) or _bad_content(entry)
        if not why and entry.path <= before:
            why = "it is there twice" if entry.path == before else "the paths are not sorted"
        if not why and entry.path.rpartition("/")[0] not in folders:
            why = "what stands above it is no folder of the tree"
        if not why and entry.kind is Kind.LINK and leads_out(entry.path, links):
            why = f"it is a symbolic link that leads out of the tree, to {entry.target[:200]}"
        if why:
            raise Refused(f"{entry.path[:200]!r} cannot be part of a tree: {why}.")
        if entry.kind is Kind.FOLDER:
            folders.add(entry.path)
        before = entry.path


def _bad_path(path: str) -> str:
    if not path:
        return "it has no name"
    if "\0" in path:
        return "it holds a NUL"
    if path.startswith("/"):
        return "it is absolute"
    if len(path) > _MOST_PATH // 4 and len(path.encode()) > _MOST_PATH:
        return "it is too long"
    for part in path.split("/"):
        if part in ("", ".", ".."):
            return f"{part!r} is no name"
        if len(part) > _MOST_NAME // 4 and len(part.encode()) > _MOST_NAME:
            return "a name in it is too long"
    return ""


def _bad_content(entry: Entry) -> str:
    if not 0 <= entry.mode <= 0o777:
        return f"{entry.mode:o} are no permissions"
    if entry.kind is Kind.FILE:
        if not 0 <= entry.size <= _MOST_SIZE:
            return f"{entry.size} is no size"
        if not _DIGEST.fullmatch(entry.sha256):
            return f"{entry.sha256[:80]!r} is no SHA-256"
    elif entry.size or entry.sha256:
        return f"a {entry.kind} has no content"
    if entry.kind is Kind.LINK:
        if not entry.target or "\0" in entry.target or len(entry.target.encode()) > _MOST_PATH:
            return "its target is none"
    elif entry.target:
        return f"a {entry.kind} has no target"
    return ""


def leads_out(path: str, links: Mapping[str, str]) -> bool:
    """Whether following the link at `path` leaves the root, as the kernel follows it: through the other `links`, {path: target}."""
    here = path.split("/")[:-1]
    left = _parts(links[path])
    followed = 0
    if links[path].startswith("/"):
        return True
    while left:
        part = left.pop()
        if part in ("", "."):
            continue
        if part == "..":
            if not here:
                return True
            here.pop()
            continue
        here.append(part)
        target = links.get("/".join(here))
        if target is None:
            continue
        if target.startswith("/"):
            return True
        followed += 1
        if followed > _MOST_LINKS:  # a loop: nothing can be opened through it
            return False
        here.pop()
        left += _parts(target)
    return False


def _parts(target: str) -> list[str]:
    return target.split("/")[::-1]
