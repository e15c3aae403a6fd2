"""Every environment variable that a service's code reads, through wrappers, struct tags, flag libraries and viper."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import cast

from steadygo.facts.environment_need import OPTIONAL, REQUIRED, UNKNOWN, Need, default_parameter, need_of
from steadygo.facts.environment_tags import tagged
from steadygo.facts.go import Assignment, Call, Function, GoFile
from steadygo.facts.gocode import GoCode
from steadygo.facts.repository import Repository, Service
from steadygo.findings import Place

_BASE = ("os.Getenv", "os.LookupEnv", "syscall.Getenv", "golang.org/x/sys/unix.Getenv")
_LEVELS = 3
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*\Z")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_REFERENCE = re.compile(r"\$\{?([A-Za-z_]\w*)")
_TEXTS = re.compile(r'"([^"\\]*)"|`([^`]*)`')
_UPPER = re.compile(r"(?<![A-Za-z0-9_])[A-Z][A-Z0-9_]+(?![A-Za-z0-9_])")
_ENV_PACKAGE = re.compile(r"(?:^|[/-])(?:env|envutil|envs|envy|getenv|envar|environ|envconf|envh|goenv)\Z")
_WHOLE_ENVIRONMENT = (
    *("github.com/peterbourgon/ff", "github.com/namsral/flag", "github.com/knadh/koanf", "github.com/spf13/viper/remote"),
    *("github.com/drone/envsubst", "github.com/a8m/envsubst", "mvdan.cc/sh/v3/expand", "go.opentelemetry.io/collector/confmap"),
)
_VIPER = "github.com/spf13/viper"


@dataclass(frozen=True)
class Read:
    """One read. need: required optional unknown. `function` is (path, block) of the declared function it stands in, None outside."""

    name: str
    at: Place
    need: str = UNKNOWN
    default: str | None = None
    function: tuple[str, int] | None = None
    block: int = 0
    exits: bool = False


@dataclass(frozen=True)
class Unseen:
    """A read whose name cannot be seen. `prefix` is what all its names begin with, "" when not even that is known."""

    at: Place
    why: str
    prefix: str = ""


@dataclass(frozen=True)
class Reads:
    reads: tuple[Read, ...]
    unseen: tuple[Unseen, ...]

    @cached_property
    def names(self) -> frozenset[str]:
        return frozenset(r.name for r in self.reads)


def environment_reads(repository: Repository, service: Service) -> Reads:
    """What the packages of the service's binary read."""
    key = f"environment reads of {service.name}"
    if key not in repository.go.memo:
        everything = all_reads(repository.go)
        repository.go.memo[key] = Reads(
            tuple(r for r in everything.reads if service.has(r.at.path.rpartition("/")[0])),
            tuple(u for u in everything.unseen if service.has(u.at.path.rpartition("/")[0])),
        )
    return cast(Reads, repository.go.memo[key])


def all_reads(go: GoCode) -> Reads:
    """What the code of the whole repository reads, tests left out."""
    if "environment reads" not in go.memo:
        collector = _Collector(go)
        collector.run()
        go.memo["environment reads"] = Reads(tuple(dict.fromkeys(collector.reads)), tuple(dict.fromkeys(collector.unseen)))
    return cast(Reads, go.memo["environment reads"])


