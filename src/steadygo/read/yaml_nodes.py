"""YAML and JSON as small trees that know their places, bounded in nodes, depth and alias expansion.

libyaml's event stream is read in a loop, so nesting costs no stack here nor in C. A tree that comes out is safe to walk
recursively: it holds no cycle, is at most `MAX_DEPTH` deep and has at most `MAX_NODES` nodes with every alias followed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import isfinite
from typing import Any

import msgspec
from yaml import YAMLError
from yaml._yaml import CParser
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)
from yaml.reader import ReaderError

from steadygo.facts.place import Gap
from steadygo.facts.trees import Tree

MAX_NODES = 300_000
MAX_DEPTH = 200
MAX_RESTARTS = 200
MAX_DUPLICATES = 1_000

_TRUE = frozenset({"true", "yes", "on", "y"})
_FALSE = frozenset({"false", "no", "off", "n"})
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SURROGATES = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
_LONE_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")


class Node:
    """A scalar, mapping or sequence. Questions that do not fit its kind answer None or an empty list, never raise.

    `line` and `column` count from 1; an aliased node keeps the place of its anchor. `tag` is the explicit one, e.g.
    "!reference". `path` is "" in the document's own file; after overlays it names the file that a piece comes from.
    """

    __slots__ = ("_children", "_height", "_index", "_text", "_weight", "column", "kind", "line", "path", "style", "tag")

    def __init__(self, kind: str, line: int, column: int, text: str = "", style: str = "", tag: str = "") -> None:
        self.kind = kind  # scalar mapping sequence
        self.line = line
        self.column = column
        self.style = style  # "" plain, "'", '"', "|", ">"
        self.tag = tag
        self.path = ""
        self._text = text
        self._children: list[Node] = []  # a mapping's are key, value, key, value …
        self._index: dict[str, Node] | None = None
        self._weight = 1
        self._height = 0

    def __repr__(self) -> str:
        return f"Node({self.kind} {self.line}:{self.column} {self._text[:40]!r})"

    @property
    def size(self) -> int:
        """How many nodes it has with every alias followed."""
        return self._weight

    @property
    def is_mapping(self) -> bool:
        return self.kind == "mapping"

    @property
    def is_sequence(self) -> bool:
        return self.kind == "sequence"

    @property
    def is_null(self) -> bool:
        return self.kind == "scalar" and not self.style and self._text in _NULL and not self.tag

    @property
    def text(self) -> str | None:
        """A scalar's text as written; None for a mapping, a sequence and null."""
        return None if self.kind != "scalar" or self.is_null else self._text

    @property
    def text_line(self) -> int:
        """The line on which a scalar's text starts: the one after `|` or `>` for a block scalar."""
        return self.line + 1 if self.style in ("|", ">") else self.line

    @property
    def as_int(self) -> int | None:
        """A whole number, also written 0o17, 0x1F or 1_000."""
        if self.kind != "scalar" or len(self._text) > 40:
            return None
        text = self._text.strip().replace("_", "")
        try:
            return int(text, 0) if text[:2].lower() in ("0x", "0o", "0b") else int(text)
        except ValueError:
            return None

    @property
    def as_float(self) -> float | None:
        if self.kind != "scalar" or len(self._text) > 40:
            return None
        try:
            number = float(self._text.strip().replace("_", ""))
        except ValueError:
            return None
        return number if isfinite(number) else None

    @property
    def as_bool(self) -> bool | None:
        """True and False as YAML 1.1 writes them (true, yes, on), quoted or not."""
        word = self._text.lower() if self.kind == "scalar" else ""
        return True if word in _TRUE else False if word in _FALSE else None

    def items(self) -> list[tuple[Node, Node]]:
        """A mapping's (key, value) pairs: merge keys applied, the last of equal keys, in order."""
        if self.kind != "mapping":
            return []
        pairs = iter(self._children)
        return list(zip(pairs, pairs, strict=True))

    def named_items(self) -> list[tuple[str, Node]]:
        """As `items`, with the keys' text."""
        return [(key._text, value) for key, value in self.items()]

    def elements(self) -> list[Node]:
        """A sequence's elements."""
        return self._children if self.kind == "sequence" else []

    def one_or_many(self) -> list[Node]:
        """A sequence's elements, or the node itself when it is neither a sequence nor null."""
        return self._children if self.kind == "sequence" else [] if self.is_null else [self]

    def get(self, *path: str) -> Node | None:
        """The value under nested keys; None when some key is absent."""
        node: Node | None = self
        for name in path:
            if node is None or node.kind != "mapping":
                return None
            if node._index is None:
                node._index = {key._text: value for key, value in node.items()}
            node = node._index.get(name)
        return node

    def key(self, name: str) -> Node | None:
        """The key itself, for its place."""
        return next((key for key, _ in self.items() if key._text == name), None)

    def text_at(self, *path: str) -> str:
        """The text under nested keys, "" when absent or not a scalar."""
        node = self.get(*path)
        return (node.text or "") if node is not None else ""

    def leaves(self, limit: int = MAX_NODES) -> Iterator[tuple[str, Node]]:
        """(dotted path, scalar) in order, at most `limit`; a sequence's index is a path part."""
        stack: list[tuple[str, Node]] = [("", self)]
        while stack and limit > 0:
            path, node = stack.pop()
            if node.kind == "scalar":
                limit -= 1
                yield path, node
                continue
            named = node.named_items() or [(str(index), child) for index, child in enumerate(node.elements())]
            stack.extend((f"{path}.{name}" if path else name, child) for name, child in reversed(named))


