"""Which main packages a command builds, and what the result is called."""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from steadygo.facts import gocommand
from steadygo.facts.commands import Command
from steadygo.facts.images import Image, Stage
from steadygo.facts.pipelines import Makefile, Script, Target
from steadygo.findings import Place

_Behind = tuple[str, Command, tuple[str, ...]]
"""(file, command, directories it may run in)"""


@dataclass(frozen=True)
class Building:
    """A command that builds main packages. `mains` are directories; `exact` is false when a variable stood in the package's place."""

    at: Place
    command: Command
    mains: tuple[str, ...]
    output: str
    exact: bool


class Builders:
    """Resolves `go build` lines, also those behind `make target` and `./build.sh`, to main packages."""

    def __init__(self, mains: dict[str, str], makefiles: tuple[Makefile, ...], scripts: tuple[Script, ...]) -> None:
        """`mains`: directory of each main package -> its import path."""
        self._mains = mains
        self._makefiles = {posixpath.dirname(m.path): m for m in makefiles if posixpath.basename(m.path).lower() in _MAKEFILES}
        self._scripts = {s.path: s for s in scripts}
        self._known: dict[tuple[str, ...], list[_Behind]] = {}  # what targets and scripts run

    def find(self, path: str, command: Command, bases: tuple[str, ...], depth: int = 0) -> Iterator[Building]:
        """What `command`, written in `path`, builds. `bases` are directories it may run in, most likely first."""
        for file, inner, where in self.behind(path, command, bases, depth):
            go = gocommand.parse(inner)
            if go is not None and go.verb in ("build", "install", "run"):
                yield from self._go(file, inner, go, where)

    def behind(self, path: str, command: Command, bases: tuple[str, ...], depth: int = 0) -> Iterator[_Behind]:
        """(file, command, directories it may run in) of `command` itself, or of what `make target` and `./script.sh` run in its place."""
        if depth > 4 or not command.words or gocommand.parse(command) is not None:
            yield path, command, bases
            return
        program = command.words[0]
        if program in ("make", "gmake", "$(MAKE)", "${MAKE}") or program.endswith("/make"):
            found = self._make(command, bases, depth)
        else:
            found = self._script(command, bases, depth)
        inner = list(found)
        yield from inner or [(path, command, bases)]

    def _go(self, path: str, command: Command, go: gocommand.GoCommand, bases: tuple[str, ...]) -> Iterator[Building]:
        packages = [p for p in go.packages if p] or ["."]
        if go.verb == "run":
            packages = packages[:1]
        for package in packages:
            for base in bases:
                here = _join(base, go.directory)
                mains, exact = self._resolve(package, here)
                if mains:
                    output = go.flag("o") or ""
                    yield Building(Place(path, command.line, command.column), command, mains, output, exact)
                    break

    def _resolve(self, package: str, here: str) -> tuple[tuple[str, ...], bool]:
        if package.endswith((".go", "/*")):  # go build cmd/orders/*.go, cmd/orders/*
            package = posixpath.dirname(package) or "."
        by_path = [d for d, path in self._mains.items() if path and path == package.partition("@")[0]]
        if by_path:
            return tuple(by_path), True
        if "$" in package or "{{" in package:
            glob = re.sub(r"\$\{[^}]*\}|\$\([^)]*\)|\$\w+|\{\{.*?\}\}", "*", _join(here, package))
            if not glob.strip("*/."):
                return (), False
            return tuple(d for d in self._mains if fnmatch.fnmatchcase(d, glob) and d.count("/") == glob.count("/")), False
        if package.endswith("..."):
            prefix = _join(here, package[:-3].rstrip("/") or ".")
            if not package.startswith("."):
                return tuple(d for d, path in self._mains.items() if path.startswith(package[:-3].rstrip("/"))), True
            return tuple(d for d in self._mains if prefix in ("", d) or d.startswith(prefix + "/")), True
        if package.startswith((".", "/")) or package in self._mains or _join(here, package) in self._mains:
            directory = _join(here, package)
            return ((directory,), True) if directory in self._mains else ((), True)
        return (), True

    def _make(self, command: Command, bases: tuple[str, ...], depth: int) -> Iterator[_Behind]:
        words = command.words[1:]
        directory, targets, index = "", [], 0
        while index < len(words):
            word = words[index]
            index += 1
            if word == "-C" and index < len(words):
                directory = words[index]
                index += 1
            elif word.startswith("-C"):
                directory = word[2:]
            elif not word.startswith("-") and "=" not in word:
                targets.append(word)
        for base in bases:
            here = _join(_join(base, command.directory), directory)
            makefile = self._makefiles.get(here)
            if makefile is None:
                continue
            wanted = targets or [t.name for t in makefile.targets[:1]]
            key = ("make", here, *wanted)
            if key not in self._known:
                commands = [c for target in _with_needs(makefile, wanted) for c in target]
                self._known[key] = [each for c in commands for each in self.behind(makefile.path, c, (here,), depth + 1)]
            yield from self._known[key]
            return

    def _script(self, command: Command, bases: tuple[str, ...], depth: int) -> Iterator[_Behind]:
        if not any(w.endswith(".sh") or "/" in w for w in command.words[:5]):
            return
        words = [w for w in command.words if not w.startswith("-")]
        name = (
            words[1]
            if words and words[0] in ("sh", "bash", "/bin/sh", "/bin/bash", "source", ".") and len(words) > 1
            else (words or [""])[0]
        )
        if not name.endswith(".sh") and "/" not in name:
            return
        for base in bases:
            script = self._scripts.get(_join(_join(base, command.directory), name.removeprefix("/")))
            if script is not None:
                key = ("script", script.path, base)
                if key not in self._known:
                    where = (base, posixpath.dirname(script.path))
                    self._known[key] = [each for c in script.commands for each in self.behind(script.path, c, where, depth + 1)]
                yield from self._known[key]
                return


