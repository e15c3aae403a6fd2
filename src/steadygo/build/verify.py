"""The check before a start: is this the program that was built, and can it run here? Needs no Go and starts nothing."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from steadygo.build import semver, statement
from steadygo.build.buildinfo import NotGo
from steadygo.build.executable import NotExecutable
from steadygo.build.host import Host
from steadygo.build.image import Image, opened_image, version_key
from steadygo.build.statement import Manifest
from steadygo.facts.godebug import fatal_at_start
from steadygo.findings import Verdict

Level = Callable[[frozenset[str]], str]
"""CPU flags -> GOAMD64 level."""


class Check(NamedTuple):
    """The answer to one question, in one sentence."""

    name: str
    verdict: Verdict
    message: str


def verify(file: Path, manifest: Path, key: Path | None, host: Host, level: Level) -> list[Check]:
    """All checks, in order. Raises UserError when the program or the manifest cannot be read at all."""
    payload, signatures = statement.opened(statement.read_file(manifest), str(manifest))
    stated = statement.parse(payload, str(manifest))
    signed = _signature(payload, signatures, key)
    try:
        with opened_image(file) as image:
            return [
                signed,
                _hash(file, image, stated),
                _entry_point(image, stated),
                _modules(image, stated),
                _minimums(image, stated),
                _platform(file, image, host),
                _cpu(image, host, level),
                _godebug(image, host),
                *_linkage(image, stated, host),
            ]
    except (NotGo, NotExecutable) as error:
        return [signed, _failed("program", error.message)]


def _passed(name: str, message: str) -> Check:
    return Check(name, Verdict.PASS, message)


def _failed(name: str, message: str) -> Check:
    return Check(name, Verdict.FAIL, message)


def _signature(payload: bytes, signatures: list[tuple[str, bytes]], key: Path | None) -> Check:
    if key is None:
        if not signatures:
            return Check("signature", Verdict.NOT_APPLICABLE, "The manifest is not signed and no --key was given.")
        return _failed("signature", "The manifest is signed, but no key was given: give --key.")
    if not signatures:
        return _failed("signature", "The manifest is not signed, and --key asks for a signature.")
    from steadygo.build.signature import is_signed_by, load_public

    public = load_public(key)
    if any(is_signed_by(public, statement.signing_input(payload), signature) for _, signature in signatures):
        return _passed("signature", f"The manifest is signed by {key.name}.")
    return _failed("signature", f"No signature of the manifest is by {key}: it was changed, or somebody else signed it.")


def _hash(file: Path, image: Image, stated: Manifest) -> Check:
    digest = hashlib.sha256(image.executable.data).hexdigest()
    names = [name for name, expected in stated.subjects.items() if expected == digest]
    if names:
        return _passed("hash", f"SHA-256 {digest[:16]}… is {names[0]} of the manifest.")
    wanted = stated.subjects.get(file.name) or next(iter(stated.subjects.values()), "nothing")
    return _failed("hash", f"{file} has SHA-256 {digest[:16]}…, the manifest says {wanted[:16]}…: it was changed, or is another build.")


def _entry_point(image: Image, stated: Manifest) -> Check:
    if image.info.path == stated.entry_point:
        return _passed("entry point", f"The program is {stated.entry_point}.")
    return _failed("entry point", f"The program is {image.info.path or 'unnamed'}, the manifest declares {stated.entry_point}.")


def _modules(image: Image, stated: Manifest) -> Check:
    info = image.info
    inside = {m.path: (m.built.version, m.built.sum) for m in (*((info.main,) if info.main else ()), *info.deps)}
    for path in sorted({*inside, *stated.modules}):
        mine, theirs = inside.get(path), stated.modules.get(path)
        if mine != theirs:
            left, right = (" ".join(filter(None, side)) if side else "no such module" for side in (mine, theirs))
            return _failed("modules", f"{path}: the program has {left}, the manifest {right}.")
    return _passed("modules", f"All {len(inside)} modules and their hashes are those of the manifest.")


def _minimums(image: Image, stated: Manifest) -> Check:
    """go.mod states minimums: the go line and each required version."""
    name = "go.mod"
    built = version_key(image.info.go_version.split()[0].removeprefix("go").partition("-")[0].partition("rc")[0])
    line = version_key(stated.go_line)
    if built and line and built < line:
        return _failed(name, f"Built with {image.info.go_version}, but go.mod asks for at least go {stated.go_line}.")
    versions = {m.path: m for m in image.info.deps}
    for path, minimum in sorted(stated.requires.items()):
        if path not in versions or versions[path].replaced_by:
            continue
        least, used = semver.parse(minimum), semver.parse(versions[path].version)
        if least and used and used < least:
            return _failed(name, f"{path} is {versions[path].version}, but go.mod asks for at least {minimum}.")
    return _passed(name, "The Go version and all modules reach what go.mod asks for.")


def _platform(file: Path, image: Image, host: Host) -> Check:
    goos, goarch = image.info.setting("GOOS"), image.info.setting("GOARCH")
    runs = {host.goarch} | ({"386"} if host.goarch == "amd64" else set())
    if (goos and goos != host.goos) or (goarch and goarch not in runs):
        return _failed("platform", f"Built for {goos}/{goarch}, this machine is {host.goos}/{host.goarch}.")
    if not os.access(file, os.X_OK):
        return _failed("platform", f"{file} is not executable for this user: chmod +x it.")
    return _passed("platform", f"Built for {goos or 'this system'}/{goarch or 'this processor'}.")


def _cpu(image: Image, host: Host, level: Level) -> Check:
    needed = image.info.setting("GOAMD64")
    if not needed:
        return Check("processor", Verdict.NOT_APPLICABLE, "The program states no GOAMD64.")
    if needed == "v1":
        return _passed("processor", "GOAMD64=v1 runs on every amd64.")
    if not host.cpu_flags:
        return Check("processor", Verdict.NOT_KNOWN, f"Built with GOAMD64={needed}; this machine does not tell its CPU flags.")
    offered = level(host.cpu_flags)
    if version_key(offered[1:]) < version_key(needed[1:]):
        return _failed("processor", f"Built with GOAMD64={needed}, this processor offers {offered}: the program would exit at start.")
    return _passed("processor", f"Built with GOAMD64={needed}, this processor offers {offered}.")


def _godebug(image: Image, host: Host) -> Check:
    value = host.environment.get("GODEBUG", "")
    if not value:
        return _passed("GODEBUG", "GODEBUG is not set.")
    if not image.info.go_minor:
        return Check("GODEBUG", Verdict.NOT_KNOWN, f"Built with {image.info.go_version}: what it does with GODEBUG={value} is not known.")
    fatal = fatal_at_start(value, image.info.go_minor)
    if fatal:
        words = ", ".join(fatal)
        return _failed(
            "GODEBUG", f"GODEBUG={words} kills a {image.info.go_version} program at start (exit 2): take it out of the environment."
        )
    return _passed("GODEBUG", f"{image.info.go_version} starts with GODEBUG={value}.")


def _linkage(image: Image, stated: Manifest, host: Host) -> Iterator[Check]:
    static = not image.interpreter and not image.libraries
    if stated.linkage.get("static") is True and not static:
        yield _failed("linkage", f"The manifest says static, the program needs {image.interpreter or ', '.join(image.libraries)}.")
        return
    if static:
        yield _passed("linkage", "Static: it needs no loader and no C library.")
        return
    if image.executable.format != "elf":
        yield Check("linkage", Verdict.NOT_KNOWN, "Libraries are looked for on Linux only.")
        return
    if image.interpreter and host.find(image.interpreter) is None:
        yield _failed("linkage", f"The loader {image.interpreter} is not here: the start would fail with 'no such file or directory'.")
        return
    missing = [name for name in image.libraries if host.find_library(name) is None]
    if missing:
        yield _failed("linkage", f"Shared libraries are not here: {', '.join(missing)}.")
        return
    yield _passed("linkage", f"The loader and {', '.join(image.libraries)} are here.")
    yield _symbol_versions(image, host)


def _symbol_versions(image: Image, host: Host) -> Check:
    offered: dict[str, str] = {}
    for name in image.libraries:
        library = host.find_library(name)
        for family, version in (host.library_versions(library) if library else {}).items():
            if version_key(version) > version_key(offered.get(family, "0")):
                offered[family] = version
    for family, version in sorted(image.library_versions.items()):
        if family not in offered:
            return Check("C library", Verdict.NOT_KNOWN, f"It needs {family}_{version}; the libraries here do not tell theirs.")
        if version_key(offered[family]) < version_key(version):
            return _failed(
                "C library", f"It needs {family}_{version}, this machine has {family}_{offered[family]}: build on an older system."
            )
    words = ", ".join(f"{family}_{version}" for family, version in sorted(image.library_versions.items())) or "no versioned symbol"
    return _passed("C library", f"It needs {words}, which is here.")
