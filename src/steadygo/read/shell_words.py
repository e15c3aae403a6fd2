"""Words of shell commands: quotes removed, known variables folded, unquoted values split, everything else as written."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tree_sitter import Node

from steadygo.read.expansion import fold, folds

_DEEPEST = 40
_MOST_WORDS = 2_000
_LONGEST_SUBSTITUTION = 500
_PLACEHOLDER = re.compile(r"__\d+__")
_NAME = re.compile(r"[A-Za-z_]\w*")
_ARRAY = re.compile(r"\$\{(\w+)\[[@*]\]\}\Z")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED_IN_QUOTES = re.compile(r'\\([$`"\\\n])')
_SCRIPT = r"\$(?:0|\{0\}|BASH_SOURCE|\{BASH_SOURCE(?:\[0\])?(?::-\$0)?\})"
_FILE = rf"(?:{_SCRIPT}|\$\(\s*(?:readlink\s+-f|realpath)\s+(?:--\s+)?{_SCRIPT}\s*\))"
_DIRNAME = rf"\$\(\s*dirname\s+(?:--\s+)?{_FILE}\s*\)"
_OWN_DIRECTORY = re.compile(
    rf"{_DIRNAME}|\$\(\s*cd\s+(?:-P\s+)?(?:--\s+)?{_DIRNAME}((?:/[\w.-]+)*)/?\s*(?:[12&]?>+\s*/dev/null\s*(?:2>&1\s*)?)?(?:&&|;)\s*pwd(?:\s+-P)?\s*\)"
)
_TOP_LEVEL = re.compile(r"\$\(\s*git\s+rev-parse\s+--show-toplevel\s*\)")
ROOT = "\ue000"  # stands before a path that is seen from the repository's root, until the command is stated
_SUBSTITUTIONS = frozenset({"command_substitution", "process_substitution"})
_EXPANSIONS = frozenset({"simple_expansion", "expansion"})


@dataclass
class Knowledge:
    """What is known where a word stands: variables, arrays, and placeholders with the text they stand for."""

    variables: dict[str, str]
    arrays: dict[str, tuple[str, ...]] = field(default_factory=dict)
    opaque: Mapping[str, str] = field(default_factory=dict)
    here: str | None = None  # the script's own directory seen from the repository's root

    def copy(self) -> Knowledge:
        """The knowledge of a subshell: what it learns does not come back."""
        return Knowledge(dict(self.variables), dict(self.arrays), self.opaque, self.here)

    def forget(self, name: str) -> None:
        """`name` has a value from now on that is not known."""
        self.variables.pop(name, None)
        self.arrays.pop(name, None)


class Words:
    """Builds the words of one command. `substitutions` collects the `$(…)` nodes met on the way."""

    def __init__(self, source: bytes, knowledge: Knowledge) -> None:
        self.source = source
        self.knowledge = knowledge
        self.substitutions: list[Node] = []

    def of(self, nodes: Iterable[Node]) -> list[str]:
        """The fields that the shell makes of `nodes`; an unquoted expansion may give none or several."""
        fields: list[str] = []
        for run in runs(nodes):
            self._add(run, fields)
            if len(fields) > _MOST_WORDS:
                break
        opaque = self.knowledge.opaque
        return [restore(word, opaque) for word in fields] if opaque else fields

    def value(self, nodes: Sequence[Node]) -> str:
        """The text of one run of nodes without field splitting, as in an assignment."""
        return restore("".join(text for text, _ in self._joined(nodes)), self.knowledge.opaque)

    def _add(self, run: list[Node], fields: list[str]) -> None:
        node = run[0]
        if node.type == "word" and len(run) == 1:
            text = self._raw(node)
            fields.append(_ESCAPED.sub(_drop, text) if "\\" in text else text)
            return
        if (array := self._array(node)) is not None:
            fields.extend(array)
            return
        current: str | None = None
        for text, split in self._joined(run):
            if not split:
                current = (current or "") + text
                continue
            parts = text.split()
            if text[:1].isspace() and current is not None:
                fields.append(current)
                current = None
            for i, part in enumerate(parts):
                if i:
                    fields.append(current or "")
                    current = part
                else:
                    current = (current or "") + part
            if parts and text[-1:].isspace() and current is not None:
                fields.append(current)
                current = None
        if current is not None:
            fields.append(current)

    def _joined(self, run: Sequence[Node]) -> list[tuple[str, bool]]:
        """The pieces of a run. The grammar cuts `$A-$B-c` behind the second `$`: that expansion is put together again."""
        pieces: list[tuple[str, bool]] = []
        for node in run:
            more = self._pieces(node, 0)
            if pieces and more and pieces[-1][0].endswith("$") and (found := _NAME.match(more[0][0])):
                value = self.knowledge.variables.get(found.group())
                if value is not None:
                    pieces[-1] = (pieces[-1][0][:-1], False)
                    more[:1] = [(value, True), (more[0][0][found.end() :], False)]
            pieces += more
        return pieces

    def _array(self, node: Node) -> tuple[str, ...] | None:
        if not self.knowledge.arrays:
            return None
        found = _ARRAY.match(self._raw(node).strip('"'))
        return self.knowledge.arrays.get(found.group(1)) if found else None

    def _raw(self, node: Node) -> str:
        return self.source[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def _pieces(self, node: Node, depth: int) -> list[tuple[str, bool]]:
        """(text, may be split) of a node: only folded unquoted expansions may be split."""
        kind = node.type
        if kind in _EXPANSIONS:
            return [self._expansion(node)]
        if kind in _SUBSTITUTIONS:
            return [(self._substitution(node), False)]
        if kind == "raw_string":
            return [(self._raw(node)[1:-1], False)]
        if kind == "ansi_c_string":
            return [(_ansi(self._raw(node)[2:-1]), False)]
        if kind == "string":
            return [(self._string(node), False)]
        if kind == "translated_string":
            return [(self._string(node.children[-1]), False)] if node.children else []
        if kind == "word" or node.child_count == 0:
            return [(_ESCAPED.sub(_drop, self._raw(node)), False)]
        if depth > _DEEPEST:
            return [(self._raw(node), False)]
        if kind in ("concatenation", "command_name"):
            return [piece for child in node.children for piece in self._pieces(child, depth + 1)]
        self.collect(node)
        return [(self._raw(node), False)]

    def _string(self, node: Node) -> str:
        parts: list[str] = []
        position = node.start_byte + 1
        for child in node.children:
            if child.type in _EXPANSIONS:
                text = self._expansion(child)[0]
            elif child.type in _SUBSTITUTIONS:
                text = self._substitution(child)
            else:
                continue
            parts += (self._between(position, child.start_byte), text)
            position = child.end_byte
        parts.append(self._between(position, max(position, node.end_byte - 1)))
        return "".join(parts)

    def _substitution(self, node: Node) -> str:
        """`$(…)` as written; long ones are cut, or nested ones would be kept once a level."""
        self.substitutions.append(node)
        if node.end_byte - node.start_byte > _LONGEST_SUBSTITUTION:
            return "$(…)"
        written = self._raw(node)
        own = None if self.knowledge.here is None else _own_directory(written, self.knowledge.here)
        return written if own is None else own

    def _between(self, start: int, end: int) -> str:
        text = self.source[start:end].decode("utf-8", "replace")
        return _ESCAPED_IN_QUOTES.sub(_drop, text) if "\\" in text else text

    def _expansion(self, node: Node) -> tuple[str, bool]:
        written = self._raw(node)
        self.collect(node)
        known = self.knowledge.variables
        if not folds(written, known):
            return written, False
        return fold(written, known), True

    def collect(self, node: Node) -> None:
        """Note the outermost substitutions that stand inside `node`."""
        if node.child_count == 0:
            return
        stack = list(node.children)
        while stack:
            child = stack.pop()
            if child.type in _SUBSTITUTIONS:
                self.substitutions.append(child)
            elif child.child_count:
                stack.extend(child.children)


def runs(nodes: Iterable[Node]) -> list[list[Node]]:
    """`nodes` grouped into those that stand without a space between them: one word each."""
    grouped: list[list[Node]] = []
    end = -1
    for node in nodes:
        if node.start_byte == end:
            grouped[-1].append(node)
        else:
            grouped.append([node])
        end = node.end_byte
    return grouped


def behind_target(redirect: Node) -> list[Node]:
    """The command's words that stand behind the file of a redirection: `a > file word`."""
    return [node for run in runs(redirect.children_by_field_name("destination"))[1:] for node in run]


def restore(text: str, opaque: Mapping[str, str]) -> str:
    """Put back what the placeholders stand for."""
    return _PLACEHOLDER.sub(lambda found: opaque.get(found.group(), found.group()), text) if opaque and "__" in text else text


def _own_directory(written: str, here: str) -> str | None:
    """The directory that the usual ways to ask for the script's own give; None for any other substitution."""
    plain = written.replace('"', "").replace("'", "")
    if plain.startswith("`"):
        plain = f"$({plain[1:-1]})"
    if _TOP_LEVEL.fullmatch(plain):
        return ROOT + "."
    found = _OWN_DIRECTORY.fullmatch(plain)
    return f"{ROOT}{here or '.'}{found.group(1) or ''}" if found else None


def _drop(found: re.Match[str]) -> str:
    char = found.group(1)
    return "" if char == "\n" else char


def _ansi(text: str) -> str:
    try:
        return codecs.decode(text.encode("latin-1", "backslashreplace"), "unicode_escape")
    except (UnicodeDecodeError, ValueError):
        return text
