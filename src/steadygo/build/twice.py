"""Build again with everything changed that must not matter, and compare bit by bit."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from steadygo.build import plan
from steadygo.build.explain import Explanation, explain
from steadygo.build.make import Release, Setting
from steadygo.build.plan import Wanted
from steadygo.errors import UserError
from steadygo.tools import faketime, git, go_build

_OTHER_CLOCK = "2031-05-06 07:08:09"
_OTHER_UMASK = 0o077
_OTHER_ZONE = "Pacific/Kiritimati"


@dataclass(frozen=True)
class Again:
    """The second build of one program. `varied` and `kept` say what was changed and what could not be."""

    name: str
    explanation: Explanation
    varied: tuple[str, ...]
    kept: tuple[str, ...]


def again(wanted: Wanted, setting: Setting, releases: list[Release], out: Path) -> list[Again]:
    """Build each release a second time and compare it with the file in `out`. Raises UserError when it cannot be built."""
    module = Path(setting.package.module_directory)
    top = git.top(module) or module
    with tempfile.TemporaryDirectory(prefix="steadygo-twice-") as name, _umask(_OTHER_UMASK):
        scratch = Path(name).resolve()
        copy = scratch / "elsewhere" / "checkout"
        skip = out.resolve()
        try:
            shutil.copytree(top, copy, symlinks=True, ignore=lambda folder, names: [n for n in names if Path(folder, n).resolve() == skip])
        except (OSError, shutil.Error) as error:
            raise UserError(f"{top} cannot be copied for the second build: {error}.", "Make its files readable.") from None
        package = copy / Path(setting.package.directory).resolve().relative_to(top.resolve())
        return [_again(wanted, setting, release, out, scratch, package) for release in releases]


def _again(wanted: Wanted, setting: Setting, release: Release, out: Path, scratch: Path, package: Path) -> Again:
    places = {key: scratch / key.lower() for key in ("GOCACHE", "GOTMPDIR", "TMPDIR", "HOME")}
    for place in places.values():
        place.mkdir(exist_ok=True)
    environment = plan.environment(setting.process, setting.go_settings, wanted, release.target)
    environment |= {key: str(place) for key, place in places.items()}
    environment |= {"TZ": _OTHER_ZONE, "LC_ALL": "C.UTF-8", "USER": "somebody-else", "LOGNAME": "somebody-else"}
    clock = faketime.prefix(_OTHER_CLOCK, environment)
    program = scratch / "second" / release.name
    program.parent.mkdir(exist_ok=True)
    go_build.build(setting.go, package, ".", program, plan.flags(wanted, setting.checkout is not None), environment, clock)
    varied = ["directory", "build cache", "temporary directory", "home", "user name", "umask", "time zone", "locale"]
    kept = ["user id", "toolchain"]
    (varied if clock else kept).append("clock (C tools only)" if clock else "clock (faketime is not installed)")
    return Again(release.name, explain(out / release.name, program), tuple(varied), tuple(kept))


@contextmanager
def _umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)