class _Collector:
    def __init__(self, go: GoCode) -> None:
        self.go = go
        self.reads: list[Read] = []
        self.unseen: list[Unseen] = []

    def run(self) -> None:
        for file, call in self.go.calls(*_BASE):
            self._by_name(file, call, 0, None, _LEVELS)
        for tag in tagged(self.go):
            self.reads.append(Read(tag.name, tag.at, tag.need if tag.exact else UNKNOWN, tag.default))
        self._expansions()
        self._flags()
        self._viper()
        self._packages()

    # -- names -------------------------------------------------------------------------------------------------------------------

    def _by_name(self, file: GoFile, call: Call, index: int, inherited: Need | None, levels: int) -> None:
        """Add what `call` reads: the name is its argument `index`. `inherited` is the need that a wrapper already settled."""
        if index >= len(call.args):
            return
        argument = call.args[index]
        name = self.go.text(file, argument, call.block)
        if name is not None:
            if _VARIABLE.match(name):
                self._add(file, call, name, inherited)
            return
        if self._parameter(file, call, argument, inherited, levels) or self._listed(file, call, argument):
            return
        field = argument.rpartition(".")[2] if re.fullmatch(r"\w+(?:\.\w+)+", argument) else ""
        texts = [(f, c, t) for f, c, t in self._fields(field)] if field else []
        for other, line, text in texts:
            self.reads.append(Read(text, Place(other.path, line)))
        if not texts:
            self.unseen.append(Unseen(file.at(call), f"the name {argument[:60]} is made at run time", self._prefix(file, call, argument)))

    def _add(self, file: GoFile, call: Call, name: str, inherited: Need | None) -> None:
        own = need_of(self.go, file, call) if inherited is None or inherited.kind == UNKNOWN or not inherited.exits else inherited
        if inherited is not None and inherited.kind != UNKNOWN and (inherited.kind == OPTIONAL or own.kind != OPTIONAL):
            own = inherited
        function = self.go.declared_function_at(file, call.block)
        where = (file.path, function.block) if function is not None else None
        self.reads.append(Read(name, file.at(call), own.kind, own.default, where, call.block, own.exits))

    def _parameter(self, file: GoFile, call: Call, argument: str, inherited: Need | None, levels: int) -> bool:
        """Follow a name that is a parameter of the function around `call` to that function's callers."""
        function = self.go.function_at(file, call.block)
        if function is None or not _IDENTIFIER.match(argument):
            return False
        position = next((i for i, (name, _) in enumerate(function.params) if name == argument), None)
        if position is None:
            outer = self.go.declared_function_at(file, call.block)
            position = next((i for i, (name, _) in enumerate(outer.params) if name == argument), None) if outer else None
            function = outer if position is not None and outer is not None else function
        if position is None or levels == 0:
            return False
        need = need_of(self.go, file, call) if inherited is None or inherited.kind == UNKNOWN else inherited
        fallback = default_parameter(file, function, argument)
        for other, caller in self._callers(file, function):
            if other.is_test:
                continue
            settled = need
            if need.kind != REQUIRED and fallback is not None and fallback < len(caller.args):
                settled = Need(OPTIONAL, caller.args[fallback])
            elif need.kind == OPTIONAL and len(caller.results) != 2 and fallback is None and not _gives_default(file, function):
                settled = Need(UNKNOWN)
            self._by_name(other, caller, position, settled, levels - 1)
        return True

    def _callers(self, file: GoFile, function: Function) -> Iterator[tuple[GoFile, Call]]:
        if function.name:
            yield from self.go.callers(file, function)
            return
        for assignment in file.assignments:
            if assignment.line == function.line and len(assignment.names) == len(assignment.values) == 1 and _is_closure(assignment):
                outer = self.go.declared_function_at(file, assignment.block)
                for call in file.calls:
                    if call.name == assignment.names[0] and self.go.declared_function_at(file, call.block) is outer:
                        yield file, call

    def _listed(self, file: GoFile, call: Call, argument: str) -> bool:
        """A name that runs over a list of literals."""
        for assignment in file.assignments:
            if argument not in assignment.names or not assignment.values or not assignment.values[0].startswith("range "):
                continue
            if not self.go.inside(file, call.block, assignment.block):
                continue
            listed = assignment.values[0].removeprefix("range ")
            if _IDENTIFIER.match(listed):
                package = self.go.packages.get(file.directory)
                known = package.declarations.get(listed) if package else None
                local = [a.values[0] for a in file.assignments if a.names == (listed,) and len(a.values) == 1]
                listed = known[1].value if known else local[0] if len(local) == 1 else ""
            names = [a or b for a, b in _TEXTS.findall(listed)]
            if not names or "…" in listed:
                return False
            for name in names:
                self.reads.append(Read(name, file.at(call)))
            return True
        return False

    def _fields(self, field: str) -> Iterator[tuple[GoFile, int, str]]:
        """Texts that composite literals give a field of that name."""
        for file in self.go.files:
            if not file.is_test:
                for composite in file.composites:
                    for name, value in composite.fields:
                        if name == field and (text := self.go.text(file, value, composite.block)) and _VARIABLE.match(text):
                            yield file, composite.line, text

    def _prefix(self, file: GoFile, call: Call, argument: str) -> str:
        first = argument.split(" + ")[0].removeprefix("fmt.Sprintf(").removeprefix("strings.ToUpper(").split(",")[0]
        text = self.go.text(file, first, call.block)
        if text is None and (match := re.match(r'"([A-Za-z_]\w*)', first)):
            text = match[1]
        return text.partition("%")[0] if text else ""

    # -- libraries ---------------------------------------------------------------------------------------------------------------

    def _expansions(self) -> None:
        for file, call in self.go.calls("os.ExpandEnv", "os.Expand"):
            text = self.go.text(file, call.args[0], call.block) if call.args else None
            if text is not None:
                self.reads += [Read(name, file.at(call)) for name in _REFERENCE.findall(text)]
            elif call.name == "os.ExpandEnv" or "Getenv" in " ".join(call.args[1:]):
                self.unseen.append(Unseen(file.at(call), "variables are put into a text that is not in the code"))
        for file, call in self.go.calls("os.Environ"):
            child = any(c is not call and c.name == "append" and c.line == call.line for c in file.calls) or any(
                n.endswith(".Env") for n in call.results
            )
            if not child and not any("os.Environ()" in t and n == "Env" for c in file.composites for n, t in c.fields):
                self.unseen.append(Unseen(file.at(call), "it looks through the whole environment"))

    def _flags(self) -> None:
        for file, call in self.go.calls(".Envar", ".OverrideDefaultFromEnvar", ".Env"):
            name = self.go.text(file, call.args[0], call.block) if len(call.args) == 1 else None
            if name and _VARIABLE.match(name) and name.isupper():
                self.reads.append(Read(name, file.at(call), OPTIONAL))
        for file, call in self.go.calls(".DefaultEnvars"):
            self.unseen.append(Unseen(file.at(call), "every flag takes its value from a variable too"))
        for file in self.go.importers("github.com/urfave/cli"):
            for composite in file.composites:
                for field, value in composite.fields:
                    if field in ("EnvVar", "EnvVars", "Sources"):
                        names = [n.strip() for a, b in _TEXTS.findall(value) for n in (a or b).split(",")]
                        names = names or [t for part in re.findall(r"[\w.]+", value) if (t := self.go.text(file, part, composite.block))]
                        self.reads += [Read(n, Place(file.path, composite.line), OPTIONAL) for n in names]
        for path in _WHOLE_ENVIRONMENT:
            for file in self.go.importers(path):
                place = Place(file.path, next(i.line for i in file.imports if i.path.startswith(path)))
                self.unseen.append(Unseen(place, f"{path} may read any variable"))

    def _viper(self) -> None:
        prefix = ""
        calls = [(f, c) for f in self.go.importers(_VIPER) for c in f.calls]
        for file, call in calls:
            if call.name.endswith(".SetEnvPrefix") and call.args:
                prefix = (self.go.text(file, call.args[0], call.block) or "").upper()
        before = f"{prefix}_" if prefix else ""
        for file, call in calls:
            if call.name.endswith(".AutomaticEnv"):
                self.unseen.append(Unseen(file.at(call), "viper reads a variable for each of its keys", before))
            elif call.name.endswith((".BindEnv", ".MustBindEnv")) and call.args:
                names = [self.go.text(file, a, call.block) for a in call.args]
                if names[0] is None:
                    self.unseen.append(Unseen(file.at(call), "viper binds a key made at run time", before))
                    continue
                stated = names[1:] or [before + names[0].upper(), before + re.sub(r"[.-]", "_", names[0]).upper()]
                self.reads += [Read(n, file.at(call)) for n in stated if n]

    def _packages(self) -> None:
        """Functions of other modules' env packages: `env.GetString("ORDERS_ADDR", ":8080")`."""
        for file in self.go.files:
            paths = [] if file.is_test else [re.sub(r"/v\d+\Z", "", i.path) for i in file.imports]
            if not any(_ENV_PACKAGE.search(p) for p in paths):
                continue
            for call in file.calls:
                owner, _, function = call.name.rpartition(".")
                if call.receiver or not call.args or not _ENV_PACKAGE.search(re.sub(r"/v\d+\Z", "", owner)):
                    continue
                name = self.go.text(file, call.args[0], call.block)
                if name and re.fullmatch(r"[A-Z][A-Z0-9_]+", name):
                    need = Need(OPTIONAL, call.args[1]) if len(call.args) > 1 else Need(UNKNOWN)
                    self._add(file, call, name, replace(need, exits=function.startswith("Must")))


