"""What this machine offers a program: processor, loader, shared libraries and their symbol versions."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from steadygo.build.executable import NotExecutable, opened
from steadygo.build.image import version_key
from steadygo.errors import UserError

_MACHINES = {
    "x86_64": "amd64",
    "aarch64": "arm64",
    "i686": "386",
    "armv7l": "arm",
    "s390x": "s390x",
    "ppc64le": "ppc64le",
    "riscv64": "riscv64",
}
_FAMILY_VERSION = re.compile(rb"\0([A-Z]+(?:_[A-Z]+)*)_(\d+(?:\.\d+)+)(?=\0)")


@dataclass(frozen=True)
class Host:
    """The place a program is about to start in. `cpu_flags` is empty where the kernel does not tell."""

    goos: str
    goarch: str
    cpu_flags: frozenset[str]
    environment: Mapping[str, str]
    root: Path = Path("/")

    def find(self, path: str) -> Path | None:
        """An absolute path below the root."""
        place = self.root / path.lstrip("/")
        return place if place.exists() else None

    def find_library(self, name: str) -> Path | None:
        """A shared library where the loader looks: LD_LIBRARY_PATH, ld.so.conf, and the system's folders."""
        if "/" in name:
            return self.find(name)
        for folder in self._library_folders():
            if (found := self.find(f"{folder}/{name}")) is not None:
                return found
        return None

    def library_versions(self, library: Path) -> dict[str, str]:
        """The highest symbol version of each family that a library defines: {"GLIBC": "2.36"}."""
        found: dict[str, str] = {}
        try:
            with opened(library) as executable:
                strings = executable.section(".dynstr")
                names = bytes(executable.content(strings)) if strings else b""
        except (NotExecutable, UserError):
            return found
        for match in _FAMILY_VERSION.finditer(names):
            family, version = match[1].decode(), match[2].decode()
            if version_key(version) > version_key(found.get(family, "0")):
                found[family] = version
        return found

    def _library_folders(self) -> list[str]:
        folders = [folder for folder in self.environment.get("LD_LIBRARY_PATH", "").split(":") if folder.startswith("/")]
        listed = sorted((self.root / "etc/ld.so.conf.d").glob("*.conf"))
        for file in listed[:64]:
            try:
                lines = file.read_text("utf-8", "replace").splitlines()
            except OSError:
                continue
            folders += [line.strip() for line in lines if line.startswith("/")]
        triple = {"amd64": "x86_64", "arm64": "aarch64", "386": "i386"}.get(self.goarch, self.goarch)
        return [
            *folders,
            f"/lib/{triple}-linux-gnu",
            f"/usr/lib/{triple}-linux-gnu",
            "/lib64",
            "/usr/lib64",
            "/lib",
            "/usr/lib",
            "/usr/local/lib",
        ]


def here() -> Host:
    """This machine and this process's environment."""
    uname = os.uname()
    return Host(uname.sysname.lower(), _MACHINES.get(uname.machine, uname.machine), _cpu_flags(), dict(os.environ))


def _cpu_flags() -> frozenset[str]:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            for line in file:
                if line.startswith(("flags", "Features")):
                    return frozenset(line.partition(":")[2].split())
    except OSError:
        pass
    return frozenset()
