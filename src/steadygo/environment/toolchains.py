"""Go toolchains side by side, each verified before a byte of it is unpacked.

The archive must have the SHA-256 that the mirror states and a valid OpenPGP signature by the trusted key; the tree inside must call
itself by the version that was asked for, so that an older signed archive cannot stand in. A toolchain appears by one rename.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from steadygo.environment.versions import order
from steadygo.errors import UserError
from steadygo.tools import download, gpgv

MIRROR = "https://dl.google.com/go"
# Google Linux packages signing key, which signs Go's archives. Its primary key; the signatures are by its yearly subkeys.
GOOGLE = "EB4C1BFD4F042F6DDDCCEC917721F63BD38B4796"
GOOGLE_URL = "https://dl.google.com/linux/linux_signing_key.pub"
_VERSION = re.compile(r"(?:go)?(1\.\d+(?:\.\d+)?(?:(?:rc|beta)\d+)?)")
_HASH = re.compile(r"\s*([0-9a-fA-F]{64})\b")
_MOST_ARCHIVE_BYTES = 1 << 30
_MOST_TREE_BYTES = 4 << 30
_MOST_FILES = 200_000


@dataclass(frozen=True)
class Trust:
    """Whose signature counts: keys in `key`, and of those only the primary key with `fingerprint`, "" for any in the file."""

    key: Path
    fingerprint: str = GOOGLE


@dataclass(frozen=True)
class Places:
    """`trees` holds one directory a version; `downloads` what is on its way."""

    trees: Path
    downloads: Path


def parse_version(text: str) -> str:
    """ "go1.26.3" for 1.26.3 or go1.26.3; from 1.21 on a release's name has a patch. Raises UserError."""
    found = _VERSION.fullmatch(text)
    if not found:
        raise UserError(f"{text!r} is no Go version.", "Write it as 1.26.3.")
    version = f"go{found[1]}"
    if found[1].count(".") == 1 and order(version) >= (21, -1, 0) and not re.search("rc|beta", version):
        raise UserError(f"{text!r} names no release: from Go 1.21 on it has a patch.", f"Write {found[1]}.0, or the patch you want.")
    return version


def install(
    version: str,
    origin: str,
    trust: Trust,
    places: Places,
    platform: str,
    sha256: str = "",
    progress: Callable[[int], None] = lambda size: None,
) -> Path:
    """Install one release for `platform` ("linux-amd64") and return its GOROOT. Raises UserError and leaves nothing behind when refused."""
    target = places.trees / version
    with _alone(places.trees, version):
        if (target / "bin/go").is_file():
            return target
        name = f"{version}.{platform}.tar.gz"
        places.downloads.mkdir(parents=True, exist_ok=True)
        archive = places.downloads / f"{name}.part"
        _bring(origin, name, archive, _MOST_ARCHIVE_BYTES, progress)
        try:
            with tempfile.TemporaryDirectory(dir=places.downloads, prefix="check-") as scratch:
                _verify(origin, name, archive, trust, sha256, Path(scratch))
                _unpack(archive, version, target, name)
        finally:
            # Verified and unpacked, or refused: either way these bytes are not wanted again.
            archive.unlink(missing_ok=True)
    return target


def installed(trees: Path) -> list[str]:
    """Versions that are installed, newest first."""
    try:
        names = [p.name for p in trees.iterdir() if p.name.startswith("go1.") and (p / "bin/go").is_file()]
    except OSError:
        return []
    return sorted(names, key=order, reverse=True)


def find_installed(wanted: str, trees: Path) -> Path:
    """The GOROOT of `wanted` ("1.26.3"), or of the newest patch of it ("1.26"). Raises UserError."""
    found = _VERSION.fullmatch(wanted)
    if not found:
        raise UserError(f"{wanted!r} is no Go version.", "Write it as 1.26 or 1.26.3.")
    name = f"go{found[1]}"
    there = installed(trees)
    if name in there:
        return trees / name
    fitting = [v for v in there if v.startswith(name + ".")] if name.count(".") == 1 else []
    if fitting:
        return trees / fitting[0]
    known = f"Installed: {', '.join(there)}." if there else "None is installed."
    raise UserError(f"{name} is not installed.", f"{known} `steadygo env install {wanted}` brings it.")


def environment(root: Path, caches: Path, base: dict[str, str]) -> dict[str, str]:
    """The environment for a command under the toolchain at `root`: nothing shared with other versions, nothing fetched instead."""
    own = caches / root.name
    for name in ("gopath", "gocache", "gotmp"):
        (own / name).mkdir(parents=True, exist_ok=True)
    path = f"{root / 'bin'}{os.pathsep}{base['PATH']}" if base.get("PATH") else str(root / "bin")
    kept = {k: v for k, v in base.items() if k not in ("GOBIN", "GOMODCACHE")}
    return kept | {
        "PATH": path,
        "GOROOT": str(root),
        "GOPATH": str(own / "gopath"),
        "GOCACHE": str(own / "gocache"),
        "GOTMPDIR": str(own / "gotmp"),
        "GOTOOLCHAIN": "local",
    }


