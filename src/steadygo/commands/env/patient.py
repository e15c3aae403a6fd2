"""Gather what `env doctor` looks at: go env, the module, its cache, netrc and git's rules."""

from __future__ import annotations

import os
import re
from pathlib import Path

from steadygo.commands.env.around import find_around, here
from steadygo.environment.doctor import Access, Patient
from steadygo.environment.gate import load_policy
from steadygo.tools import git

_UPPER = re.compile(r"[A-Z]")


def admit(directory: Path) -> Patient:
    """Look at `directory` and the user's set-up. Nothing is fetched."""
    fingerprint = here(directory)
    module = find_around(directory).module
    root = Path(module.path).parent if module else directory.resolve()
    settings = fingerprint.family("go.env.")
    cache = Path(settings.get("GOMODCACHE", "/nonexistent"))
    cached = frozenset((r.path, r.version) for r in (module.requirements if module else ()) if _in_cache(cache, r.path, r.version))
    access = Access(_netrc_hosts(), git.instead_of(root), load_policy(root).private)
    return Patient(fingerprint, module, root, settings, cached, access, (root / "vendor/modules.txt").is_file())


def _in_cache(cache: Path, path: str, version: str) -> bool:
    escaped = _UPPER.sub(lambda m: "!" + m[0].lower(), f"{path}@{version}")
    return (cache / escaped).is_dir()


def _netrc_hosts() -> frozenset[str]:
    path = Path(os.environ.get("NETRC") or Path.home() / ".netrc")
    try:
        words = path.read_text("utf-8", "replace").split()
    except OSError:
        return frozenset()
    return frozenset(words[n + 1] for n, word in enumerate(words[:-1]) if word == "machine")
