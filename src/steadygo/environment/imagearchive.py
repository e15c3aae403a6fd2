"""Container images on disk: OCI layouts (directories or archives), `docker save` archives, and root file systems.

Every blob that is named by a digest is checked against it.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib
import platform
import re
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol, TypeVar, cast

import msgspec

from steadygo.environment.imagetree import DirectoryTree, Layer, LayerTree, Tree
from steadygo.errors import UserError

_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")
_MOST_JSON_BYTES = 16 << 20
_MOST_NESTING = 4
_GO_NAMES = {"x86_64": "amd64", "aarch64": "arm64", "i686": "386"}
_T = TypeVar("_T")
_ATTESTATION = "vnd.docker.reference.type"


class _Platform(msgspec.Struct):
    architecture: str = ""
    os: str = ""


class _Descriptor(msgspec.Struct, rename="camel"):
    digest: str
    media_type: str = ""
    platform: _Platform | None = None
    annotations: dict[str, str] = {}


class _Index(msgspec.Struct):
    manifests: list[_Descriptor] = []
    layers: list[_Descriptor] = []
    config: _Descriptor | None = None


class _Saved(msgspec.Struct, rename="pascal"):
    config: str
    layers: list[str] = []
    repo_tags: list[str] | None = None


class Start(msgspec.Struct, rename="pascal"):
    """What the image says about the process: the `config` object of its configuration."""

    env: list[str] | None = None
    entrypoint: list[str] | None = None
    cmd: list[str] | None = None
    user: str = ""
    working_dir: str = ""


class _RootFs(msgspec.Struct):
    diff_ids: list[str] = []


class Configuration(msgspec.Struct):
    """The parts of an image's configuration that are used."""

    architecture: str = ""
    os: str = ""
    config: Start | None = None
    rootfs: _RootFs | None = None


class _Files(Protocol):
    def open(self, name: str) -> BinaryIO | None: ...


class _DirectoryFiles:
    def __init__(self, root: Path) -> None:
        self._root = root

    def open(self, name: str) -> BinaryIO | None:
        try:
            return (self._root / name).open("rb")
        except OSError:
            return None


class _ArchiveFiles:
    def __init__(self, archive: tarfile.TarFile) -> None:
        self._archive = archive

    def open(self, name: str) -> BinaryIO | None:
        for _ in range(4):
            try:
                member = self._archive.getmember(name)
            except KeyError:
                return None
            if not member.issym():
                return cast("BinaryIO | None", self._archive.extractfile(member)) if member.isfile() else None
            # Old `docker save` links equal layers to each other.
            name = str(Path(name).parent / member.linkname) if not member.linkname.startswith("/") else member.linkname
            name = re.sub(r"[^/]+/\.\./", "", name)
        return None


