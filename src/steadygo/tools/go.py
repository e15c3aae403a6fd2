"""Questions that a Go toolchain answers. Nothing here lets it fetch another toolchain: GOTOOLCHAIN=local."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import msgspec

from steadygo.errors import UserError
from steadygo.tools.run import Outcome, run


def _environment(environment: Mapping[str, str] | None) -> dict[str, str]:
    return {**(os.environ if environment is None else environment), "GOTOOLCHAIN": "local"}


def find_go(given: str | None, process: Mapping[str, str]) -> Path:
    """The go program: the given one, else the first on PATH. Raises UserError."""
    if given and not shutil.which(given, path=process.get("PATH", os.defpath)):
        raise UserError(f"{given} is no program that can be run.", "Give the path of a go program, as in /usr/local/go/bin/go.")
    found = shutil.which(given or "go", path=process.get("PATH", os.defpath))
    if not found:
        raise UserError("Go is not installed.", "Install it, or give its program with --go.")
    return Path(found).absolute()


def find_env(
    go: Path, directory: Path, environment: Mapping[str, str] | None = None, timeout_seconds: float = 5.0
) -> tuple[dict[str, str], str]:
    """`go env -json` in `directory`: (settings, ""), or ({}, why not). GOTOOLCHAIN in the answer is always "local"."""
    ran = run([go, "env", "-json"], directory=directory, environment=_environment(environment), timeout_seconds=timeout_seconds)
    if not ran.ok:
        return {}, f"{go} env: {ran.complaint}"
    try:
        return msgspec.json.decode(ran.stdout, type=dict[str, str]), ""
    except msgspec.DecodeError:
        return {}, f"{go} env: its answer is not JSON"


def find_version(go: Path) -> str | None:
    """ "go1.26.3" of the program `go`: from its tree's VERSION file, else by asking it. None when it does not say."""
    try:
        first = (go.resolve().parent.parent / "VERSION").read_text("utf-8", "replace").split("\n", 1)[0].strip()
    except OSError:
        first = ""
    if first.startswith(("go1", "devel")):
        return first.removeprefix("devel ").split()[0]
    ran = run([go, "version"], environment=_environment(None), timeout_seconds=5.0)
    words = ran.text.split()
    return words[2] if ran.outcome is Outcome.OK and len(words) > 2 and words[:2] == ["go", "version"] else None


def build_seconds(go: Path, directory: Path, cache: Path, timeout_seconds: float = 1800.0) -> tuple[float, str]:
    """(seconds that `go build ./...` takes with this GOCACHE, ""), or (0, why it failed). Nothing is written but the cache."""
    environment = _environment(None) | {"GOCACHE": str(cache)}
    ran = run([go, "build", "-o", os.devnull, "./..."], directory=directory, environment=environment, timeout_seconds=timeout_seconds)
    return (ran.seconds, "") if ran.ok else (0.0, ran.complaint)
