"""Which C library an image has, by its name, and whether it has a C compiler."""

from __future__ import annotations

import re
from dataclasses import dataclass

from steadygo.facts.images import Image, Stage

_GLIBC_OF = {
    "buster": 2.28, "debian10": 2.28, "bullseye": 2.31, "debian11": 2.31, "bookworm": 2.36, "debian12": 2.36, "trixie": 2.41,
    "debian13": 2.41, "bionic": 2.27, "focal": 2.31, "jammy": 2.35, "noble": 2.39,
}  # fmt: skip
_UBUNTU = {"16.04": 2.23, "18.04": 2.27, "20.04": 2.31, "22.04": 2.35, "24.04": 2.39}
_DEBIAN = {"9": 2.24, "10": 2.28, "11": 2.31, "12": 2.36, "13": 2.41}
_LANGUAGES = re.compile(r"(?:^|/)(?:golang|node|python|ruby|rust|openjdk|postgres|redis|nginx|php|eclipse-temurin|buildpack-deps)$")
_GOLANG = re.compile(r"(?:^|/)golang$")


@dataclass(frozen=True)
class Libc:
    """`kind`: glibc musl none. `version` of glibc, 0.0 when not known."""

    kind: str
    version: float = 0.0


def of_image(base: str) -> Libc | None:
    """The C library of a base image; None when its name does not tell."""
    name, _, tag = base.partition("@")[0].rpartition("/")[2].partition(":")
    path = base.partition("@")[0].removesuffix(":" + tag) if tag else base.partition("@")[0]
    if path == "scratch":
        return Libc("none")
    if "$" in base or "glibc" in base:
        return None
    if "distroless/" in path:
        if name.startswith("static"):
            return Libc("none")
        return Libc("glibc", _named(name)) if name.startswith(("base", "cc", "java", "python", "nodejs")) and "nossl" not in name else None
    if name == "alpine" or (_LANGUAGES.search(path) and "alpine" in tag):
        return Libc("musl")
    if name in ("debian", "debian-slim"):
        number = re.match(r"(\d+)", tag)
        return Libc("glibc", _named(tag) or (_DEBIAN.get(number[1], 0.0) if number else 0.0))
    if name == "ubuntu":
        return Libc("glibc", _named(tag) or next((v for n, v in _UBUNTU.items() if tag.startswith(n)), 0.0))
    if _GOLANG.search(path):
        return Libc("glibc", _named(tag) or _default_of_golang(tag))
    if _LANGUAGES.search(path):
        return Libc("glibc", _named(tag))
    if name in ("centos", "fedora", "amazonlinux", "rockylinux", "almalinux", "oraclelinux", "ubi8", "ubi9", "ubi", "ubi-minimal"):
        return Libc("glibc")
    return None


def _named(tag: str) -> float:
    return next((version for word, version in _GLIBC_OF.items() if word in tag), 0.0)


def _default_of_golang(tag: str) -> float:
    """golang images without a distribution in the tag stand on bookworm or newer since Go 1.21."""
    found = re.match(r"1\.(\d+)", tag)
    return 2.36 if found and int(found[1]) >= 21 else 0.0


def root_of(image: Image, stage: Stage) -> Stage:
    """The stage whose base comes from outside."""
    for _ in image.stages:
        if stage.parent is None:
            return stage
        stage = image.stages[stage.parent]
    return stage


def lineage(image: Image, stage: Stage) -> list[Stage]:
    """`stage` and the stages that it is built on, outermost base last."""
    found = [stage]
    while found[-1].parent is not None and len(found) <= len(image.stages):
        found.append(image.stages[found[-1].parent])
    return found


def of_stage(image: Image, stage: Stage) -> Libc | None:
    """The C library of a stage; None when it is not known, or when the stage adds another one itself."""
    for each in lineage(image, stage):
        for command in each.commands:
            if any(w in ("gcompat", "libc6-compat", "libc6", "musl") or re.search(r"glibc|ld-linux|ld-musl", w) for w in command.words):
                return None
        if any("ld-linux" in s or "ld-musl" in s or s.startswith("/lib") for c in each.copies for s in c.sources):
            return None
    return of_image(root_of(image, stage).base)


_COMPILERS = re.compile(r"^(gcc|g\+\+|clang\d*|build-base|build-essential|alpine-sdk|musl-dev|libc-dev|gcc-.+|crossbuild-.+|zig)$")


def installs_compiler(image: Image, stage: Stage) -> bool:
    """Whether the stage installs a C compiler."""
    return any(
        _COMPILERS.match(word)
        for each in lineage(image, stage)
        for command in each.commands
        if any(w in ("add", "install", "-S", "xx-apk", "xx-apt", "xx-apt-get") for w in command.words[:4])
        for word in command.words
    )


def has_compiler(image: Image, stage: Stage) -> bool | None:
    """Whether a C compiler is there: golang on Debian brings gcc, golang on Alpine does not. None when not known."""
    if installs_compiler(image, stage):
        return True
    base = root_of(image, stage).base
    path = base.partition("@")[0].partition(":")[0]
    if not _GOLANG.search(path):
        return None
    if base.count("/") > 1 or ("/" in base and not base.startswith(("library/", "docker.io/", "public.ecr.aws/"))):
        return None
    return "alpine" not in base
