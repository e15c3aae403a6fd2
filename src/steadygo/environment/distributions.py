"""C libraries of distributions and of runner images: what a base image's name or a runner's label stands for.

Sources: packages of Debian, Ubuntu and Alpine; github.com/actions/runner-images. `ubuntu-latest` as of 2026.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.environment.fingerprint import Stated

_LATEST = "24.04"
_GLIBC = {
    ("ubuntu", "20.04"): "2.31",
    ("ubuntu", "22.04"): "2.35",
    ("ubuntu", "24.04"): "2.39",
    ("debian", "10"): "2.28",
    ("debian", "11"): "2.31",
    ("debian", "12"): "2.36",
    ("debian", "13"): "2.41",
}
_CODENAMES = {
    "buster": ("debian", "10"), "bullseye": ("debian", "11"), "bookworm": ("debian", "12"), "trixie": ("debian", "13"),
    "focal": ("ubuntu", "20.04"), "jammy": ("ubuntu", "22.04"), "noble": ("ubuntu", "24.04"),
}  # fmt: skip
_RUNNER = re.compile(r"ubuntu-(?:(latest)|(\d\d\.\d\d))(-arm)?$")
_TAG = re.compile(r"(\d+(?:\.\d+)*)")


def of_runner(label: str) -> Iterator[Stated]:
    """os.*, libc.*, kernel.arch of a hosted runner's label; nothing for one that is not known."""
    found = _RUNNER.fullmatch(label)
    if not found:
        return
    version = found[2] or _LATEST
    yield Stated("os.id", "ubuntu", f"runs-on {label}")
    yield Stated("os.version", version, f"runs-on {label}")
    yield Stated("kernel.arch", "aarch64" if found[3] else "x86_64", f"runs-on {label}")
    yield Stated("libc.name", "glibc", f"runs-on {label}")
    if ("ubuntu", version) in _GLIBC:
        yield Stated("libc.version", _GLIBC["ubuntu", version], f"Ubuntu {version}")
    yield Stated("time.zone", "UTC", f"runs-on {label}")


def of_image(name: str) -> Iterator[Stated]:
    """os.* and libc.* that a base image's name tells: debian:12, golang:1.26-alpine, gcr.io/distroless/static-debian12, scratch."""
    plain = name.partition("@")[0]
    repository, _, tag = plain.rpartition(":") if ":" in plain.rpartition("/")[2] else (plain, "", "")
    last = repository.rpartition("/")[2]
    if name == "scratch" or last in ("static", "static-debian11", "static-debian12", "static-debian13"):
        yield Stated("libc.name", "none", f"image {name}")
        return
    if last == "alpine" or "alpine" in tag:
        yield Stated("os.id", "alpine", f"image {name}")
        yield Stated("libc.name", "musl", f"image {name}")
        return
    version = _TAG.match(tag)
    known = next((found for codename, found in _CODENAMES.items() if codename in tag), None)
    if known is None and last in ("debian", "ubuntu") and version:
        known = (last, version[1].partition(".")[0] if last == "debian" else version[1])
    if known is None and (distroless := re.fullmatch(r"(?:base|cc)(?:-nossl)?-debian(\d+)", last)):
        known = ("debian", distroless[1])
    if known:
        yield Stated("os.id", known[0], f"image {name}")
        yield Stated("os.version", known[1], f"image {name}")
        yield Stated("libc.name", "glibc", f"image {name}")
        if known in _GLIBC:
            yield Stated("libc.version", _GLIBC[known], f"{known[0]} {known[1]}")
