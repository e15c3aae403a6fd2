"""Questions that a Go toolchain answers. Nothing here lets it fetch another toolchain: GOTOOLCHAIN=local."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from steadygo.tools.run import Outcome, run


def _environment(environment: Mapping[str, str] | None) -> dict[str, str]:
    return {**(os.environ if environment is None else environment), "GOTOOLCHAIN": "local"}


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
