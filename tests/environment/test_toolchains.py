"""Toolchains from a mirror that was tampered with in every way we could think of; the keys and signatures are real OpenPGP."""

from __future__ import annotations

import functools
import hashlib
import http.server
import io
import os
import shutil
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from steadygo.environment import toolchains
from steadygo.environment.toolchains import Places, Trust, find_installed, install, installed, parse_version
from steadygo.errors import UserError

NAME = "go1.26.6.linux-amd64.tar.gz"


def gpg(home: Path, *arguments: str | Path) -> bytes:
    done = subprocess.run(["gpg", "--homedir", home, "--batch", "--quiet", *arguments], capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A GnuPG home with the keys `good` and `bad`, both exported."""
    for program in ("gpg", "gpgv"):
        if shutil.which(program) is None:
            (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"{program} is missing; apt-get install gnupg gpgv")
    home = tmp_path_factory.mktemp("gnupg")
    home.chmod(0o700)
    for name in ("good", "bad"):
        gpg(home, "--passphrase", "", "--quick-gen-key", f"{name}@example.com", "ed25519", "sign", "never")
        (home / f"{name}.asc").write_bytes(gpg(home, "--armor", "--export", f"{name}@example.com"))
        (home / f"{name}.gpg").write_bytes(gpg(home, "--export", f"{name}@example.com"))
    yield home
    subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], capture_output=True)


def archive(members: dict[str, bytes], extra: list[tarfile.TarInfo] | None = None) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(content), 0o755 if "/bin/" in name else 0o644
            tar.addfile(info, io.BytesIO(content))
        for info in extra or []:
            tar.addfile(info)
    return out.getvalue()


TREE = {
    "go/VERSION": b"go1.26.6\ntime 2026-08-11\n",
    "go/bin/go": b"#!/bin/sh\necho $GOROOT $GOTOOLCHAIN $GOCACHE\n",
    "go/src/x.go": b"package x\n" * 5000,
}


class Mirror:
    """A directory as the mirror serves it, signed by one of the keys."""

    def __init__(self, root: Path, home: Path) -> None:
        self.root, self.home = root, home
        root.mkdir()

    def put(self, data: bytes, signer: str = "good", name: str = NAME) -> Mirror:
        (self.root / name).write_bytes(data)
        (self.root / f"{name}.sha256").write_text(hashlib.sha256(data).hexdigest())
        gpg(
            self.home,
            "--yes",
            "--armor",
            "--local-user",
            f"{signer}@example.com",
            "--detach-sign",
            "-o",
            self.root / f"{name}.asc",
            self.root / name,
        )
        return self


@pytest.fixture
def mirror(tmp_path: Path, keys: Path) -> Mirror:
    return Mirror(tmp_path / "mirror", keys)


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path / "trees", tmp_path / "downloads")


def trust(keys: Path, name: str = "good.asc") -> Trust:
    return Trust(keys / name, "")


def left(places: Places) -> list[str]:
    """Everything that lies in either place."""
    return sorted(str(p) for d in (places.trees, places.downloads) if d.exists() for p in d.rglob("*"))


@pytest.mark.parametrize("key", ["good.asc", "good.gpg"])
def test_installs_what_is_signed_and_installs_it_once(key: str, mirror: Mirror, places: Places, keys: Path) -> None:
    mirror.put(archive(TREE))
    root = install("go1.26.6", str(mirror.root), trust(keys, key), places, "linux-amd64")
    assert (root / "VERSION").read_bytes() == TREE["go/VERSION"]
    assert os.access(root / "bin/go", os.X_OK)
    assert installed(places.trees) == ["go1.26.6"]
    shutil.rmtree(mirror.root)
    assert install("go1.26.6", str(mirror.root), trust(keys), places, "linux-amd64") == root
    assert [p.name for p in places.trees.iterdir()] == ["go1.26.6"]
    assert list(places.downloads.iterdir()) == []


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def rehash(mirror: Mirror) -> None:
    """What an attacker who owns the mirror does: the hash fits again, the signature cannot."""
    (mirror.root / f"{NAME}.sha256").write_text(hashlib.sha256((mirror.root / NAME).read_bytes()).hexdigest())


TAMPERING: dict[str, tuple[Callable[[Mirror], object], str]] = {
    "a wrong byte at the start": (lambda m: flip(m.root / NAME, 0), "SHA-256"),
    "a wrong byte in the middle": (lambda m: flip(m.root / NAME, 300), "SHA-256"),
    "a wrong byte at the end": (lambda m: flip(m.root / NAME, -1), "SHA-256"),
    "a wrong byte and a hash that fits": (lambda m: (flip(m.root / NAME, 200), rehash(m)), "signature does not fit"),
    "a cut-off archive": (lambda m: (m.root / NAME).write_bytes((m.root / NAME).read_bytes()[:-10]), "SHA-256"),
    "a cut-off archive and a hash that fits": (
        lambda m: ((m.root / NAME).write_bytes((m.root / NAME).read_bytes()[:-10]), rehash(m)),
        "does not fit",
    ),
    "a hash of something else": (lambda m: (m.root / f"{NAME}.sha256").write_text("0" * 64), "SHA-256"),
    "no hash in the hash's file": (lambda m: (m.root / f"{NAME}.sha256").write_text("<html>"), "no SHA-256"),
    "a missing hash": (lambda m: (m.root / f"{NAME}.sha256").unlink(), "does not exist"),
    "a missing signature": (lambda m: (m.root / f"{NAME}.asc").unlink(), "does not exist"),
    "a damaged signature": (
        lambda m: (m.root / f"{NAME}.asc").write_text("-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----\n"),
        "refused",
    ),
    "an empty signature": (lambda m: (m.root / f"{NAME}.asc").write_bytes(b""), "refused"),
    "another key's signature": (lambda m: m.put(archive(TREE), "bad"), "another key"),
    "an older signed archive under a newer name": (
        lambda m: m.put(archive(TREE | {"go/VERSION": b"go1.20.1\n"})),
        "calls itself 'go1.20.1'",
    ),
    "no go in it": (lambda m: m.put(archive({"go/VERSION": b"go1.26.6\n"})), "no bin/go"),
    "no archive at all": (lambda m: m.put(b"hello"), "damaged"),
    "a name that leads out": (lambda m: m.put(archive(TREE | {"go/../../evil": b"x"})), "names 'go/../../evil'"),
    "an absolute name": (lambda m: m.put(archive(TREE | {"/tmp/steadygo-evil": b"x"})), "refused"),
    "a link": (lambda m: m.put(archive(TREE, [link("go/pkg", "/etc")])), "neither a file"),
}


def link(name: str, target: str) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = tarfile.SYMTYPE, target
    return info


@pytest.mark.parametrize("kind", TAMPERING)
def test_refuses_and_leaves_nothing_behind(kind: str, mirror: Mirror, places: Places, keys: Path) -> None:
    mirror.put(archive(TREE))
    tamper, said = TAMPERING[kind]
    tamper(mirror)
    with pytest.raises(UserError, match=said):
        install("go1.26.6", str(mirror.root), trust(keys), places, "linux-amd64")
    assert left(places) == []


def test_a_key_that_is_not_the_pinned_one_is_refused(mirror: Mirror, places: Places, keys: Path) -> None:
    mirror.put(archive(TREE))
    with pytest.raises(UserError, match=f"not by {toolchains.GOOGLE}"):
        install("go1.26.6", str(mirror.root), Trust(keys / "good.asc"), places, "linux-amd64")
    assert left(places) == []


def test_a_given_hash_counts_instead_of_the_mirrors(mirror: Mirror, places: Places, keys: Path) -> None:
    data = archive(TREE)
    mirror.put(data)
    with pytest.raises(UserError, match="SHA-256"):
        install("go1.26.6", str(mirror.root), trust(keys), places, "linux-amd64", "f" * 64)
    (mirror.root / f"{NAME}.sha256").unlink()
    install("go1.26.6", str(mirror.root), trust(keys), places, "linux-amd64", hashlib.sha256(data).hexdigest())


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves ranges, and cuts the first answer off in the middle."""

    asked: list[str | None]

    def do_GET(self) -> None:
        path = Path(self.directory) / self.path.lstrip("/")
        if not path.exists():
            self.send_error(404)
            return
        data = path.read_bytes()
        wanted = self.headers.get("Range")
        if path.name == NAME:
            self.asked.append(wanted)
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
        self.send_response(206 if wanted else 200)
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        cut = path.name == NAME and len(self.asked) == 1
        self.wfile.write(data[start : len(data) // 2] if cut else data[start:])

    def log_message(self, format: str, *arguments: object) -> None:
        pass


def test_a_cut_off_download_is_refused_and_goes_on_next_time(mirror: Mirror, places: Places, keys: Path) -> None:
    mirror.put(archive(TREE))
    size = (mirror.root / NAME).stat().st_size
    handler = type("OneHandler", (Handler,), {"asked": []})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(handler, directory=str(mirror.root))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        origin = f"http://127.0.0.1:{server.server_port}/"
        with pytest.raises(UserError, match="cut off"):
            install("go1.26.6", origin, trust(keys), places, "linux-amd64")
        assert installed(places.trees) == []
        root = install("go1.26.6", origin, trust(keys), places, "linux-amd64")
        assert handler.asked == [None, f"bytes={size // 2}-"]
        with pytest.raises(UserError, match="404"):
            install("go1.26.7", origin, trust(keys), places, "linux-amd64")
        server.shutdown()
    assert (root / "bin/go").exists()
    assert sorted(p.name for p in places.trees.iterdir()) == ["go1.26.6"]


def test_finds_the_newest_patch(tmp_path: Path) -> None:
    for version in ("go1.26.6", "go1.26.10", "go1.27.0", "go1.2.1"):
        (tmp_path / version / "bin").mkdir(parents=True)
        (tmp_path / version / "bin/go").touch()
    assert find_installed("1.26", tmp_path).name == "go1.26.10"
    assert find_installed("go1.26.6", tmp_path).name == "go1.26.6"
    with pytest.raises(UserError, match=r"Installed: go1\.27\.0, go1\.26\.10"):
        find_installed("1.25", tmp_path)


@pytest.mark.parametrize(
    ("text", "expected"), [("1.26.6", "go1.26.6"), ("go1.21.0", "go1.21.0"), ("1.27rc1", "go1.27rc1"), ("1.20", "go1.20")]
)
def test_reads_versions(text: str, expected: str) -> None:
    assert parse_version(text) == expected


@pytest.mark.parametrize("text", ["1.26", "latest", "2.0", "../1.26.6", "1.26.6/x", ""])
def test_refuses_what_names_no_release(text: str) -> None:
    with pytest.raises(UserError):
        parse_version(text)


def steadygo(home: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "GOPATH": "/elsewhere", "GOBIN": "/elsewhere/bin"}
    program = [sys.executable, "-c", "from steadygo.cli import main; main()", "env"]
    return subprocess.run([*program, *arguments], env=environment, capture_output=True, text=True, timeout=600)


def test_use_runs_a_command_apart_from_other_versions(mirror: Mirror, keys: Path, tmp_path: Path) -> None:
    mirror.put(archive(TREE))
    without = steadygo(tmp_path, "install", "1.26.6", "--from", mirror.root)
    assert (without.returncode, toolchains.GOOGLE in without.stderr) == (2, True)
    done = steadygo(tmp_path, "install", "1.26.6", "--from", mirror.root, "--key", keys / "good.asc", "--fingerprint", "")
    assert done.returncode == 0, done.stderr
    root = done.stdout.strip()
    used = steadygo(tmp_path, "use", "1.26", "--", "go", "env", "-json")
    assert used.stdout.split() == [root, "local", str(tmp_path / ".cache/steadygo/use/go1.26.6/gocache")]
    assert steadygo(tmp_path, "use", "1.26", "--", "sh", "-c", "echo $GOPATH; exit 7").stdout.strip().endswith("go1.26.6/gopath")
    assert steadygo(tmp_path, "use", "1.26", "--", "sh", "-c", "exit 7").returncode == 7
    assert steadygo(tmp_path, "use", "1.26", "--", "no-such-program").returncode == 2


@pytest.mark.slow
def test_a_real_toolchain_builds_after_it_was_installed(goroot: Callable[[str], Path], mirror: Mirror, keys: Path, tmp_path: Path) -> None:
    root = goroot("1.23.9")
    name = "go1.23.9.linux-amd64.tar.gz"
    with tarfile.open(mirror.root / name, "w:gz", compresslevel=1) as tar:
        tar.add(root, "go", filter=lambda m: None if m.name in ("go/test", "go/api", "go/doc") else m)
    mirror.put((mirror.root / name).read_bytes(), name=name)
    done = steadygo(tmp_path, "install", "1.23.9", "--from", mirror.root, "--key", keys / "good.asc", "--fingerprint", "")
    assert done.returncode == 0, done.stderr
    (tmp_path / "main.go").write_text("package main\n\nfunc main() {}\n")
    built = steadygo(tmp_path, "use", "1.23", "--", "go", "build", "-o", tmp_path / "x", tmp_path / "main.go")
    assert built.returncode == 0, built.stderr
    assert steadygo(tmp_path, "use", "1.23", "--", "go", "version", tmp_path / "x").stdout.split()[-1] == "go1.23.9"