class Documents(msgspec.Struct, frozen=True):
    """The documents that could be read, what could not, and keys that stand twice in one mapping."""

    documents: tuple[Node, ...] = ()
    gaps: tuple[Gap, ...] = ()
    duplicates: tuple[Gap, ...] = ()

    @property
    def first(self) -> Node:
        """The first document, an empty mapping when there is none."""
        return self.documents[0] if self.documents else Node("mapping", 1, 1)


def to_tree(node: Node) -> Tree:
    """The node as frozen data."""
    children = tuple(to_tree(child) for child in node._children)
    return Tree(node.kind, node.line, node.column, node.text, children, node.path)


def from_tree(tree: Tree) -> Node:
    """The node of frozen data; a text that looks like null stays text."""
    null = tree.text is None
    node = Node(tree.kind, tree.line, tree.column, tree.text or "", "" if null else '"')
    node.path = tree.path
    node._children = [from_tree(child) for child in tree.children]
    return node


def load(data: bytes) -> Documents:
    """Read YAML or JSON. A broken document becomes a gap; those before it and after the next `---` are kept."""
    builder = _Builder()
    offset = 0
    for _ in range(MAX_RESTARTS):
        fault = _read(data, offset, builder)
        if fault is None:
            break
        builder.gaps.append(fault)
        rest = _after_next_marker(data, fault.line - offset)
        if rest is None or builder.exhausted:
            break
        skipped, data = rest
        offset += skipped
    return Documents(tuple(builder.documents), tuple(builder.gaps), tuple(builder.duplicates))


def _read(data: bytes, offset: int, builder: _Builder) -> Gap | None:
    try:
        return builder.consume(CParser(data), offset)
    except ReaderError:
        data = _UNPRINTABLE.sub("\ufffd", data.decode("utf-8-sig", "replace")).encode()
    except YAMLError as error:
        if not _LONE_SURROGATE.search(data):
            return _gap(error, offset)
        data = _LONE_SURROGATE.sub(rb"\\uFFFD", _SURROGATES.sub(_joined, data))
    builder.rewind()
    try:
        return builder.consume(CParser(data), offset)
    except YAMLError as error:
        return _gap(error, offset)


def _joined(match: re.Match[bytes]) -> bytes:
    """A JSON surrogate pair as the character that it stands for; libyaml refuses the pair."""
    high, low = match[0][2:6], match[0][8:12]
    return chr(0x10000 + ((int(high, 16) & 0x3FF) << 10) + (int(low, 16) & 0x3FF)).encode()


def _gap(error: YAMLError, offset: int) -> Gap:
    mark = getattr(error, "problem_mark", None)
    reason = getattr(error, "problem", None) or getattr(error, "reason", None) or "not YAML"
    return Gap((mark.line if mark is not None else 0) + 1 + offset, f"YAML: {reason}")


def _after_next_marker(data: bytes, line: int) -> tuple[int, bytes] | None:
    """(lines skipped, the rest from the first `---` at or after `line`), None when there is no further document."""
    lines = data.splitlines(keepends=True)
    for number in range(max(line, 1), len(lines)):
        if lines[number].rstrip() == b"---" or lines[number].startswith(b"--- "):
            return number, b"".join(lines[number:])
    return None


