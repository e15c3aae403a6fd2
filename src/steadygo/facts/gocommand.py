"""A `go` command line taken apart, whatever artefact it stands in."""

from __future__ import annotations

import re
from dataclasses import dataclass

from steadygo.facts.commands import Command

_WRAPPERS = {"sudo", "time", "exec", "command", "nice", "nohup", "stdbuf", "ionice", "xvfb-run", "retry", "@", "-"}
_GO = re.compile(r"^(?:\S*/)?(?:go|gotip|xx-go|go1\.\d+(?:\.\d+)?|garble)$")
_GO_VARIABLE = re.compile(r"^\$[({]?(?:GO|GOCMD|GO_CMD|GOBIN_GO|GOTOOL|GO_BIN|GOLANG)[)}]?$")

_LEADING = _WRAPPERS | {"env", "timeout"}
_BOOLEAN = {
    "a", "n", "v", "x", "race", "msan", "asan", "cover", "work", "trimpath", "modcacherw", "json", "linkshared", "c", "short", "failfast",
    "benchmem", "i", "u", "t", "d", "f", "e", "buildvcs", "fullpath",
}  # fmt: skip


@dataclass(frozen=True)
class GoCommand:
    """`go VERB [flags] [packages] [-- or program arguments]`. Flag names come without dashes; a boolean flag has the value "true".

    `variables` are those set for this command alone. For `go run` `packages` is the program, `rest` its arguments.
    """

    verb: str
    flags: tuple[tuple[str, str], ...]
    packages: tuple[str, ...]
    variables: dict[str, str]
    directory: str
    rest: tuple[str, ...] = ()

    def flag(self, name: str) -> str | None:
        """The last value of a flag, None when it is not given."""
        found = None
        for flag, value in self.flags:
            if flag == name:
                found = value
        return found


def parse(command: Command) -> GoCommand | None:
    """The go command that `command` runs, wrappers such as sudo, env and timeout taken off; None when it is another program."""
    first = command.words[0] if command.words else ""
    if not (first in _LEADING or "=" in first or _GO.match(first) or _GO_VARIABLE.match(first)):
        return None
    words = list(command.words)
    variables = dict(command.variables)
    index = 0
    while index < len(words):
        word = words[index]
        if word in _WRAPPERS:
            index += 1
        elif word == "env":
            index += 1
            while index < len(words) and (words[index].startswith("-") or "=" in words[index]):
                name, equals, value = words[index].partition("=")
                if equals and not name.startswith("-"):
                    variables[name] = value
                index += 1
        elif word == "timeout":
            index += 1
            while index < len(words) and words[index].startswith("-"):
                index += 2 if words[index] in ("-k", "-s", "--kill-after", "--signal") else 1
            index += 1
        elif re.match(r"^[A-Za-z_]\w*=", word):
            name, _, value = word.partition("=")
            variables[name] = value
            index += 1
        else:
            break
    if index >= len(words) or not (_GO.match(words[index]) or _GO_VARIABLE.match(words[index])):
        return None
    return _arguments(words[index + 1 :], variables, command.directory)


def _arguments(words: list[str], variables: dict[str, str], directory: str) -> GoCommand | None:
    flags: list[tuple[str, str]] = []
    while words and words[0].startswith("-"):  # go -C dir build
        if words[0] == "-C" and len(words) > 1:
            directory = f"{directory}/{words[1]}" if directory and not words[1].startswith("/") else words[1]
            words = words[2:]
        elif words[0].startswith("-C="):
            directory = words[0][3:]
            words = words[1:]
        else:
            words = words[1:]
    if not words:
        return None
    verb, index = words[0], 1
    if verb == "tool" or verb == "mod" or verb == "work" or verb == "env":
        return GoCommand(verb, (), tuple(words[1:]), variables, directory)
    packages: list[str] = []
    rest: tuple[str, ...] = ()
    while index < len(words):
        word = words[index]
        index += 1
        if word == "--" or (verb == "test" and word == "-args"):
            rest = tuple(words[index:])
            break
        if word.startswith("-") and len(word) > 1:
            name, equals, value = word.lstrip("-").partition("=")
            if not equals:
                if name in _BOOLEAN and not (name == "c" and verb != "test"):
                    value = "true"
                elif index < len(words):
                    value = words[index]
                    index += 1
            if name == "C":
                directory = value
            flags.append((name, value))
            continue
        packages.append(word)
        if verb == "run" and not word.endswith(".go"):
            rest = tuple(words[index:])
            break
    return GoCommand(verb, tuple(flags), tuple(packages), variables, directory, rest)


def written(command: Command) -> dict[str, str]:
    """What `go env -w NAME=value …` writes."""
    go = parse(command)
    if go is None or go.verb != "env" or "-w" not in go.packages:
        return {}
    return {name: value for name, equals, value in (word.partition("=") for word in go.packages) if equals and not name.startswith("-")}


def is_go(word: str) -> bool:
    """Whether a word names the go command."""
    return bool(_GO.match(word) or _GO_VARIABLE.match(word))
