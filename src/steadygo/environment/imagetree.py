"""A container's file system without unpacking it: nothing of an image is ever written where its names point to.

Layers are read as streams. Names that lead out (`..`, absolute links) stay inside: a link is resolved against the image's own root.
"""

from __future__ import annotations

import hashlib
import posixpath
import tarfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from steadygo.errors import UserError

MOST_BYTES = 512 << 20  # of one file
_MOST_MEMBERS = 2_000_000
_MOST_LAYER_BYTES = 64 << 30
_MOST_LINKS = 40


class Tree(Protocol):
    """A file system read by absolute path."""

    def read(self, path: str, most_bytes: int = MOST_BYTES) -> bytes | None:
        """A regular file's content after links, None when there is none or it is larger."""

    def link(self, path: str) -> str | None:
        """Where `path` itself points to, None when it is no symbolic link."""

    def names(self, directory: str) -> list[str]:
        """Sorted names in a directory after links, empty when there is none."""


@dataclass(frozen=True)
class Layer:
    """One layer: how to open its (decompressed) tar stream, and the sha256 it must have, "" when that is not stated."""

    name: str
    open: Callable[[], BinaryIO]
    diff_id: str = ""


@dataclass
class _Entry:
    layer: int
    link: str | None = None
    hard: str | None = None
    is_directory: bool = False
    size: int = 0


class DirectoryTree:
    """A root file system in a directory. Links never lead out of it."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def _entry(self, path: str) -> tuple[bool, str | None]:
        place = self._root / path.lstrip("/")
        try:
            if place.is_symlink():
                return True, str(place.readlink())
            return place.exists(), None
        except OSError:
            return False, None

    def link(self, path: str) -> str | None:
        parent = _resolve(posixpath.dirname(_clean(path)), self._entry)
        return self._entry(posixpath.join(parent, posixpath.basename(path)))[1] if parent is not None else None

    def read(self, path: str, most_bytes: int = MOST_BYTES) -> bytes | None:
        found = _resolve(path, self._entry)
        if found is None:
            return None
        place = self._root / found.lstrip("/")
        try:
            if not place.is_file() or place.stat().st_size > most_bytes:
                return None
            return place.read_bytes()
        except OSError:
            return None

    def names(self, directory: str) -> list[str]:
        found = _resolve(directory, self._entry)
        try:
            return sorted(p.name for p in (self._root / found.lstrip("/")).iterdir()) if found is not None else []
        except OSError:
            return []


class LayerTree:
    """The file system that layers make, bottom first: later ones cover earlier ones, `.wh.` files take away."""

    def __init__(self, layers: Iterable[Layer]) -> None:
        self._layers = list(layers)
        self._entries: dict[str, _Entry] = {"/": _Entry(0, is_directory=True)}
        self._children: dict[str, set[str]] = {}
        for number, layer in enumerate(self._layers):
            self._add(number, layer)

    def _add(self, number: int, layer: Layer) -> None:
        removed: list[str] = []
        added: dict[str, _Entry] = {}
        for member, _ in _members(layer):
            path = _clean(member.name)
            base = posixpath.basename(path)
            parent = posixpath.dirname(path)
            if base == ".wh..wh..opq":
                removed.append(parent.rstrip("/") + "/")
            elif base.startswith(".wh."):
                removed.append(posixpath.join(parent, base[4:]))
            else:
                added[path] = _Entry(
                    number,
                    member.linkname if member.issym() else None,
                    _clean(member.linkname) if member.islnk() else None,
                    member.isdir(),
                    member.size,
                )
        # What a layer takes away is of the layers below it, wherever in its archive the mark stands.
        for path in removed:
            self._remove(path)
        for path, entry in added.items():
            below = self._entries.get(path)
            if below and not (below.is_directory and entry.is_directory):
                self._remove(path)
            self._entries[path] = entry
            # Archives need not name the directories above a file.
            while path != "/":
                parent = posixpath.dirname(path)
                above = self._children.setdefault(parent, set())
                if posixpath.basename(path) in above:
                    break
                above.add(posixpath.basename(path))
                path = parent

    def _remove(self, path: str) -> None:
        """Take away a path and all below it; with a trailing slash only what is below."""
        pending = [path.rstrip("/") or "/"]
        if not path.endswith("/"):
            self._entries.pop(pending[0], None)
            self._children.get(posixpath.dirname(pending[0]), set()).discard(posixpath.basename(pending[0]))
        while pending:
            directory = pending.pop()
            for name in self._children.pop(directory, set()):
                child = posixpath.join(directory, name)
                self._entries.pop(child, None)
                pending.append(child)

    def _entry(self, path: str) -> tuple[bool, str | None]:
        entry = self._entries.get(path)
        return entry is not None or path in self._children, entry.link if entry else None

    def link(self, path: str) -> str | None:
        parent = _resolve(posixpath.dirname(_clean(path)), self._entry)
        return self._entry(posixpath.join(parent, posixpath.basename(path)))[1] if parent is not None else None

    def read(self, path: str, most_bytes: int = MOST_BYTES) -> bytes | None:
        found = _resolve(path, self._entry)
        for _ in range(_MOST_LINKS):
            entry = self._entries.get(found) if found is not None else None
            if entry is None or entry.is_directory:
                return None
            if entry.hard is None:
                break
            found = entry.hard
        else:
            return None
        if entry.size > most_bytes:
            return None
        content: bytes | None = None
        for member, archive in _members(self._layers[entry.layer]):
            if _clean(member.name) == found and member.isfile():
                file = archive.extractfile(member)
                content = file.read() if file else None
        return content

    def names(self, directory: str) -> list[str]:
        found = _resolve(directory, self._entry)
        return sorted(self._children.get(found, ())) if found is not None else []


class _Hashing:
    """Reads on and keeps the hash of everything read."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._taken = 0
        self.hash = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self._taken += len(data)
        if self._taken > _MOST_LAYER_BYTES:
            raise UserError("A layer of the image unpacks to more than 64 GiB.", "It is refused: look at how the image was made.")
        self.hash.update(data)
        return data


