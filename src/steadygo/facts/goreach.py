"""Who calls whom in a repository, by names and declared types: no type checker, so it errs on the side of more."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from steadygo.facts.go import Call, Function, GoFile
from steadygo.facts.gopackage import Package
from steadygo.facts.gotyping import bare, path_of

if TYPE_CHECKING:
    from steadygo.facts.gocode import GoCode

_MENTION = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"?|`[^`]*`?')
_EMBEDDED_STEPS = 4

Target = tuple[GoFile, Function]


class Reach:
    """Resolves calls to declared functions."""

    def __init__(self, code: GoCode) -> None:
        self._code = code

    def callees(self, file: GoFile, call: Call) -> list[Target]:
        """Declared functions that `call` may reach; a method of an unknown receiver only where one type alone has it."""
        call = self._code.resolved(file, call)
        package = self._code.packages.get(file.directory)
        if package is None or not call.name:
            return []
        owner, _, name = call.name.rpartition(".")
        if not call.receiver:
            if not owner:
                found = package.functions.get(name, [])
                return found or (_test_functions(package, name) if file.is_test else [])
            other = self._code.package_of(owner)
            return other.functions.get(name, []) if other is not None else []
        if owner:
            return self._methods(package, owner, name, _EMBEDDED_STEPS)
        kinds = self._all_methods(file.directory, name)
        return kinds[0] if len(kinds) == 1 else []

    def _methods(self, package: Package, owner: str, name: str, steps: int) -> list[Target]:
        """Methods `name` of a type as it is named in `package`, through embedded types and, for an interface, its only implementer."""
        path, _, kind = owner.rpartition(".")
        holder = self._code.package_of(path) if path else package
        if holder is None or steps == 0:
            return []
        found = holder.methods.get(name, {}).get(kind)
        if found:
            return found
        declared = holder.types.get(kind)
        if declared is None:
            return []
        if declared[1].kind == "interface":
            kinds = self._all_methods(package.directory, name)
            return kinds[0] if len(kinds) == 1 else []
        for field in declared[1].fields:
            if not field.name and (found := self._methods(holder, bare(field.type), name, steps - 1)):
                return found
        return []

    def _all_methods(self, directory: str, name: str) -> list[list[Target]]:
        """Methods `name` of every type in the packages that `directory` reaches."""
        found: list[list[Target]] = []
        for each in self._code.reachable(directory):
            found.extend(self._code.packages[each].methods.get(name, {}).values())
        return found

    def functions(self, main_directory: str) -> frozenset[tuple[str, int]]:
        """(path, block) of the declared functions that may run in a binary."""
        packages = [self._code.packages[directory] for directory in self._code.reachable(main_directory)]
        return _Flood(self._code, packages).run(main_directory)


def _test_functions(package: Package, name: str) -> list[Target]:
    return [(file, f) for file in package.tests for f in file.functions if f.name == name and not f.receiver]


class _Flood:
    """One walk over everything that main may reach."""

    def __init__(self, code: GoCode, packages: list[Package]) -> None:
        self._code = code
        self._packages = packages
        self._methods: dict[str, list[Target]] = {}
        self._mentions: dict[str, dict[int, set[str]]] = {}
        self._exported_methods: dict[str, dict[str, list[Target]]] = {}
        self._made: set[tuple[str, str]] = set()
        self._found: set[tuple[str, int]] = set()
        self._work: list[Target] = []
        for package in packages:
            for name, kinds in package.methods.items():
                for targets in kinds.values():
                    self._methods.setdefault(name, []).extend(targets)

    def run(self, main_directory: str) -> frozenset[tuple[str, int]]:
        for package in self._packages:
            for target in package.functions.get("init", []):
                self._add(target)
            for file in package.files:
                self._follow(file, package, 0)
        for target in self._code.packages[main_directory].functions.get("main", []) if main_directory in self._code.packages else ():
            self._add(target)
        while self._work:
            file, function = self._work.pop()
            self._follow(file, self._code.packages[file.directory], function.block)
        return frozenset(self._found)

    def _add(self, target: Target) -> None:
        key = (target[0].path, target[1].block)
        if key not in self._found:
            self._found.add(key)
            self._work.append(target)

    def _follow(self, file: GoFile, package: Package, block: int) -> None:
        for mention in self._mentioned(file).get(block, ()):
            first, _, rest = mention.partition(".")
            if first:
                self._name(package, first)
            if rest:
                other = self._code.package_of(path_of(file, first)) if first else None
                if other is not None and "." not in rest:
                    self._name(other, rest)
                else:
                    for target in self._methods.pop(rest.rpartition(".")[2], ()):  # once is enough
                        self._add(target)

    def _name(self, package: Package, name: str) -> None:
        """A function that is mentioned is reached; of a type that is mentioned the exported methods are."""
        for target in package.functions.get(name, ()):
            self._add(target)
        if name in package.types and (package.directory, name) not in self._made:
            self._made.add((package.directory, name))
            for target in self._exported(package).get(name, ()):
                self._add(target)

    def _exported(self, package: Package) -> dict[str, list[Target]]:
        """Exported methods of a package by their receiver's type."""
        known = self._exported_methods.get(package.directory)
        if known is None:
            known = self._exported_methods[package.directory] = {}
            for method, kinds in package.methods.items():
                if method[0].isupper():
                    for kind, targets in kinds.items():
                        known.setdefault(kind, []).extend(targets)
        return known

    def _mentioned(self, file: GoFile) -> dict[int, set[str]]:
        """Names in the bodies of declared functions, by the function's block; block 0 holds what runs before main."""
        known = self._mentions.get(file.path)
        if known is not None:
            return known
        known = self._mentions[file.path] = {}
        owners = _owners(file)
        for call in file.calls:
            mentions = known.setdefault(owners[call.block], set())
            if call.receiver:
                mentions.add("." + call.name.rpartition(".")[2])
                mentions.update(_names(call.receiver))
            elif "." in call.name:
                path, _, name = call.name.rpartition(".")
                mentions.update(f"{i.name}.{name}" for i in file.imports if i.path == path)
            else:
                mentions.add(call.name)
            for arg in call.args:
                mentions.update(_names(arg))
        for composite in file.composites:
            mentions = known.setdefault(owners[composite.block], set())
            path, _, name = composite.type.partition("[")[0].rpartition(".")
            mentions.update([name] if not path else [f"{i.name}.{name}" for i in file.imports if i.path == path])
            for _, text in composite.fields:
                mentions.update(_names(text))
        for assignment in file.assignments:
            mentions = known.setdefault(owners[assignment.block], set())
            mentions.update(_names(assignment.type))
            for text in assignment.values:
                mentions.update(_names(text))
        for jump in file.jumps:
            if jump.kind == "return":
                known.setdefault(owners[jump.block], set()).update(_names(jump.text))
        for use in file.channels:
            known.setdefault(owners[use.block], set()).update(_names(use.value))
        for declaration in file.declarations:
            known.setdefault(0, set()).update(_names(declaration.value))
        return known


def _names(text: str) -> list[str]:
    return _MENTION.findall(_TEXT.sub(" ", text)) if text else []


def _owners(file: GoFile) -> list[int]:
    """For each block the block of the declared function around it, 0 outside of functions."""
    owners = [0] * len(file.blocks)
    for index, block in enumerate(file.blocks):
        if index and block.kind == "function":
            owners[index] = index
        elif index:
            owners[index] = owners[block.parent]
    return owners
