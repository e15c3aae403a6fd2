"""The environment that a container image gives its process, before whoever starts it adds more."""

from __future__ import annotations

import posixpath
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from steadygo.environment import binary, clock, machine
from steadygo.environment.accounts import find_account
from steadygo.environment.binary import Program
from steadygo.environment.fingerprint import Stated
from steadygo.environment.imagearchive import Configuration, Start
from steadygo.environment.imagetree import Tree
from steadygo.environment.specifiers import os_release

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_SMALL = ("/etc/os-release", "/usr/lib/os-release", "/etc/passwd", "/etc/group")
_GLIBC = re.compile(rb"GNU C Library [^\n]*version (\d+\.\d+)")
_MUSL = re.compile(rb"^P:musl\n(?:.+\n)*?V:(\d[\w.]*)", re.MULTILINE)
_MACHINES = {"amd64": "x86_64", "arm64": "aarch64", "386": "i686"}
_SHELLS = ("sh", "bash", "ash", "dash")


def capture(configuration: Configuration | None, tree: Tree, read_program: Callable[[bytes, str], Program | None]) -> Iterator[Stated]:
    """env.*, image.*, os.*, libc.*, tls.*, time.*, process.user, go.version, binary.* of an image or a root file system."""
    start = (configuration.config if configuration else None) or Start()
    environment = {n: v for n, _, v in (e.partition("=") for e in start.env or [])}
    for name, value in environment.items():
        yield Stated(f"env.{name}", value, "the image's Env")
    if configuration:
        if configuration.architecture:
            yield Stated("kernel.arch", _MACHINES.get(configuration.architecture, configuration.architecture), "the image's architecture")
        for key, words in (("entrypoint", start.entrypoint), ("command", start.cmd)):
            if words:
                yield Stated(f"image.{key}", " ".join(words), "the image's configuration")
    with tempfile.TemporaryDirectory(prefix="steadygo-image-") as scratch:
        view = Path(scratch)
        _lay_out(tree, view, environment)
        yield from _files(tree, view, environment)
        if configuration:
            yield from _user(start, view, environment)
    yield from _library(tree)
    version = tree.read("/usr/local/go/VERSION", 1 << 16)
    if version:
        yield Stated("go.version", version.decode("utf-8", "replace").split("\n", 1)[0].strip(), "/usr/local/go/VERSION in the image")
    yield from _program(start, tree, environment, read_program)


def _lay_out(tree: Tree, view: Path, environment: dict[str, str]) -> None:
    """Copy the few files that decide something, under our own names and as plain files."""
    wanted = [*_SMALL, *machine.ROOTS]
    if certificates := environment.get("SSL_CERT_FILE"):
        wanted.append(certificates)
    zone = environment.get("TZ", "").lstrip(":")
    for directory in clock.ZONES:
        wanted += [f"/{directory}/tzdata.zi", f"/{directory}/+VERSION"]
        if zone:
            wanted.append(posixpath.normpath(f"/{directory}/{zone}"))
        if tree.names(f"/{directory}/Europe"):
            (view / directory / "Europe").mkdir(parents=True)
    target = tree.link("/etc/localtime")
    if target is not None and (content := tree.read("/etc/localtime", 1 << 20)) is not None:
        name = target.partition("zoneinfo/")[2] or "localtime"
        place = view / "usr/share/zoneinfo" / posixpath.normpath("/" + name).lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        (view / "etc").mkdir(exist_ok=True)
        (view / "etc/localtime").symlink_to(place)
    elif target is None:
        wanted.append("/etc/localtime")
    for path in wanted:
        content = tree.read(path, 32 << 20)
        place = view / posixpath.normpath("/" + path).lstrip("/")
        if content is not None and not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)


def _files(tree: Tree, view: Path, environment: dict[str, str]) -> Iterator[Stated]:
    release = os_release(view)
    if release:
        yield Stated("os.id", release.get("ID", "linux"), "os-release in the image")
        if "VERSION_ID" in release:
            yield Stated("os.version", release["VERSION_ID"], "os-release in the image")
    yield machine.roots(environment, view)
    yield clock.zone(environment.get("TZ"), view)
    yield clock.tzdata(view)
    if not tree.names("/tmp") and "tmp" not in tree.names("/"):
        yield Stated("image.tmp", "none", "there is no /tmp: os.CreateTemp fails")


def _user(start: Start, view: Path, environment: dict[str, str]) -> Iterator[Stated]:
    name, _, _ = start.user.partition(":")
    account = find_account(view, name or "0")
    if account:
        yield Stated("process.user", str(account.uid), f"User {start.user or '(none: root)'}")
    elif not name or name.isdecimal():
        yield Stated("process.user", name or "0", f"User {start.user or '(none: root)'}")
    else:
        yield Stated("process.user", None, f"User {name} is not in the image's passwd: the runtime refuses to start it")
    if "HOME" not in environment:
        home = account.home if account else "/root" if not name or name == "0" else "/"
        yield Stated("env.HOME", home, "set by the container runtime from passwd")
    if "PATH" not in environment:
        yield Stated("env.PATH", _PATH, "set by the container runtime")
    yield Stated("env.HOSTNAME", None, "set by the container runtime")


def _library(tree: Tree) -> Iterator[Stated]:
    directories = ["/lib", "/lib64", "/usr/lib", "/usr/lib64"]
    directories += [f"{d}/{n}" for d in ("/lib", "/usr/lib") for n in tree.names(d) if n.endswith(("-linux-gnu", "-linux-gnueabihf"))]
    for directory in directories:
        names = tree.names(directory)
        if "libc.so.6" in names:
            found = _GLIBC.search(tree.read(f"{directory}/libc.so.6") or b"")
            yield Stated("libc.name", "glibc", f"{directory}/libc.so.6 in the image")
            yield Stated(
                "libc.version", found[1].decode() if found else None, f"{directory}/libc.so.6" + ("" if found else " does not say")
            )
            return
        loader = next((n for n in names if n.startswith("ld-musl-")), None)
        if loader:
            found = _MUSL.search(tree.read("/lib/apk/db/installed") or tree.read("/usr/lib/apk/db/installed") or b"")
            yield Stated("libc.name", "musl", f"{directory}/{loader} in the image")
            if found:
                yield Stated("libc.version", found[1].decode(), "the image's apk database")
            return
    yield Stated("libc.name", "none", "no C library in the image")


def _program(
    start: Start, tree: Tree, environment: dict[str, str], read_program: Callable[[bytes, str], Program | None]
) -> Iterator[Stated]:
    words = [*(start.entrypoint or []), *(start.cmd or [])]
    if not words:
        return
    name = words[0]
    if posixpath.basename(name) in _SHELLS:
        yield Stated("binary.go", None, f"the process is started through a shell: {' '.join(words)[:80]}")
        return
    if "/" in name:
        places = [posixpath.join(start.working_dir or "/", name)]
    else:
        places = [posixpath.join(d, name) for d in environment.get("PATH", _PATH).split(":")]
    for place in places:
        content = tree.read(place)
        if content is None:
            continue
        program = read_program(content, place)
        if program:
            yield from binary.capture(program, place)
        else:
            yield Stated("binary.go", None, f"{place} is no Go program")
        return
    yield Stated("binary.go", None, f"{name} is not in the image")