@contextmanager
def opened(path: Path, wanted: str = "") -> Iterator[tuple[Configuration | None, Tree]]:
    """The image's configuration (None for a root file system) and its tree. `wanted` picks one of several by tag."""
    if path.is_dir():
        if (path / "index.json").is_file():
            yield _oci(_DirectoryFiles(path), wanted, str(path))
        else:
            yield None, DirectoryTree(path)
        return
    try:
        archive = tarfile.open(path)  # noqa: SIM115 (kept open for the caller below)
    except (tarfile.TarError, OSError, EOFError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "it is no tar archive"
        raise UserError(f"{path} is no image: {reason}.", "Give an OCI layout, a `docker save` archive or a directory.") from error
    with archive:
        try:
            names = set(archive.getnames())
        except (tarfile.TarError, OSError, EOFError) as error:
            raise UserError(f"{path} is cut off or damaged: {error}.", "Save the image again.") from error
        files = _ArchiveFiles(archive)
        if "index.json" in names and "oci-layout" in names:
            yield _oci(files, wanted, str(path))
        elif "manifest.json" in names:
            yield _saved(files, wanted, str(path))
        else:
            raise UserError(f"{path} holds neither index.json nor manifest.json.", "Give an OCI layout or a `docker save` archive.")


def _oci(files: _Files, wanted: str, name: str) -> tuple[Configuration, Tree]:
    index = _decode(_read(files, "index.json", name), _Index, f"{name}: index.json")
    for _ in range(_MOST_NESTING):
        if index.config is not None:
            return _assembled(files, index.config.digest, [_blob(d.digest, name) for d in index.layers], name)
        chosen = _choose(index.manifests, wanted, name)
        index = _decode(_checked(files, chosen.digest, name), _Index, f"{name}: {chosen.digest}")
        wanted = ""
    raise UserError(f"{name} nests image indexes too deep.", "It is refused.")


def _choose(manifests: list[_Descriptor], wanted: str, name: str) -> _Descriptor:
    images = [m for m in manifests if _ATTESTATION not in m.annotations and not (m.platform and m.platform.os == "unknown")]
    if wanted:
        images = [
            m
            for m in images
            if wanted in (m.annotations.get("org.opencontainers.image.ref.name"), m.annotations.get("io.containerd.image.name"))
        ]
    if not images:
        raise UserError(f"{name} holds no image" + (f" tagged {wanted!r}." if wanted else "."), "Look at its index.json.")
    machine = _GO_NAMES.get(platform.machine(), platform.machine())
    fitting = [m for m in images if m.platform and m.platform.architecture == machine and m.platform.os == "linux"]
    return (fitting or images)[0]


def _saved(files: _Files, wanted: str, name: str) -> tuple[Configuration, Tree]:
    images = _decode(_read(files, "manifest.json", name), list[_Saved], f"{name}: manifest.json")
    images = [i for i in images if not wanted or wanted in (i.repo_tags or [])]
    if len(images) != 1:
        tags = ", ".join(t for i in images for t in i.repo_tags or [])
        raise UserError(f"{name} holds {len(images)} images" + (f" ({tags})." if tags else "."), f"Name one: image:{name}#TAG")
    saved = images[0]
    digest = re.fullmatch(r"(?:blobs/sha256/)?([0-9a-f]{64})(?:\.json)?", saved.config)
    data = _read(files, saved.config, name)
    if digest:
        _check(data, f"sha256:{digest[1]}", name)
    return _with_layers(files, _decode(data, Configuration, f"{name}: {saved.config}"), saved.layers, name)


def _assembled(files: _Files, config: str, layers: list[str], name: str) -> tuple[Configuration, Tree]:
    return _with_layers(files, _decode(_checked(files, config, name), Configuration, f"{name}: {config}"), layers, name)


def _with_layers(files: _Files, configuration: Configuration, layers: list[str], name: str) -> tuple[Configuration, Tree]:
    diff_ids = configuration.rootfs.diff_ids if configuration.rootfs else []
    if diff_ids and len(diff_ids) != len(layers):
        raise UserError(f"{name} names {len(layers)} layers and {len(diff_ids)} hashes for them.", "Save or pull the image again.")

    def layer(number: int, path: str) -> Layer:
        return Layer(f"{name}: layer {path}", lambda: _decompressed(files, path, name), diff_ids[number] if diff_ids else "")

    return configuration, LayerTree(layer(n, path) for n, path in enumerate(layers))


def _decompressed(files: _Files, path: str, name: str) -> BinaryIO:
    stream = files.open(path)
    if stream is None:
        raise UserError(f"{name} lacks its layer {path}.", "Save or pull the image again.")
    head = stream.read(4)
    stream.seek(0)
    if head[:2] == b"\x1f\x8b":
        return cast(BinaryIO, gzip.GzipFile(fileobj=stream))
    if head == b"\x28\xb5\x2f\xfd":
        try:
            zstandard = importlib.import_module("zstandard")
        except ImportError:
            raise UserError(
                f"{name}: layer {path} is compressed with zstd.", "pip install zstandard, or save the image with gzip."
            ) from None
        return cast(BinaryIO, zstandard.ZstdDecompressor().stream_reader(stream, read_across_frames=True))
    return stream


def _blob(digest: str, name: str) -> str:
    found = _DIGEST.fullmatch(digest)
    if not found:
        raise UserError(f"{name} names a blob by {digest[:80]!r}.", "Only sha256 digests are read.")
    return f"blobs/sha256/{found[1]}"


def _checked(files: _Files, digest: str, name: str) -> bytes:
    data = _read(files, _blob(digest, name), name)
    _check(data, digest, name)
    return data


def _check(data: bytes, digest: str, name: str) -> None:
    if "sha256:" + hashlib.sha256(data).hexdigest() != digest:
        raise UserError(f"{name}: the content of {digest[:19]}… is not what its digest says.", "Save or pull the image again.")


def _read(files: _Files, path: str, name: str) -> bytes:
    stream = files.open(path)
    if stream is None:
        raise UserError(f"{name} lacks {path}.", "Save or pull the image again.")
    with stream:
        data = stream.read(_MOST_JSON_BYTES + 1)
    if len(data) > _MOST_JSON_BYTES:
        raise UserError(f"{name}: {path} is too large.", "It is refused.")
    return data


def _decode(data: bytes, kind: type[_T], name: str) -> _T:
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UserError(f"{name} cannot be read: {error}.", "Save or pull the image again.") from error
