"""Files behind the names of a coverage profile, in the work tree and in a commit; and the functions that they declare."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path

from steadygo.errors import UserError
from steadygo.facts.go import Function, GoFile
from steadygo.facts.modules import GoMod
from steadygo.read import go, gomod
from steadygo.testing.coverage.profile import Profile
from steadygo.tools import git, git_diff, go_test
from steadygo.tools.go import find_go


class Sources:
    """One tree. Paths are relative to its top, with slashes; a file outside of it is called as the profile calls it."""

    def __init__(self, top: Path, read: Callable[[str], bytes | None], exists: Callable[[str], bool], files: Collection[str]) -> None:
        self._top, self._read, self._exists = f"{top}/", read, exists
        self._modules = self._find_modules(files)
        self._go_files: dict[str, list[str]] = {}
        for path in files:
            if path.endswith(".go") and not path.endswith("_test.go"):
                self._go_files.setdefault(path.rpartition("/")[0], []).append(path)
        self._facts: dict[str, GoFile | None] = {}
        self.outside: Mapping[str, str] = {}  # directories of packages outside of the tree, by import path

    def _find_modules(self, files: Iterable[str]) -> list[tuple[str, str]]:
        found = []
        for path in files:
            if path == "go.mod" or path.endswith("/go.mod"):
                data = self._read(path)
                facts = gomod.read(path, data) if data is not None else None
                if isinstance(facts, GoMod) and facts.module is not None:
                    found.append((facts.module.value, facts.directory))
        return sorted(found, key=lambda m: (-len(m[0]), m[1].count("/"), m[1]))

    def path_of(self, name: str) -> str:
        """The path of the file that a profile calls `name`: IMPORT PATH/FILE, or a path."""
        name = name.removeprefix(self._top).removeprefix("./")
        if self._exists(name):
            return name
        likely = ""
        for module, directory in self._modules:
            path = ""
            if name.startswith(module + "/"):
                path = _join(directory, name[len(module) + 1 :])
            elif module == "std":
                path = _join(directory, name)
            if path and self._exists(path):
                return path
            likely = likely or path
        for _, directory in self._modules:
            path = _join(directory, f"vendor/{name}")
            if self._exists(path):
                return path
        return name if name.rpartition("/")[0] in self.outside else likely or name

    def module_of(self, path: str) -> str | None:
        """The directory of the module that a file belongs to, "" for the top; None when it is in no module of this tree."""
        inside = [directory for _, directory in self._modules if path.startswith(_join(directory, ""))]
        return max(inside, key=len, default=None)

    def text(self, path: str) -> bytes | None:
        """A file's bytes, None when it is not there."""
        package, _, file = path.rpartition("/")
        if package in self.outside:
            return _bytes(os.path.join(self.outside[package], file))
        return None if ".." in path.split("/") else self._read(path)

    def facts(self, path: str) -> GoFile | None:
        """What a Go file states; None when it is not there, or no Go."""
        if path not in self._facts:
            data = self.text(path) if path.endswith(".go") else None
            self._facts[path] = go.read(path, data) if data is not None else None
        return self._facts[path]

    def functions(self, path: str) -> Sequence[Function] | None:
        """The functions of a file, closures too."""
        facts = self.facts(path)
        return facts.functions if facts is not None else None

    def declares(self, directory: str, name: str) -> bool:
        """Whether some file of a directory, whatever its build tags, declares `Type.Method` or `Function`."""
        receiver, _, bare = name.rpartition(".")
        return any(
            f.name == bare and f.receiver == receiver for path in self._go_files.get(directory, ()) for f in self.functions(path) or ()
        )


def here(top: Path) -> Sources:
    """The work tree at `top`; ignored files are looked at when a profile names them."""
    listed = git.ask(top, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    files = [f for f in listed.stdout.decode("utf-8", "surrogateescape").split("\0") if f]
    if not listed.ok:
        files = ["go.mod"]
    return Sources(top, lambda path: _bytes(os.path.join(top, path)), lambda path: os.path.isfile(os.path.join(top, path)), files)


def there(top: Path, commit: str) -> Sources:
    """The tree of a commit. Contents are asked for a directory at a time, so that git is started seldom."""
    files = git_diff.find_files(top, commit)
    known: dict[str, bytes] = {}
    folders: dict[str, list[str]] = {}
    for path, (_, id) in files.items():
        if path.endswith((".go", "go.mod")):
            folders.setdefault(path.rpartition("/")[0], []).append(id)

    def read(path: str) -> bytes | None:
        entry = files.get(path)
        if entry is not None and entry[1] not in known:
            known.update(git_diff.read_objects(top, [entry[1], *folders.get(path.rpartition("/")[0], ())]))
        return known.get(entry[1]) if entry is not None else None

    return Sources(top, read, lambda path: path in files, files)


def look_outside(sources: Sources, profile: Profile, top: Path, program: str | None) -> None:
    """Ask go where packages lie that a profile names and the tree does not have: dependencies and the standard library (-coverpkg)."""
    missing = {name.rpartition("/")[0] for name in profile.files if sources.text(sources.path_of(name)) is None} - {""}
    if missing:
        with contextlib.suppress(UserError):  # no Go here, and profiles that were made elsewhere
            found = go_test.find_directories(find_go(program, os.environ), Path.cwd(), sorted(missing), os.environ)
            sources.outside = {package: place for package, place in found.items() if not Path(place).is_relative_to(top)}


def _join(directory: str, rest: str) -> str:
    return f"{directory}/{rest}" if directory else rest


def _bytes(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None
