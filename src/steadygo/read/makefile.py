"""Makefiles: targets with the commands of their recipes.

Both branches of a conditional are read; included files are not. A variable that the file does not define stays as written,
as do `$(shell …)` and functions that look at files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

import msgspec

from steadygo.facts.commands import Command, Variable
from steadygo.facts.pipelines import Makefile, Target
from steadygo.facts.place import Gap
from steadygo.read import shell
from steadygo.read.makefile_expand import Expander

_ASSIGNMENT = re.compile(
    r"\s*(?P<words>(?:(?:export|override|private|unexport)\s+)*)(?P<name>[^\s:#=!?+]+)\s*(?P<operator>:{0,3}=|\?=|\+=|!=)\s*(?P<value>.*)\Z",
    re.DOTALL,
)
_DEFINE = re.compile(r"\s*(?:(?:override|export)\s+)*define\s+(\S+)\s*(:{0,3}=|\?=|\+=)?\s*\Z")
_CONDITIONAL = re.compile(r"\s*(ifeq|ifneq|ifdef|ifndef|else|endif)(?=[\s(\"']|\Z)")
_EXPORT = re.compile(r"\s*(un)?export(?:\s+(.*))?\Z")
_IGNORED = re.compile(r"\s*(?:-?include|sinclude|vpath|undefine|load|-load)(?:\s|\Z)|\s*\$[({]")
_COMMENT = re.compile(r"(?<!\\)#.*\Z", re.DOTALL)
_PREFIX = re.compile(r"(?m)^[\t ]*(?:[@+\-][\t ]*)*")
_SPECIAL = re.compile(r"\.[A-Z_]+\Z")
_MOST_LINES = 50_000
_MOST_NAMES = 100
_MOST_RECIPES = 20_000  # lines, those of a rule with several names counted for each
_MOST_GAPS = 20
_MOST_EXPORTED = 40  # that are stated with each command
_LONGEST_VALUE = 2_000


@dataclass
class _Rule:
    names: tuple[str, ...]
    needs: tuple[str, ...]
    line: int
    recipe: list[tuple[int, str]] = field(default_factory=list)  # (line, text with newlines and the prefix blanked)


def read(path: str, data: bytes) -> Makefile:
    """Targets, variables and exported names of a Makefile; what is no make syntax becomes a gap."""
    return _Reader().makefile(path, data.decode("utf-8", "replace").removeprefix("\ufeff").replace("\r\n", "\n"))


class _Reader:
    def __init__(self) -> None:
        self.expander = Expander()
        self.gaps: list[Gap] = []
        self.assigned: list[tuple[str, str, str, int, int]] = []  # name, operator, text, line, column
        self.exported: dict[str, None] = {}
        self.rules: list[_Rule] = []
        self.phony: set[str] = set()
        self.own: dict[str, list[tuple[str, str, str, bool]]] = {}  # target -> name, operator, text, exported
        self.one_shell = False
        self.recipe_prefix = "\t"
        self.left = _MOST_RECIPES

    def makefile(self, path: str, text: str) -> Makefile:
        lines = text.split("\n")
        if len(lines) > _MOST_LINES:
            return Makefile(path, gaps=(Gap(1, "the Makefile is too long to be read"),))
        self._lines(lines)
        values = ((name, self.expander.value(name)) for name in islice(self.exported, _MOST_EXPORTED) if name != "PATH")
        known = {name: self.expander.restore(value) for name, value in values if value is not None}
        targets: list[Target] = []
        for rule in self.rules:
            for name in rule.names:
                commands = self._recipe(rule, name, known) if rule.recipe else ()
                targets.append(Target(name, rule.line, rule.needs, commands, name in self.phony))
        variables = tuple(
            Variable(name, self._shown(text), line, column, "expression" if operator == "!=" else "")
            for name, operator, text, line, column in self.assigned
        )
        return Makefile(path, variables, tuple(self.exported), tuple(targets), tuple(self.gaps[:_MOST_GAPS]))

    def _shown(self, text: str) -> str:
        return self.expander.restore(self.expander.expand(text))[:_LONGEST_VALUE]

    def _lines(self, lines: list[str]) -> None:
        position = depth = 0
        rule: _Rule | None = None
        while position < len(lines):
            number = position + 1
            if rule is not None and lines[position].startswith(self.recipe_prefix):
                text, position = _recipe_line(lines, position, self.recipe_prefix)
                rule.recipe.append((number, text))
                continue
            text, position = _logical_line(lines, position)
            if not text.strip():
                continue
            if found := _CONDITIONAL.match(text):
                depth += found.group(1).startswith("if") - (found.group(1) == "endif")
                if depth < 0:
                    self.gaps.append(Gap(number, "endif without a conditional"))
                    depth = 0
                continue
            if found := _DEFINE.match(text):
                position = self._define(found, lines, position, number, depth > 0)
                rule = None
                continue
            rule = self._statement(text, number, depth > 0)
        if depth:
            self.gaps.append(Gap(len(lines), "a conditional has no endif"))

    def _define(self, found: re.Match[str], lines: list[str], position: int, number: int, conditional: bool) -> int:
        body: list[str] = []
        level = 1
        while position < len(lines):
            line = lines[position]
            position += 1
            level += (_DEFINE.match(line) is not None) - (re.match(r"\s*endef\b", line) is not None)
            if level == 0:
                break
            body.append(line)
        else:
            self.gaps.append(Gap(number, f"define {found.group(1)} has no endef"))
        name, text = found.group(1), "\n".join(body)
        self.expander.define(name, found.group(2) or "=", text, conditional)
        self.assigned.append((name, "=", text, number, 1))
        return position

    def _statement(self, text: str, number: int, conditional: bool) -> _Rule | None:
        """An assignment, an export or a rule; the rule is given back to take its recipe."""
        if found := _ASSIGNMENT.match(text):
            name = self.expander.restore(self.expander.expand(found["name"]))
            value, operator = found["value"].rstrip(), found["operator"]
            self.expander.define(name, operator, value, conditional)
            if operator.startswith(":"):
                value = self.expander.expand(value).replace("$", "$$")
            self.assigned.append((name, operator, value, number, found.start("name") + 1))
            if "unexport" not in found["words"] and "export" in found["words"]:
                self.exported[name] = None
            if name == ".RECIPEPREFIX":
                self.recipe_prefix = value[:1] or "\t"
            return None
        if found := _EXPORT.match(text):
            for name in (found.group(2) or "").split():
                if found.group(1):
                    self.exported.pop(name, None)
                else:
                    self.exported[self.expander.restore(self.expander.expand(name))] = None
            return None
        colon = _colon(text)
        if colon < 0:
            if not _IGNORED.match(text):
                self.gaps.append(Gap(number, f"not make syntax: {' '.join(text.split())[:60]}"))
            return None
        return self._rule(text, colon, number)

    def _rule(self, text: str, colon: int, number: int) -> _Rule | None:
        names = self._words(text[:colon])
        rest = text[colon + 1 :].removeprefix(":")
        if (found := _ASSIGNMENT.match(rest)) and "\n" not in found["name"]:
            exported = "export" in found["words"].split()
            for name in names[:_MOST_NAMES]:
                self.own.setdefault(name, []).append((found["name"], found["operator"], found["value"].rstrip(), exported))
            return None
        rest, semicolon, first = rest.partition(";")
        pattern = _colon(rest)
        needs = self._words((rest[pattern + 1 :] if pattern >= 0 else rest).replace("|", " "))
        if ".PHONY" in names:
            self.phony.update(needs)
        if ".ONESHELL" in names:
            self.one_shell = True
        if ".EXPORT_ALL_VARIABLES" in names:
            self.exported.update((name, None) for name, *_ in self.assigned[:_MOST_NAMES])
        wanted = tuple(name for name in names if not _SPECIAL.match(name))[:_MOST_NAMES]
        rule = _Rule(wanted, needs, number)
        if semicolon and first.strip():
            rule.recipe.append((number, " " * (len(text) - len(first)) + first))
        if wanted:
            self.rules.append(rule)
        return rule

    def _words(self, text: str) -> tuple[str, ...]:
        return tuple(self.expander.restore(word) for word in self.expander.expand(text).split())

    def _recipe(self, rule: _Rule, target: str, exported: Mapping[str, str]) -> tuple[Command, ...]:
        local: dict[str, str] = {}
        if "%" not in target:
            local["@"] = target
            if not any("%" in need for need in rule.needs):
                local |= {"<": rule.needs[0] if rule.needs else "", "^": " ".join(rule.needs)}
        environment = dict(exported)
        for name, operator, text, export in self.own.get(target, ()):
            if operator != "+=":
                local[name] = self.expander.expand(text, local)
            elif (before := local.get(name, self.expander.value(name))) is not None:
                local[name] = f"{before} {self.expander.expand(text, local)}"
            if (export or name in environment) and name in local:
                environment[name] = self.expander.restore(local[name])
        found: list[Command] = []
        for number, text in self._scripts(rule):
            self.left -= 1
            if self.left == 0:
                self.gaps.append(Gap(number, "more recipes than can be read"))
            if self.left <= 0:
                break
            found += self._commands(text, number, local, environment)
        return tuple(_with(command, environment) for command in found) if environment else tuple(found)

    def _scripts(self, rule: _Rule) -> Iterator[tuple[int, str]]:
        """What one shell gets: a recipe's line, or with .ONESHELL all of them."""
        if not self.one_shell:
            yield from rule.recipe
            return
        first = reached = rule.recipe[0][0]
        parts: list[str] = []
        for number, text in rule.recipe:
            parts += [""] * (number - reached)
            parts.append(text)
            reached = number + text.count("\n") + 1
        yield first, "\n".join(parts)

    def _commands(self, text: str, number: int, local: Mapping[str, str], environment: Mapping[str, str]) -> tuple[Command, ...]:
        expanded = self.expander.expand(text, local)
        moved = expanded.count("\n") != text.count("\n")
        expanded = _PREFIX.sub(lambda prefix: " " * len(prefix.group()), expanded, 0 if moved or self.one_shell else 1)
        parsed = shell.commands(expanded, number, 1, environment, self._placeholders_in(expanded))
        self.gaps += [Gap(number if moved else gap.line, self.expander.restore(gap.reason)) for gap in parsed.gaps]
        if moved:
            return tuple(msgspec.structs.replace(command, line=number, column=1) for command in parsed.commands)
        return parsed.commands

    def _placeholders_in(self, text: str) -> Mapping[str, str]:
        opaque = self.expander.opaque
        return {mark: opaque[mark] for mark in re.findall(r"__\d{4,}__", text) if mark in opaque} if "__" in text else {}