def _members(layer: Layer) -> Iterator[tuple[tarfile.TarInfo, tarfile.TarFile]]:
    """All members of a layer, in order. Raises UserError for a layer that is damaged or not what its digest says."""
    try:
        with layer.open() as stream:
            hashing = _Hashing(stream)
            with tarfile.open(fileobj=hashing, mode="r|", errorlevel=0) as archive:  # type: ignore[call-overload]
                for count, member in enumerate(archive):
                    if count > _MOST_MEMBERS:
                        raise UserError(f"{layer.name} holds more than {_MOST_MEMBERS:,} files.", "It is refused.")
                    yield member, archive
            while hashing.read(1 << 20):
                pass
    except (tarfile.TarError, EOFError, zlib.error, OSError, ValueError) as error:
        raise UserError(f"{layer.name} is damaged: {error}.", "Save or pull the image again.") from error
    if layer.diff_id and "sha256:" + hashing.hash.hexdigest() != layer.diff_id:
        raise UserError(f"{layer.name} is not what the image's configuration says (sha256 differs).", "Save or pull the image again.")


def _clean(name: str) -> str:
    """An absolute path without `.`, `..` and doubled slashes: `..` at the top stays at the top."""
    return posixpath.normpath("/" + name.lstrip("/"))


def _resolve(path: str, entry: Callable[[str], tuple[bool, str | None]]) -> str | None:
    """The real path inside the tree, following links as a process with this root would; None when something is missing."""
    pending = [p for p in _clean(path).split("/") if p][::-1]
    done: list[str] = []
    links = 0
    while pending:
        part = pending.pop()
        if part in ("", "."):
            continue
        if part == "..":
            del done[-1:]
            continue
        here = "/" + "/".join([*done, part])
        exists, link = entry(here)
        if link is not None:
            links += 1
            if links > _MOST_LINKS:
                return None
            if link.startswith("/"):
                done = []
            pending.extend(link.split("/")[::-1])
        elif not exists:
            return None
        else:
            done.append(part)
    return "/" + "/".join(done)