_STEM = re.compile(r"\$\*|\$\(\*\)|\$\{\*\}")
_MAKEFILES = {"makefile", "gnumakefile"}


def _with_needs(makefile: Makefile, names: list[str]) -> list[tuple[Command, ...]]:
    by_name: dict[str, list[Target]] = {}
    for target in makefile.targets:
        by_name.setdefault(target.name, []).append(target)
    seen: set[str] = set()
    found: list[tuple[Command, ...]] = []
    pending = list(reversed(names))
    while pending and len(seen) < 200:
        name = pending.pop()
        if name in seen:
            continue
        seen.add(name)
        for target in by_name.get(name) or _matching(makefile, name):
            found.append(target.commands)
            pending.extend(reversed(target.needs))
    return found


def _matching(makefile: Makefile, name: str) -> list[Target]:
    """The pattern rule (`build-%`) that makes `name`, with its stem put in for `%` and `$*`; the one with the shortest stem."""
    best: tuple[int, list[Target]] = (len(name) + 1, [])
    for target in makefile.targets:
        head, mark, tail = target.name.partition("%")
        stem = name[len(head) : len(name) - len(tail)]
        if mark and target.commands and stem and name == head + stem + tail and len(stem) < best[0]:
            put = stem.replace("\\", "\\\\")
            commands = tuple(msgspec.structs.replace(c, words=tuple(_STEM.sub(put, w) for w in c.words)) for c in target.commands)
            needs = tuple(n.replace("%", stem) for n in target.needs)
            best = len(stem), [msgspec.structs.replace(target, name=name, commands=commands, needs=needs)]
    return best[1]


def _join(base: str, path: str) -> str:
    """`path` seen from `base`, inside the repository; "" is the root."""
    if path in ("", "."):
        return base if base != "." else ""
    joined = posixpath.normpath(posixpath.join(base or ".", path.removeprefix("/") if path.startswith("/") else path))
    return "" if joined == "." else joined.removeprefix("../")


def stage_bases(image: Image, stage: Stage, module_directories: tuple[str, ...]) -> tuple[str, ...]:
    """Directories of the repository that a RUN of `stage` may stand in, most likely first.

    The build context is not written in a Dockerfile: its own directory, the root and the modules' directories are tried. A COPY of
    one directory to the working directory tells more.
    """
    folder = posixpath.dirname(image.path)
    copied = []
    workdir = (stage.workdir.value if stage.workdir else "").rstrip("/")
    for copy in stage.copies:
        if not copy.origin and len(copy.sources) == 1:
            target = copy.target.rstrip("/")
            if target in (workdir, ".", "", "./") or (workdir and target.endswith(workdir)):
                copied.append(_join("", copy.sources[0]))
    near = sorted((m for m in module_directories if m == folder or folder.startswith(m + "/") or m == ""), key=len, reverse=True)
    order = [*(c for c in copied if c), folder, *near, "", *module_directories]
    return tuple(dict.fromkeys(order))