@contextmanager
def _alone(trees: Path, version: str) -> Iterator[None]:
    trees.mkdir(parents=True, exist_ok=True)
    with open(trees / f".{version}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            # What an earlier run left when it was killed while it unpacked.
            for left in trees.glob(f".{version}.new-*"):
                shutil.rmtree(left, ignore_errors=True)
            yield
        finally:
            (trees / f".{version}.lock").unlink(missing_ok=True)


def _bring(origin: str, name: str, into: Path, most_bytes: int, progress: Callable[[int], None] = lambda size: None) -> None:
    if origin.startswith(("https://", "http://")):
        download.fetch(f"{origin.rstrip('/')}/{name}", into, most_bytes, progress)
        return
    source = Path(origin.removeprefix("file://")) / name
    try:
        if source.stat().st_size > most_bytes:
            raise UserError(f"{source} is larger than any such file.", "It is refused.")
        shutil.copyfile(source, into)
    except FileNotFoundError as error:
        raise download.NotThere(f"{source} does not exist.", "Check the version and the directory.") from error
    except OSError as error:
        raise UserError(f"{source} cannot be read: {error.strerror}.", "Check the directory.") from error


def _verify(origin: str, name: str, archive: Path, trust: Trust, sha256: str, scratch: Path) -> None:
    stated = sha256.lower()
    if not stated:
        _bring(origin, f"{name}.sha256", scratch / "sha256", 1 << 16)
        found = _HASH.match((scratch / "sha256").read_text("ascii", "replace"))
        if not found:
            raise UserError(f"{name}.sha256 of the mirror holds no SHA-256.", "Take another mirror, or give --sha256.")
        stated = found[1].lower()
    digest = hashlib.sha256()
    with archive.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    if digest.hexdigest() != stated:
        raise UserError(
            f"{name} is not what it should be: its SHA-256 is {digest.hexdigest()[:16]}…, not {stated[:16]}….", "Take another mirror."
        )
    _bring(origin, f"{name}.asc", scratch / "asc", 1 << 20)
    made_by, why = gpgv.signers(scratch / "asc", archive, trust.key)
    wanted = trust.fingerprint.replace(" ", "").upper()
    if not made_by:
        raise UserError(f"{name} is refused: {why}.", "Take another mirror, or check --key.")
    if wanted and wanted not in made_by:
        raise UserError(f"{name} is refused: it is signed by {made_by[0]}, not by {wanted}.", "Check --key and --fingerprint.")


def _unpack(archive: Path, version: str, target: Path, name: str) -> None:
    new = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{version}.new-"))
    try:
        with tarfile.open(archive, "r:gz") as tar:
            _extract(tar, new)
        tree = new / "go"
        said = (tree / "VERSION").read_text("utf-8", "replace").split("\n", 1)[0].strip() if (tree / "VERSION").is_file() else "nothing"
        if said != version:
            raise UserError(f"{name} is refused: the tree inside calls itself {said[:40]!r}.", "Take another mirror.")
        if not (tree / "bin/go").is_file():
            raise UserError(f"{name} is refused: it holds no bin/go.", "Take another mirror.")
        os.sync()
        tree.rename(target)
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise UserError(f"{name} is damaged: {error}.", "Take another mirror.") from error
    except OSError as error:
        raise UserError(f"{target} cannot be written: {error.strerror}.", "Check the free space and the permissions.") from error
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _extract(tar: tarfile.TarFile, into: Path) -> None:
    """Files and directories below go/ only: no links, no devices, no names that lead out."""
    total = 0
    for count, member in enumerate(tar):
        path = PurePosixPath(member.name)
        total += member.size
        if path.is_absolute() or ".." in path.parts or path.parts[:1] != ("go",):
            raise UserError(f"The archive is refused: it names {member.name[:80]!r}.", "Take another mirror.")
        if count > _MOST_FILES or total > _MOST_TREE_BYTES:
            raise UserError("The archive is refused: it unpacks to more than any Go tree.", "Take another mirror.")
        place = into / path
        if member.isdir():
            place.mkdir(parents=True, exist_ok=True)
        elif member.isreg():
            place.parent.mkdir(parents=True, exist_ok=True)
            source = tar.extractfile(member)
            assert source is not None
            with source, place.open("xb") as out:
                shutil.copyfileobj(source, out, 1 << 20)
            place.chmod(0o755 if member.mode & 0o111 else 0o644)
        else:
            raise UserError(f"The archive is refused: {member.name[:80]!r} is neither a file nor a directory.", "Take another mirror.")
