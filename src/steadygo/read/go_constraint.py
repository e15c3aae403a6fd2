"""When a Go file is part of a build: its //go:build line and the system in its name."""

from __future__ import annotations

import re

# fmt: off
_SYSTEMS = frozenset(
    {
        "aix", "android", "darwin", "dragonfly", "freebsd", "hurd", "illumos", "ios", "js", "linux", "nacl", "netbsd", "openbsd",
        "plan9", "solaris", "wasip1", "windows", "zos",
    }
)
_ARCHITECTURES = frozenset(
    {
        "386", "amd64", "amd64p32", "arm", "armbe", "arm64", "arm64be", "loong64", "mips", "mipsle", "mips64", "mips64le",
        "mips64p32", "mips64p32le", "ppc", "ppc64", "ppc64le", "riscv", "riscv64", "s390", "s390x", "sparc", "sparc64", "wasm",
    }
)
# fmt: on
_BUILD = re.compile(rb"^//go:build[ \t]+(.+?)[ \t]*\r?$", re.MULTILINE)
_OLD_BUILD = re.compile(rb"^//[ \t]*\+build[ \t]+(.+?)[ \t]*\r?$", re.MULTILINE)
_PACKAGE = re.compile(rb"^package\s", re.MULTILINE)


def build_constraint(path: str, data: bytes) -> str:
    """The file's constraint as an expression, "" when it is in every build. `+build` lines count where no `//go:build` stands."""
    package = _PACKAGE.search(data)
    end = package.start() if package else min(len(data), 20_000)
    stated = _BUILD.search(data, 0, end)
    parts = []
    if stated:
        parts.append(stated.group(1).decode("utf-8", "replace"))
    else:
        parts = [_modern(line.group(1).decode("utf-8", "replace")) for line in _OLD_BUILD.finditer(data, 0, end)]
    from_name = of_name(path)
    if not from_name:
        return parts[0] if len(parts) == 1 else " && ".join(_grouped(part) for part in parts)
    return " && ".join([*(_grouped(part) for part in parts), *from_name])


def _modern(line: str) -> str:
    """`linux,amd64 !cgo` -> `linux && amd64 || !cgo`."""
    return " || ".join(" && ".join(option.split(",")) for option in line.split())


def _grouped(expression: str) -> str:
    return f"({expression})" if "||" in expression else expression


def of_name(path: str) -> list[str]:
    """The GOOS and GOARCH that the file's name asks for, as go/build reads it."""
    name = path.rpartition("/")[2].partition(".")[0]
    _, _, rest = name.partition("_")
    if not rest:
        return []
    parts = rest.split("_")
    if parts[-1] == "test":
        parts.pop()
    if len(parts) >= 2 and parts[-2] in _SYSTEMS and parts[-1] in _ARCHITECTURES:
        return parts[-2:]
    if parts and (parts[-1] in _SYSTEMS or parts[-1] in _ARCHITECTURES):
        return parts[-1:]
    return []
