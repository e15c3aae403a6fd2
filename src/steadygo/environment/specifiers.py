"""%-specifiers of systemd (systemd.unit(5), "Specifiers"), for what can be known from the unit's name and a file system."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_ESCAPE = re.compile(rb"\\x([0-9a-fA-F]{2})")
_SPECIFIER = re.compile(r"%(.)", re.DOTALL)
_OS_RELEASE = {"o": "ID", "w": "VERSION_ID", "W": "VARIANT_ID", "B": "BUILD_ID", "A": "IMAGE_VERSION", "M": "IMAGE_ID"}
_ARCHITECTURES = {"x86_64": "x86-64", "aarch64": "arm64", "i686": "x86"}
# New at each boot or each start, or the business of an outside file.
_PASSING = {"b": "the boot's id", "v": "the running kernel's release", "d": "the credentials directory", "a": "the machine's architecture"}


@dataclass(frozen=True)
class User:
    """The manager's own user: root for the system manager."""

    name: str = "root"
    uid: int = 0
    gid: int = 0
    group: str = "root"
    home: str = "/root"
    shell: str = "/bin/sh"


def unescape(text: str) -> str:
    """Undo systemd-escape: "-" is "/", \\xNN a byte."""
    return _ESCAPE.sub(lambda m: bytes([int(m[1], 16)]), text.replace("-", "/").encode()).decode("utf-8", "replace")


class Refused(ValueError):
    """systemd refuses the text: a specifier that it does not know."""


def expand(text: str, name: str, path: str, user: User, system: bool, root: Path | None) -> tuple[str | None, str]:
    """(expanded text, "") or (None, why it cannot be known). `name` is the unit's full name, `path` its file. Raises Refused.

    `root` None: the host that the unit will run on is not known, so nothing that is the host's own is.
    """
    reason = ""

    def put(match: re.Match[str]) -> str:
        nonlocal reason
        value = _value(match[1], name, path, user, system, root)
        if value is None:
            reason = reason or f"%{match[1]} is {_PASSING.get(match[1], 'of the host that it will run on')}"
            return ""
        return value

    expanded = _SPECIFIER.sub(put, text)
    return (None, reason) if reason else (expanded, "")


def _value(letter: str, name: str, path: str, user: User, system: bool, root: Path | None) -> str | None:
    stem, _, _ = name.rpartition(".")
    prefix, at, instance = stem.partition("@")
    template = bool(at) and not instance
    if letter in "iI" and not at:
        return ""
    if template and letter in "nNiIf":
        return None
    last = prefix.rpartition("-")[2]
    home = user.home
    by_letter = {
        "%": "%",
        "n": name,
        "N": stem,
        "p": prefix,
        "P": unescape(prefix),
        "i": instance,
        "I": unescape(instance),
        "j": last,
        "J": unescape(last),
        "f": "/" + unescape(instance if at else prefix).lstrip("/"),
        "t": "/run" if system else f"/run/user/{user.uid}",
        "S": "/var/lib" if system else f"{home}/.config",
        "C": "/var/cache" if system else f"{home}/.cache",
        "L": "/var/log" if system else f"{home}/.config/log",
        "E": "/etc" if system else f"{home}/.config",
        "T": "/tmp",
        "V": "/var/tmp",
        "h": home,
        "u": user.name,
        "U": str(user.uid),
        "g": user.group,
        "G": str(user.gid),
        "s": user.shell,
        "y": path,
        "Y": path.rpartition("/")[0],
    }
    if root is None and letter in "uUgGhsyYtSCLE" and (not system or letter in "syY"):
        return None
    if letter in by_letter:
        return by_letter[letter]
    if root is None and (letter in _OS_RELEASE or letter in "mHlRq"):
        return None
    if root is not None and letter in _OS_RELEASE:
        return os_release(root).get(_OS_RELEASE[letter], "")
    if root is not None and letter == "m":
        return _line(root / "etc/machine-id")
    if root is not None and letter in "HlRq":
        hostname = _line(root / "etc/hostname")
        return hostname.partition(".")[0] if hostname and letter == "l" else hostname if letter == "H" else None
    if letter in _PASSING:
        return None
    raise Refused(f"%{letter} is no specifier that systemd knows; write %% for a percent sign")


def os_release(root: Path) -> dict[str, str]:
    """The fields of the file system's os-release, none without one."""
    for name in ("etc/os-release", "usr/lib/os-release"):
        try:
            text = (root / name).read_text("utf-8", "replace")
        except OSError:
            continue
        return {k: v.strip("\"'") for k, _, v in (line.partition("=") for line in text.splitlines())}
    return {}


def _line(path: Path) -> str | None:
    try:
        return path.read_text("utf-8", "replace").strip() or None
    except OSError:
        return None
