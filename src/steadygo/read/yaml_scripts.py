"""Shell scripts that stand in YAML scalars, with their true lines."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence

import msgspec

from steadygo.facts.commands import Command
from steadygo.read import shell
from steadygo.read.plain_commands import plain_commands
from steadygo.read.yaml_nodes import Node

_EXPRESSION = re.compile(r"\$\{\{.{0,2000}?\}\}|\$\[\[.{0,2000}?\]\]", re.DOTALL)
_POSIX = re.compile(r"\b(?:ba|da|a|z|k)?sh\b")
_PLAIN = re.compile(r"\b(?:pwsh|powershell|cmd)\b")


def commands_of(
    node: Node, lines: Sequence[str], variables: Mapping[str, str], directory: str = "", interpreter: str = "bash"
) -> shell.Parsed:
    """The commands of a script. `lines` are the file's; `interpreter` is the shell's name or command line.

    What `${{ … }}` stands for is not known: it stays as written. A script for python or node has no commands.
    """
    text, line, column = placed(node, lines)
    if _PLAIN.search(interpreter) and not _POSIX.search(interpreter.replace("pwsh", "")):
        parsed = shell.Parsed(plain_commands(text, line, column))
    elif interpreter and not _POSIX.search(interpreter):
        return shell.Parsed()
    else:
        hidden, opaque = masked(text)
        parsed = shell.commands(hidden, line, column, variables, opaque)
    if node.style in ("'", '"') and "\n" in text:
        parsed = parsed._replace(commands=tuple(msgspec.structs.replace(c, line=node.line, column=node.column) for c in parsed.commands))
    if not directory:
        return parsed
    return parsed._replace(commands=tuple(_below(command, directory) for command in parsed.commands))


def clean_directory(text: str) -> str:
    """A directory without `./`; "" is the root of the repository."""
    if not text or text.startswith("$"):
        return text
    cleaned = posixpath.normpath(text)
    return "" if cleaned == "." else cleaned


def _below(command: Command, directory: str) -> Command:
    if not command.directory:
        return msgspec.structs.replace(command, directory=directory)
    if command.directory.startswith(("/", "$", "~", "`")):
        return command
    return msgspec.structs.replace(command, directory=posixpath.normpath(posixpath.join(directory, command.directory)))


def placed(node: Node, lines: Sequence[str]) -> tuple[str, int, int]:
    """(text, first line, column that each line begins at). A folded scalar is taken from the file, its folds as continuations."""
    text = node.text or ""
    if node.style not in ("|", ">"):
        return text, node.line, node.column + (node.style in ("'", '"'))
    start = node.text_line - 1
    first = next((line for line in lines[start:] if line.strip()), "")
    indentation = len(first) - len(first.lstrip(" "))
    if node.style == "|" or not indentation:
        return text, node.text_line, indentation + 1
    raw: list[str] = []
    for line in lines[start:]:
        if line.strip() and len(line) - len(line.lstrip(" ")) < indentation:
            break
        raw.append(line[indentation:].rstrip())
    while raw and not raw[-1]:
        raw.pop()
    joined = [
        f"{line} \\" if _folds(line) and _folds(following) and not line.endswith("\\") else line
        for line, following in zip(raw, [*raw[1:], ""], strict=True)
    ]
    return "\n".join(joined), node.text_line, indentation + 1


def _folds(line: str) -> bool:
    """Whether a line of a folded scalar is joined with its neighbours: neither empty nor indented further."""
    return line != "" and not line[0].isspace()


def masked(text: str, first: int = 0) -> tuple[str, Mapping[str, str]]:
    """`text` with a placeholder of the same length for each `${{ … }}`, numbered from `first`, and what they stand for."""
    if "${{" not in text and "$[[" not in text:
        return text, {}
    opaque: dict[str, str] = {}

    def hide(found: re.Match[str]) -> str:
        written = found.group()
        placeholder = f"__{first + len(opaque):0{max(len(written) - 4, 3)}d}__"
        opaque[placeholder] = written
        return placeholder

    return _EXPRESSION.sub(hide, text), opaque
