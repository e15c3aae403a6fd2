"""The toolchain that go selects in a directory, as far as running tests needs it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from steadygo.errors import ToolMissing
from steadygo.tools import guard
from steadygo.tools.run import run

_ASK_SECONDS = 60.0
_BUILD_SECONDS = 300.0
_DAY_SECONDS = 86400.0


class Toolchain(NamedTuple):
    """`root` is GOROOT, "" when go does not say; `goflags` is GOFLAGS, from the environment or go's own file."""

    root: str
    test2json: Path
    goflags: str


def find(go: Path, directory: Path, environment: Mapping[str, str], caches: Path) -> Toolchain:
    """Ask go. Raises ToolMissing when there is no test2json.

    From Go 1.25 on it is no file of the toolchain: go builds it into its cache, and needs a tenth of a second to say where. That answer is
    kept below `caches`, by the toolchain and go's cache. It holds for a day after go last marked the program as used; go removes what was
    not used for five.
    """
    names = ("GOROOT", "GOTOOLDIR", "GOVERSION", "GOCACHE", "GOFLAGS")
    answer = run([go, "env", "-json=false", *names], directory=directory, environment=environment, timeout_seconds=_ASK_SECONDS).text
    root, tools, version, cache, goflags = (*answer.split("\n", 4), "", "", "", "", "")[:5]
    shipped = Path(tools, "test2json")
    if tools and _runs(shipped):
        return Toolchain(root, shipped, goflags)
    key = hashlib.sha256("\0".join((root, version, cache)).encode("utf-8", "surrogateescape")).hexdigest()
    kept = caches / "test2json" / key[:32]
    known = _read(kept)
    if known is None or not _runs(known) or _unused(known):
        known = _ask(go, directory, environment)
        _keep(kept, known)
    return Toolchain(root, known, goflags)


def _runs(program: Path) -> bool:
    return program.is_file() and os.access(program, os.X_OK)


def _unused(program: Path) -> bool:
    """go's mark is on the directory that holds an executable of its cache."""
    return program.parent.stat().st_mtime < time.time() - _DAY_SECONDS


def _read(file: Path) -> Path | None:
    try:
        return Path(os.fsdecode(file.read_bytes()))
    except OSError:
        return None


def _keep(file: Path, program: Path) -> None:
    beside = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
    with contextlib.suppress(OSError):  # a cache that cannot be written: go is asked again next time
        file.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(os.fsencode(program))
        beside.replace(file)


def _ask(go: Path, directory: Path, environment: Mapping[str, str]) -> Path:
    with guard.scratch("steadygo-go-", environment) as work:
        here = {**environment, "GOTMPDIR": str(work)}
        ran = run([go, "tool", "-n", "test2json"], directory=directory, environment=here, timeout_seconds=_BUILD_SECONDS)
        path = Path(ran.text.strip())
        if not ran.ok:
            raise ToolMissing(f"{go} has no test2json: {ran.complaint}.", "Install a whole Go toolchain.")
        if not path.is_file():  # named, but not built yet
            run([go, "tool", "test2json"], directory=directory, environment=here, timeout_seconds=_BUILD_SECONDS)
    return path
