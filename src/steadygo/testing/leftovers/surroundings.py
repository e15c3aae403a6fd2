"""Fresh places for one run of a test binary: temporary directories, home and caches, and the module's tree, changed without harm."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from steadygo.testing.leftovers.changes import Change, State, compared, fresh, overlaid, state
from steadygo.tools import mounts

SHARED = (Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"))
"""Directories that tests share with everybody else on the machine."""

_BASES = {"XDG_CACHE_HOME": ".cache", "XDG_CONFIG_HOME": ".config", "XDG_DATA_HOME": ".local/share", "XDG_STATE_HOME": ".local/state"}
_GIVEN = (*_BASES.values(), ".local")
_OF_GO = (".config/go/telemetry", ".cache/go-build", "go/pkg")
"""What the go program keeps for itself when a test calls it."""
_OF_GIT = (".git/index", ".git/index.lock")
"""What git writes even when it is only asked: `go build` asks it."""


@dataclass(frozen=True)
class Found:
    """A change and where it was seen. `shown` is its path as people find it; `place` one of temporary, home, cache, package, module.

    `at` is below `root`: what undoes the change when it is removed; "" where nothing does.
    """

    place: str
    shown: str
    change: Change
    at: str = ""


@dataclass
class Surroundings:
    """Places below `root`, which is new. `tree` is the module's directory; `own` says whether mounts give all of it to the run alone.

    Without mounts TMPDIR and HOME are fresh, the tree is compared with what it was before, and shared directories are not looked at.
    """

    root: Path
    tree: Path
    own: bool
    _before: State = field(default_factory=dict)
    _points: dict[Path, set[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("home", "tmp", "upper", "work", *(self._inside(place).name for place in SHARED)):
            (self.root / name).mkdir(parents=True, exist_ok=True)
        for base in _BASES.values():
            (self.root / "home" / base).mkdir(parents=True, exist_ok=True)
        for place in SHARED:
            self._inside(place).chmod(0o1777)
        if not self.own and not self._before:
            self._before = state(self.tree)

    def variables(self) -> dict[str, str]:
        """What the test binary's environment says about its places."""
        home = self.root / "home"
        temporary = str(SHARED[0] if self.own else self.root / "tmp")
        return {"HOME": str(home), "TMPDIR": temporary, **{name: str(home / base) for name, base in _BASES.items()}}

    def words(self, environment: Mapping[str, str], directory: Path) -> list[str]:
        """What stands in front of the test binary's command."""
        return mounts.words(self._overlay(), self._binds(environment), directory) if self.own else []

    def why_not(self, environment: Mapping[str, str]) -> str:
        """Why mounts cannot be had here, "" when they can."""
        return mounts.why_not(self._overlay(), self._binds(environment), self.tree, environment)

    def copy(self, root: Path, without: str = "") -> Surroundings:
        """The same at `root` with all that is left there, but for what is at `without`. Raises OSError."""
        shutil.copytree(self.root, root, symlinks=True, copy_function=_copy, ignore=self._work)
        if without and (root / without).is_dir() and not (root / without).is_symlink():
            shutil.rmtree(root / without)
        elif without:
            (root / without).unlink()
        return Surroundings(root, self.tree, self.own, self._before)

    def _work(self, directory: str, names: list[str]) -> list[str]:
        """What an overlay keeps for itself and must not find again."""
        return ["work"] if directory == str(self.root) else []

    def found(self, package: Path) -> list[Found]:
        """What is there that was not there before, or is otherwise. `package` is the package's directory."""
        seen = [_of_home(change) for change in fresh(self.root / "home", _GIVEN, _OF_GO)]
        if self.own:
            for place in SHARED:
                here = fresh(self._inside(place), self._points.get(place, set()))
                seen += [Found("temporary", f"{place}/{c.path}", c, f"{self._inside(place).name}/{c.path}") for c in here]
            changes = overlaid(self.root / "upper", self.tree)
        else:
            seen += [Found("temporary", f"$TMPDIR/{c.path}", c) for c in fresh(self.root / "tmp")]
            changes = compared(self.tree, self._before, state(self.tree))
        return [*seen, *self._of_the_tree(changes, package)]

    def _of_the_tree(self, changes: list[Change], package: Path) -> Iterator[Found]:
        below = os.path.relpath(package, self.tree)
        prefix = "" if below == "." else f"{below}/"
        for change in changes:
            if change.path not in _OF_GIT:
                at = f"upper/{change.path}" if self.own else ""
                yield Found("package" if change.path.startswith(prefix) else "module", change.path, change, at)

    def _inside(self, place: Path) -> Path:
        return self.root / place.as_posix().strip("/").replace("/", "-")

    def _overlay(self) -> mounts.Overlay:
        return mounts.Overlay(self.tree, self.root / "upper", self.root / "work")

    def _binds(self, environment: Mapping[str, str]) -> list[mounts.Bind]:
        """Fresh shared directories, with those things in them that the run cannot do without."""
        found = []
        for place in SHARED:
            if not place.is_dir():
                continue
            names = self._points[place] = _needed(place, [self.root, self.tree, *_paths(environment)])
            for name in sorted(names):
                point = self._inside(place) / name
                point.mkdir(exist_ok=True) if (place / name).is_dir() else point.touch()
                found.append(mounts.Bind(place / name, point))
            found.append(mounts.Bind(self._inside(place), place))
        return found


def _of_home(change: Change) -> Found:
    cache = change.path.startswith(f"{_BASES['XDG_CACHE_HOME']}/")
    return Found("cache" if cache else "home", f"~/{change.path}", change, f"home/{change.path}")


def _copy(source: str, target: str) -> None:
    """A file; that of an overlay which says that something is gone is a device. Sockets and pipes of the dead are of no use to anybody."""
    mode = os.lstat(source).st_mode
    if stat.S_ISCHR(mode):
        os.mknod(target, mode, os.lstat(source).st_rdev)
    elif stat.S_ISREG(mode):
        shutil.copy2(source, target)


def _needed(place: Path, paths: list[Path]) -> set[str]:
    """Names right in the directory that one of these paths goes through, and its sockets."""
    names = {path.relative_to(place).parts[0] for path in paths if path != place and path.is_relative_to(place)}
    with os.scandir(place) as entries:
        sockets = {entry.name for entry in entries if not entry.is_file() and not entry.is_dir() and not entry.is_symlink()}
    return {name for name in names | sockets if (place / name).exists()}


def _paths(environment: Mapping[str, str]) -> Iterator[Path]:
    """The paths that variables name, be it among others or in a URL."""
    for text in environment.values():
        for word in text.replace("://", ":").replace("?", ":").replace("=", ":").split(":"):
            if word.startswith("/"):
                yield Path(os.path.normpath(word))
