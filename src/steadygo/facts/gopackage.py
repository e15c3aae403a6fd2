"""One package's declarations, by name."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from steadygo.facts.go import Declaration, Function, GoFile, TypeDeclaration


@dataclass(frozen=True)
class Package:
    """One directory's package. `path` is the import path ("" when no go.mod is above it)."""

    directory: str
    path: str
    name: str
    files: tuple[GoFile, ...]  # without tests
    tests: tuple[GoFile, ...]

    @property
    def is_main(self) -> bool:
        return self.name == "main"

    @cached_property
    def functions(self) -> dict[str, list[tuple[GoFile, Function]]]:
        """Declared functions without receiver. More than one where build constraints choose, and for init."""
        found: dict[str, list[tuple[GoFile, Function]]] = {}
        for file in self.files:
            for function in file.functions:
                if function.name and not function.receiver:
                    found.setdefault(function.name, []).append((file, function))
        return found

    @cached_property
    def methods(self) -> dict[str, dict[str, list[tuple[GoFile, Function]]]]:
        """Methods by name, then by the receiver's type."""
        found: dict[str, dict[str, list[tuple[GoFile, Function]]]] = {}
        for file in self.files:
            for function in file.functions:
                if function.receiver:
                    found.setdefault(function.name, {}).setdefault(function.receiver, []).append((file, function))
        return found

    @cached_property
    def types(self) -> dict[str, tuple[GoFile, TypeDeclaration]]:
        return {t.name: (file, t) for file in self.files for t in file.types if t.name}

    @cached_property
    def declarations(self) -> dict[str, tuple[GoFile, Declaration]]:
        """Package-level constants and variables."""
        return {d.name: (file, d) for file in self.files for d in file.declarations if d.name != "_"}

    @cached_property
    def changed(self) -> frozenset[str]:
        """Names that are assigned anew or whose address is given away somewhere in the package, tests left out."""
        found: set[str] = set()
        for file in self.files:
            for assignment in file.assignments:
                if assignment.operator not in (":=", "var", "const"):
                    found.update(assignment.names)
            for call in file.calls:
                found.update(arg[1:] for arg in call.args if arg.startswith("&"))
        return frozenset(found)