def _with(command: Command, environment: Mapping[str, str]) -> Command:
    own = {name for name, _ in command.variables}
    return msgspec.structs.replace(command, variables=tuple(p for p in environment.items() if p[0] not in own) + command.variables)


def _recipe_line(lines: list[str], position: int, prefix: str) -> tuple[str, int]:
    """A recipe's line with its continuations, the recipe prefix blanked, and the index behind it."""
    parts: list[str] = []
    while position < len(lines):
        line = lines[position]
        parts.append(" " + line[1:] if line.startswith(prefix) else line)
        position += 1
        if (len(line) - len(line.rstrip("\\"))) % 2 == 0:
            break
    return "\n".join(parts), position


def _logical_line(lines: list[str], position: int) -> tuple[str, int]:
    """A line with its continuations joined by a space and its comment taken off, and the index behind it."""
    parts: list[str] = []
    while position < len(lines):
        line = lines[position]
        position += 1
        if (len(line) - len(line.rstrip("\\"))) % 2 == 0:
            parts.append(line)
            break
        parts.append(line[:-1].rstrip())
    text = " ".join([parts[0], *(part.strip() for part in parts[1:])]) if parts else ""
    return (_COMMENT.sub("", text).replace("\\#", "#") if "#" in text else text), position


def _colon(text: str) -> int:
    """Where the colon of a rule stands, outside `$(…)`; -1 when there is none."""
    level = 0
    for position, char in enumerate(text):
        if char in "({":
            level += 1
        elif char in ")}":
            level -= 1
        elif char == ":" and level <= 0:
            return position
    return -1