class _Builder:
    """Events in, documents out."""

    def __init__(self) -> None:
        self.documents: list[Node] = []
        self.gaps: list[Gap] = []
        self.duplicates: list[Gap] = []
        self.exhausted = False
        self._left = MAX_NODES
        self._kept = (0, 0, 0, MAX_NODES)

    def rewind(self) -> None:
        """Forget what was read since `consume` began."""
        documents, gaps, duplicates, self._left = self._kept
        del self.documents[documents:], self.gaps[gaps:], self.duplicates[duplicates:]

    def consume(self, parser: CParser, offset: int) -> Gap | None:
        """Read all documents. A gap when a bound is hit; YAMLError when the text is broken."""
        self._kept = (len(self.documents), len(self.gaps), len(self.duplicates), self._left)
        open_nodes: list[Node] = []
        anchors: dict[str, Node] = {}
        root: Node | None = None
        while True:
            event: Any = parser.get_event()
            kind = type(event)
            node: Node | None = None
            if kind is ScalarEvent:
                node = _scalar(event, offset)
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                node = _collection(event, offset, "mapping" if kind is MappingStartEvent else "sequence")
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                node = self._close(open_nodes.pop())
                if open_nodes:
                    _adopt(open_nodes[-1], node)
                else:
                    root = node
                continue
            elif kind is AliasEvent:
                node = self._follow(event, anchors, open_nodes, offset)
            elif kind is DocumentStartEvent:
                root, anchors = None, {}
                continue
            elif kind is DocumentEndEvent:
                if root is not None:
                    self.documents.append(root)
                continue
            elif event is None or kind is StreamEndEvent:
                return None
            else:
                continue
            self._left -= 1
            if self._left <= 0:
                self.exhausted = True
                return Gap(node.line, f"YAML: more than {MAX_NODES} nodes")
            if event.anchor and kind is not AliasEvent:
                anchors[event.anchor] = node
            if kind is MappingStartEvent or kind is SequenceStartEvent:
                if len(open_nodes) >= MAX_DEPTH:
                    return Gap(node.line, f"YAML: nested deeper than {MAX_DEPTH}")
                open_nodes.append(node)
            elif open_nodes:
                _adopt(open_nodes[-1], node)
            else:
                root = node

    def _follow(self, event: Any, anchors: dict[str, Node], open_nodes: list[Node], offset: int) -> Node:
        """The aliased node itself; null with a gap where it would be a cycle or too much."""
        mark = event.start_mark
        target = anchors.get(event.anchor)
        nothing = Node("scalar", mark.line + 1 + offset, mark.column + 1)
        if target is None:
            self.gaps.append(Gap(nothing.line, f"YAML: alias *{event.anchor} has no anchor"))
        elif any(target is node for node in open_nodes):
            self.gaps.append(Gap(nothing.line, f"YAML: alias *{event.anchor} contains itself"))
        elif len(open_nodes) + target._height > MAX_DEPTH or target._weight > self._left:
            self.gaps.append(Gap(nothing.line, f"YAML: alias *{event.anchor} expands too far"))
        else:
            self._left -= target._weight
            return target
        return nothing

    def _close(self, node: Node) -> Node:
        """Apply merge keys and drop the earlier ones of equal keys."""
        if node.kind == "sequence":
            return node
        children = node._children
        if len(children) % 2:  # cannot happen: libyaml gives every key a value
            children.pop()
        own: dict[str | int, tuple[Node, Node]] = {}
        merged: list[Node] = []
        for key, value in zip(children[::2], children[1::2], strict=True):
            if key._text == "<<" and not key.style:
                merged.extend(value.one_or_many())
                continue
            name = key._text if key.kind == "scalar" else id(key)
            if name in own and len(self.duplicates) < MAX_DUPLICATES:
                self.duplicates.append(Gap(key.line, f"key {key._text[:80]!r} stands twice; this one wins"))
            own[name] = (key, value)
        if merged or 2 * len(own) < len(children):
            for source in merged:
                for key, value in source.items():
                    own.setdefault(key._text if key.kind == "scalar" else id(key), (key, value))
            node._children = [part for pair in own.values() for part in pair]
        return node


def _scalar(event: Any, offset: int) -> Node:
    mark = event.start_mark
    style = event.style
    return Node("scalar", mark.line + 1 + offset, mark.column + 1, event.value, "" if style is None else style, _short(event.tag))


def _collection(event: Any, offset: int, kind: str) -> Node:
    mark = event.start_mark
    return Node(kind, mark.line + 1 + offset, mark.column + 1, "", "{" if event.flow_style else "", _short(event.tag))


def _short(tag: str | None) -> str:
    return "" if tag is None else tag.replace("tag:yaml.org,2002:", "!!", 1)


def _adopt(parent: Node, child: Node) -> None:
    parent._children.append(child)
    parent._weight += child._weight
    if child._height >= parent._height:
        parent._height = child._height + 1
