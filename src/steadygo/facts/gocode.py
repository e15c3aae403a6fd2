"""All Go files of a repository, with the questions rules ask of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cached_property

from msgspec import structs

from steadygo.facts.go import Assignment, Block, Call, Composite, Function, GoFile
from steadygo.facts.gofold import KNOWN, Value, fold
from steadygo.facts.gopackage import Package
from steadygo.facts.goreach import Reach
from steadygo.facts.gotests import EncodedTest
from steadygo.facts.gotyping import Typing, path_of
from steadygo.facts.modules import GoMod

__all__ = ["GoCode", "Package"]

_STEPS = 12  # constants that lead to constants
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*\Z")


class GoCode:
    """Index over all Go files. Answers are computed once and kept; files are never changed."""

    def __init__(self, files: Iterable[GoFile], modules: Iterable[GoMod]) -> None:
        self.files: tuple[GoFile, ...] = tuple(files)
        self.modules: tuple[GoMod, ...] = tuple(modules)
        self._modules_by_directory = {module.directory: module for module in self.modules}
        self.packages: dict[str, Package] = self._group()  # by directory
        self._by_path = {package.path or package.directory: package for package in self.packages.values()}
        self._parts: dict[str, _Parts] = {}
        self._reachable: dict[str, frozenset[str]] = {}
        self._reachable_functions: dict[str, frozenset[tuple[str, int]]] = {}
        self._methods: dict[tuple[str, bool], list[tuple[GoFile, Call]]] = {}
        self._typing = Typing(self.packages, self._by_path, self._function_chain)
        self._reach = Reach(self)
        self.memo: dict[str, object] = {}  # views that several rules derive from the whole repository, by name

    def _group(self) -> dict[str, Package]:
        by_directory: dict[str, list[GoFile]] = {}
        for file in self.files:
            by_directory.setdefault(file.directory, []).append(file)
        return {directory: self._package(directory, files) for directory, files in by_directory.items()}

    def _package(self, directory: str, files: list[GoFile]) -> Package:
        plain = [file for file in files if not file.is_test]
        built = [file for file in plain if not re.search(r"(?:^|[^!\w])ignore\b", file.constraint)] or plain
        votes = Counter(file.package for file in built or files if file.package)
        name = votes.most_common(1)[0][0] if votes else ""
        if not built:
            name = name.removesuffix("_test")
        module = self.module_of(directory)
        path = ""
        if module is not None and module.module is not None:
            below = directory[len(module.directory) :].strip("/")
            path = f"{module.module.value}/{below}" if below else module.module.value
        ours = tuple(file for file in built if file.package in (name, ""))
        return Package(directory, path, name, ours, tuple(file for file in files if file.is_test))

    def module_of(self, directory: str) -> GoMod | None:
        """The go.mod nearest above `directory`."""
        while True:
            found = self._modules_by_directory.get(directory)
            if found is not None or not directory:
                return found
            directory = directory.rpartition("/")[0]

    def package_of(self, path: str) -> Package | None:
        """The package of this repository with an import path."""
        return self._by_path.get(path) if path else None

    def reachable(self, directory: str) -> frozenset[str]:
        """Directories of this repository's packages that the package in `directory` imports, itself included (no tests)."""
        known = self._reachable.get(directory)
        if known is None:
            found: set[str] = set()
            work = [directory] if directory in self.packages else []
            while work:
                package = self.packages[work.pop()]
                if package.directory in found:
                    continue
                found.add(package.directory)
                for file in package.files:
                    for each in file.imports:
                        other = self._by_path.get(each.path)
                        if other is not None and other.directory not in found:
                            work.append(other.directory)
            known = self._reachable[directory] = frozenset(found)
        return known

    # calls and composites

    @cached_property
    def _calls(self) -> dict[str, list[tuple[GoFile, Call]]]:
        """Calls by resolved name, and by `.Method` for all that have a receiver; tests left out."""
        found: dict[str, list[tuple[GoFile, Call]]] = {}
        for file in self.files:
            if not file.is_test:
                for call in file.calls:
                    found.setdefault(_key(call), []).append((file, call))
        return found

    @cached_property
    def _tests_by_call(self) -> dict[str, list[GoFile]]:
        """Test files by the keys of the calls in them."""
        found: dict[str, list[GoFile]] = {}
        for file in self.files:
            if file.is_test:
                for key in file.call_names if isinstance(file, EncodedTest) else {_key(c) for c in file.calls}:
                    found.setdefault(key, []).append(file)
        return found

    def _keyed(self, key: str, tests: bool) -> Iterable[tuple[GoFile, Call]]:
        if not tests:
            return self._calls.get(key, ())
        return ((file, call) for file in self._tests_by_call.get(key, ()) for call in file.calls if _key(call) == key)

    def _named(self, name: str, tests: bool) -> list[tuple[GoFile, Call]]:
        """Calls of methods called `name`, receivers resolved across files."""
        known = self._methods.get((name, tests))
        if known is None:
            known = self._methods[name, tests] = [(file, self.resolved(file, call)) for file, call in self._keyed("." + name, tests)]
        return known

    def resolved(self, file: GoFile, call: Call) -> Call:
        """`call` with the full name of its method where another file shows the receiver's type."""
        if not call.name.startswith(".") or not call.receiver:
            return call
        owner = self._typing.expression(file, call.receiver, call.block)
        if not owner:
            return call
        package = self.packages[file.directory]
        own = f"{package.path or package.directory}."
        return structs.replace(call, name=(owner.removeprefix(own) if "/" not in owner.removeprefix(own) else owner) + call.name)

    def type_of(self, file: GoFile, expression: str, block: int = 0) -> str:
        """The full name of the type of `x`, `x.field`, `f()` or a composite literal at `block`, "" when not known."""
        return self._typing.expression(file, expression, block)

    def calls(self, *names: str, tests: bool = False) -> Iterator[tuple[GoFile, Call]]:
        """Calls by exact resolved name; a name that starts with "." matches every receiver, known or not."""
        for which in (False, True) if tests else (False,):
            for name in names:
                last = name.rpartition(".")[2]
                if name.startswith("."):
                    yield from self._named(last, which)
                    continue
                yield from self._keyed(name, which)
                for file, call in self._named(last, which):
                    if call.name == name:
                        yield file, call

    @cached_property
    def _composites(self) -> dict[str, list[tuple[GoFile, Composite]]]:
        found: dict[str, list[tuple[GoFile, Composite]]] = {}
        for file in self.files:
            if not file.is_test:
                for composite in file.composites:
                    found.setdefault(composite.type.partition("[")[0], []).append((file, composite))
        return found

    def composites(self, *types: str, tests: bool = False) -> Iterator[tuple[GoFile, Composite]]:
        """Composite literals by resolved type."""
        for name in types:
            yield from self._composites.get(name, ())
            for file in self.files if tests else ():
                if file.is_test and (not isinstance(file, EncodedTest) or name in file.composite_types):
                    yield from ((file, composite) for composite in file.composites if composite.type.partition("[")[0] == name)

    def importers(self, prefix: str, tests: bool = False) -> Iterator[GoFile]:
        """Files that import `prefix` or a package below it."""
        for file in self.files:
            if (tests or not file.is_test) and any(i.path == prefix or i.path.startswith(prefix + "/") for i in file.imports):
                yield file

    # blocks

    def assignments_of(self, file: GoFile, name: str) -> list[Assignment]:
        """The assignments and declarations in functions of `file` that give `name` a value."""
        return self._parts_of(file).assignments.get(name, [])

    def _parts_of(self, file: GoFile) -> _Parts:
        known = self._parts.get(file.path)
        if known is None:
            known = _Parts(file)
            if not file.is_test:  # a test's facts are not kept
                self._parts[file.path] = known
        return known

    def _function_chain(self, file: GoFile, block: int) -> list[Function]:
        """The functions that hold `block`, innermost first."""
        by_block = self._parts_of(file).functions
        found: list[Function] = []
        while block > 0:
            function = by_block.get(block)
            if function is not None:
                found.append(function)
            block = file.blocks[block].parent
        return found

    def function_at(self, file: GoFile, block: int) -> Function | None:
        """The innermost function or closure that holds `block`."""
        chain = self._function_chain(file, block)
        return chain[0] if chain else None

    def declared_function_at(self, file: GoFile, block: int) -> Function | None:
        """The declared function that holds `block`, closures skipped."""
        chain = self._function_chain(file, block)
        return chain[-1] if chain and chain[-1].name else None

    def enclosing(self, file: GoFile, block: int, *kinds: str, within_function: bool = True) -> Block | None:
        """The innermost enclosing block of one of `kinds`; stops at the function's edge unless told otherwise."""
        while block >= 0:
            found = file.blocks[block]
            if found.kind in kinds:
                return found
            if within_function and found.kind in ("function", "closure"):
                return None
            block = found.parent
        return None

    def inside(self, file: GoFile, block: int, outer: int) -> bool:
        """Whether `block` is `outer` or lies inside it."""
        while block > outer:
            block = file.blocks[block].parent
        return block == outer

    # who calls whom

    def callees(self, file: GoFile, call: Call) -> list[tuple[GoFile, Function]]:
        """The declared functions of this repository that `call` may reach (by name and receiver type; empty when not known)."""
        return self._reach.callees(file, call)

    def callers(self, file: GoFile, function: Function) -> list[tuple[GoFile, Call]]:
        """Calls in this repository that may reach `function`, tests left out."""
        named = self._named(function.name, False) if function.receiver else self._function_calls.get(function.name, ())
        return [(caller, call) for caller, call in named if any(f is file and g is function for f, g in self.callees(caller, call))]

    @cached_property
    def _function_calls(self) -> dict[str, list[tuple[GoFile, Call]]]:
        """Calls without receiver by the function's bare name, tests left out."""
        found: dict[str, list[tuple[GoFile, Call]]] = {}
        for name, calls in self._calls.items():
            if not name.startswith("."):
                found.setdefault(name.rpartition(".")[2], []).extend(calls)
        return found

    def reachable_functions(self, main_directory: str) -> frozenset[tuple[str, int]]:
        """(path, block) of declared functions that may run in the binary of `main_directory`: more rather than fewer.

        Reached are main, init and package-level initialisers, what they call or mention (as an argument, a value, a method of
        that name), and the exported methods of every type of which they make a value.
        """
        known = self._reachable_functions.get(main_directory)
        if known is None:
            known = self._reachable_functions[main_directory] = self._reach.functions(main_directory)
        return known

    # constants

    def text(self, file: GoFile, expression: str, block: int | None = None) -> str | None:
        """The string that `expression` folds to through literals, constants, concatenation and fmt.Sprintf of constants.

        With `block`, local constants and variables that are given one constant and never changed count too.
        """
        value = self._value(file, expression, block, _STEPS)
        return value if isinstance(value, str) else None

    def number(self, file: GoFile, expression: str, block: int | None = None) -> float | None:
        """The number that `expression` folds to. time.Duration constants count in nanoseconds."""
        value = self._value(file, expression, block, _STEPS)
        return None if value is None or isinstance(value, str) else float(value)

    def seconds(self, file: GoFile, expression: str, block: int | None = None) -> float | None:
        """A duration expression in seconds: `10 * time.Second`, a constant, `time.Duration(n) * time.Millisecond`, 0."""
        number = self.number(file, expression, block)
        return None if number is None else number / 1e9

    def _value(self, file: GoFile, expression: str, block: int | None, steps: int) -> Value | None:
        if steps == 0:
            return None
        return fold(
            expression,
            lambda name: self._constant(file, name, block, steps - 1),
            lambda name: self._called(file, name),
        )

    def _called(self, file: GoFile, name: str) -> str:
        first, _, rest = name.partition(".")
        if rest:
            path = path_of(file, first)
            name = f"{path}.{rest}" if path else name
        package = self.packages.get(file.directory)
        if package is not None and not rest and name in package.types and package.types[name][1].kind == "other":
            return "conversion"
        return name

    def _constant(self, file: GoFile, name: str, block: int | None, steps: int) -> Value | None:
        first, _, rest = name.partition(".")
        if block is not None and (chain := self._function_chain(file, block)):
            hidden, value = self._local(file, first, chain, steps)
            if hidden:
                return None if rest else value
        if not rest:
            package = self.packages.get(file.directory)
            return self._declared(package, name, steps) if package is not None else None
        path = path_of(file, first)
        known = KNOWN.get(f"{path}.{rest}")
        if known is not None:
            return known
        other = self.package_of(path)
        return self._declared(other, rest, steps) if other is not None and _IDENTIFIER.match(rest) else None

    def _declared(self, package: Package, name: str, steps: int) -> Value | None:
        found = package.declarations.get(name)
        if found is None or not found[1].value:
            return None
        file, declaration = found
        if declaration.kind == "var" and (name in package.changed or (name[0].isupper() and name in self._changed_elsewhere)):
            return None
        return self._value(file, declaration.value, None, steps)

    @cached_property
    def _changed_elsewhere(self) -> frozenset[str]:
        """Last parts of `package.Name` that some package assigns or gives the address of."""
        return frozenset(name.rpartition(".")[2] for package in self.packages.values() for name in package.changed if "." in name)

    def _local(self, file: GoFile, name: str, chain: list[Function], steps: int) -> tuple[bool, Value | None]:
        """Whether `name` is a local variable, and its value when it is given one constant and never changed."""
        for function in chain:
            if any(name == param for param, _ in function.params) or name == function.receiver_name:
                return True, None
        parts = self._parts_of(file)
        outermost = chain[-1].block
        given = [a for a in parts.assignments.get(name, ()) if self.inside(file, a.block, outermost)]
        if not given:
            return False, None
        only = given[0]
        if len(given) > 1 or only.operator not in (":=", "var", "const") or len(only.names) != len(only.values):
            return True, None
        if any(self.inside(file, at, outermost) for at in parts.addresses.get(name, ())):
            return True, None
        value = only.values[only.names.index(name)]
        return True, None if value.startswith("range ") else self._value(file, value, only.block, steps)


def _key(call: Call) -> str:
    """Under which a call is found: `.Method` when it has a receiver, else its full name."""
    return "." + call.name.rpartition(".")[2] if call.receiver else call.name


class _Parts:
    """Lookups inside one file."""

    def __init__(self, file: GoFile) -> None:
        self._file = file
        self.functions: dict[int, Function] = {function.block: function for function in file.functions}

    @cached_property
    def assignments(self) -> dict[str, list[Assignment]]:
        found: dict[str, list[Assignment]] = {}
        for assignment in self._file.assignments:
            for name in assignment.names:
                found.setdefault(name, []).append(assignment)
        return found

    @cached_property
    def addresses(self) -> dict[str, list[int]]:
        """Blocks where `&name` is an argument."""
        found: dict[str, list[int]] = {}
        for call in self._file.calls:
            for arg in call.args:
                if arg.startswith("&"):
                    found.setdefault(arg[1:], []).append(call.block)
        return found
