"""The module around a directory, read for the environment's room; and the sealer under this user's key."""

from __future__ import annotations

import datetime
import os
from pathlib import Path

from steadygo.environment import capture, reads, secrets
from steadygo.environment.fingerprint import Fingerprint
from steadygo.facts.modules import GoMod, GoWork
from steadygo.read import gomod
from steadygo.store.place import state_directory


def sealer() -> secrets.Sealer:
    """Hashes secrets under this user's key."""
    return secrets.Sealer(secrets.load_key(state_directory() / "key"))


def find_around(directory: Path) -> capture.Around:
    """The nearest go.mod and go.work at or above `directory`, as go looks for them."""
    directory = directory.resolve()
    module = workspace = None
    for parent in (directory, *directory.parents):
        if module is None and (parent / "go.mod").is_file():
            found = gomod.read(str(parent / "go.mod"), (parent / "go.mod").read_bytes())
            module = found if isinstance(found, GoMod) else None
        if workspace is None and (parent / "go.work").is_file() and os.environ.get("GOWORK", "") != "off":
            read = gomod.read(str(parent / "go.work"), (parent / "go.work").read_bytes())
            workspace = read if isinstance(read, GoWork) else None
    return capture.Around(directory, module, workspace)


def here(directory: Path, hashing: secrets.Sealer | None = None) -> Fingerprint:
    """This environment's fingerprint, for the module around `directory`; secrets are hashed under this user's key unless told otherwise."""
    return capture.here(find_around(directory), os.environ, hashing or sealer(), datetime.datetime.now(datetime.UTC))


def read_names(directory: Path, *sides: Fingerprint) -> dict[str, str] | None:
    """Which of the sides' variables the module's code reads, and where; None without a module, or when its code makes names up."""
    module = find_around(directory).module
    if module is None:
        return None
    return reads.places(Path(module.path).parent, sorted({n for s in sides for n in s.family("env.")}))
