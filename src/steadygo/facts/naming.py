"""What a main package and its binary are called, and where its main function stands."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Container

from steadygo.facts.gopackage import Package
from steadygo.facts.modules import GoMod
from steadygo.findings import Place

_FOLDERS = ("cmd", "src", "main", "app", "server")


def service_name(package: Package, module: GoMod | None, taken: Container[str]) -> str:
    """The directory's name, or the module's for a main package at the module's root; the whole directory when that name is taken."""
    path = module.module.value if module and module.module else ""
    last = posixpath.basename(re.sub(r"/v\d+$", "", path)) or "service"
    parts = [p for p in package.directory.split("/") if p]
    name = parts[-1] if parts else last
    if name in _FOLDERS and module is not None and package.directory != module.directory:
        rest = [p for p in parts[:-1] if p not in _FOLDERS[:-1]]
        name = rest[-1] if rest else (last if name != "server" else name)
    return (package.directory or f"{last} (root)") if name in taken else name


def binary_name(package: Package, module: GoMod | None) -> str:
    """What `go build` calls the program: the directory's name, at a module's root the last element of its path without /vN."""
    if package.directory and (module is None or module.directory != package.directory):
        return posixpath.basename(package.directory)
    return posixpath.basename(re.sub(r"/v\d+$", "", package.path)) or posixpath.basename(package.directory)


def main_place(package: Package) -> Place:
    """Where func main stands."""
    for file, function in package.functions.get("main", ()):
        return Place(file.path, function.line, function.column)
    return Place(package.files[0].path)