def _is_closure(assignment: Assignment) -> bool:
    return assignment.values[0].startswith("func(")


def _gives_default(file: GoFile, function: Function) -> bool:
    """Whether a wrapper returns a constant of its own when the variable is empty."""
    returned = [j.text for j in file.jumps if j.kind == "return" and function.line <= j.line <= function.end_line]
    return any(re.match(r'"[^"]|\d|true|false|\w+\.\w+$', t) for t in returned)


def mentions(repository: Repository, service: Service, name: str) -> bool:
    """Whether the name stands in any text of the service's code, in a script, or in a command of its images."""
    memo = repository.go.memo
    for directory in service.packages:
        for file in repository.go.packages[directory].files:
            key = f"names in texts: {file.path}"
            if key not in memo:
                memo[key] = frozenset(n for t in _texts(file) for n in _UPPER.findall(t))
            if name in cast(frozenset[str], memo[key]):
                return True
    if "names in scripts" not in memo:
        words = [w for s in repository.scripts for c in s.commands for w in c.words]
        values = [v.value or "" for s in repository.scripts for v in s.variables]
        memo["names in scripts"] = frozenset(n for t in (*words, *values) for n in _UPPER.findall(t))
    if name in cast(frozenset[str], memo["names in scripts"]):
        return True
    stages = [s for i in service.images for s in i.image.stages]
    return any(name in _UPPER.findall(w) for s in stages for c in s.commands for w in c.words if name in w)


def _texts(file: GoFile) -> Iterator[str]:
    for call in file.calls:
        yield from call.args
    for composite in file.composites:
        for _, text in composite.fields:
            yield text
    for declaration in file.declarations:
        yield declaration.value
    for assignment in file.assignments:
        yield from assignment.values
    for comparison in file.comparisons:
        yield comparison.right
    for declared in file.types:
        for field in declared.fields:
            yield field.tag
    for block in file.blocks:
        if block.kind == "case":
            yield block.text
