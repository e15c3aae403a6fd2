"""The C compiler and C library behind cgo, which Go does not record."""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path

from steadygo.tools.run import run


def describe(command: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Path, version line, target and SHA-256 of a C compiler: {"CC": …, "CC.path": …, "CC.version": …, "CC.target": …, "CC.sha256": …}."""
    words = shlex.split(command) or ["cc"]
    found = {"CC": command}
    path = shutil.which(words[0], path=environment.get("PATH"))
    if path is None:
        return {**found, "CC.path": "not found"}
    found["CC.path"] = os.path.realpath(path)
    version = run([path, *words[1:], "--version"], environment=environment, timeout_seconds=10.0)
    if version.ok and version.text:
        found["CC.version"] = version.text.splitlines()[0]
    target = run([path, *words[1:], "-dumpmachine"], environment=environment, timeout_seconds=10.0)
    if target.ok:
        found["CC.target"] = target.text.strip()
    found["CC.sha256"] = hashlib.sha256(Path(found["CC.path"]).read_bytes()).hexdigest()
    return found


def c_library() -> str:
    """The build machine's C library: `glibc 2.36`, or `not glibc`."""
    try:
        return os.confstr("CS_GNU_LIBC_VERSION") or "not glibc"
    except (ValueError, OSError):
        return "not glibc"
