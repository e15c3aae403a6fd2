"""Facts inside functions: one sweep over a file's nodes in the order of the text, with a stack of the blocks that are open.

A node is an event (start, -end, rank, serial, action, node): outer nodes come before inner ones, and `rank` decides between two nodes of
the same region. A variable's type counts from the end of the statement that declares it, to the end of the block it stands in.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from tree_sitter import Node

from steadygo.facts.go import Assignment, Block, Call, ChannelUse, Comparison, Composite, Jump
from steadygo.read.go_blocks import Blocks
from steadygo.read.go_names import Names
from steadygo.read.go_outline import Header, read_constants, spec_parts
from steadygo.read.go_source import LONGEST_TEXT, Source

Action: TypeAlias = Callable[[int, int, Node], None]
Event: TypeAlias = tuple[int, int, int, int, Action, Node]
_BLOCKS = ("function", "closure", "if", "for", "switch", "select", "case", "go", "defer")
_PLAIN = re.compile(r"(?:[\w.\s,*&!+:-]|\"[^\"\\\n,]*\")*\Z")
_PLAIN_JUMP = re.compile(r"[a-z]+(?: [\w.]+(?:, [\w.]+)*)?\Z", re.ASCII)


class Sweep(Blocks):
    """Walks through one file's nodes and keeps the facts."""

    def __init__(self, source: Source, names: Names, headers: dict[int, Header], by_kind: dict[str, list[Node]]) -> None:
        super().__init__(source, names, headers)
        self.by_kind = by_kind
        self.calls: list[Call] = []
        self.composites: list[Composite] = []
        self.jumps: list[Jump] = []
        self.comparisons: list[Comparison] = []
        self._lists: dict[str, tuple[str, ...]] = {}  # plain argument lists that were met
        self._jumps: dict[str, tuple[str, str]] = {}
        self._compared: dict[str, tuple[str, str, str]] = {}
        self._called = names.calls
        self._call_events = self._pair_calls()

    def _pair_calls(self) -> list[Event]:
        """Calls with their argument lists: the two end at the same byte."""
        arguments = {node.end_byte: node for node in self.by_kind.get("args", [])}
        found: list[Event] = []
        for serial, node in enumerate(self.by_kind.get("call", []), 1):
            end = node.end_byte
            listed = arguments.get(end)
            if listed is not None:
                start = node.start_byte
                self._called[end] = (start, listed.start_byte)
                found.append((start, -end, 2, -serial, self._call, listed))
        return found

    def events(self) -> list[Event]:
        """All nodes in the order of the text."""
        found = self._call_events
        serial = 0
        actions: dict[str, tuple[int, Action]] = {kind: (1, partial(self._open, kind)) for kind in _BLOCKS}
        actions |= {
            "conversion": (2, self._conversion),
            "literal": (2, self._literal),
            "define": (2, self._define),
            "assign": (2, self._assign),
            "count": (2, self._count),
            "var": (2, self._var),
            "consts": (2, self._constants),
            "send": (2, self._send),
            "receive": (2, self._receive),
            "arrow": (2, self._arrow),
            "jump": (2, self._jump),
            "compare": (2, self._compare),
        }
        otherwise = partial(self._open, "else")
        for kind, nodes in self.by_kind.items():
            if kind not in actions:
                continue
            rank, action = actions[kind]
            if kind == "if":
                for node in nodes:
                    serial += 1
                    consequence, alternative = node.child_by_field_name("consequence"), node.child_by_field_name("alternative")
                    if alternative is not None:
                        found.append((alternative.start_byte, -alternative.end_byte, 0, serial, otherwise, alternative))
                    end = node.end_byte if consequence is None else consequence.end_byte
                    found.append((node.start_byte, -end, rank, serial, action, node))
            else:
                found += [(node.start_byte, -node.end_byte, rank, at, action, node) for at, node in enumerate(nodes, serial)]
                serial += len(nodes)
        found.sort()
        return found

    def run(self) -> None:
        """Walk through the file once."""
        source, starts = self.source, self.source.starts
        data_end = len(source.data)
        self.blocks.append(Block("file", -1, 1, 1, len(starts)))
        self._stack.append((data_end + 1, 0, "file", []))
        for node in self.by_kind.get("label", []):
            self._label(node)
        feeds = self._feeds
        for node in self.by_kind.get("statement", []):
            start = node.start_byte
            feeds[node.end_byte] = (start, "", ())
        line, last, current = 0, len(starts), 0
        events = self.events()
        for start, minus_end, _, _, action, node in events:
            if start >= self._due:
                self._leave(start)
            if start >= current:  # a line further down
                line = bisect_right(starts, start, line)
                current = starts[line] if line < last else data_end + 1
            self._at = (line, start - starts[line - 1] + 1)
            action(start, -minus_end, node)
        events.clear()  # they hold this sweep, and with it the tree

    # calls and composites

    def _call(self, start: int, end: int, arguments: Node) -> None:
        opened = self._called[end][1]
        name, receiver = self.names.callee(start, opened)
        feed = self._feeds.get(end)
        use, results = (feed[1], feed[2]) if feed is not None and feed[0] == start else ("operand", ())
        args = self._lists.get(self.source.chars[opened + 1 : end - 1])
        if args is None:
            args = self._args(arguments, opened + 1, end - 1)
        mode = self._modes.get(end, "") if self._modes else ""
        line, column = self._at
        self.calls.append(Call(name, line, column, self._block, args, receiver, results, mode, "" if mode else use))
        if receiver:
            return
        if name == "close" and len(args) == 1:
            self.channels.append(ChannelUse("close", args[0], line, column, self._block))
        elif name == "make" and args and "chan" in args[0][:6]:
            channel = results[0] if results else ""
            self.channels.append(ChannelUse("make", channel, line, column, self._block, args[1] if len(args) > 1 else ""))

    def _args(self, node: Node, start: int, end: int) -> tuple[str, ...]:
        if start >= end:
            return ()
        text = self.source.text
        raw = self.source.chars[start:end]
        if end - start < LONGEST_TEXT and raw.isascii() and _PLAIN.match(raw):
            known: tuple[str, ...] = (text(start, end),)
            if "," in raw:
                known = tuple([self.source.shared(part) for each in known[0].split(",") if (part := each.strip())])
            self._lists[raw] = known
            return known
        found = []
        chars, feeds = self.source.chars, self._feeds
        for child in node.named_children:
            if child.type != "comment":
                first, last = child.start_byte, child.end_byte
                feeds[last] = (first, "argument", ())
                found.append(text(first, last) + "..." if chars.startswith("...", last) else text(first, last))
        return tuple(found)

    def _conversion(self, start: int, end: int, node: Node) -> None:
        """`f[int](x)` reads like a conversion to a generic type: it is a call as often as not."""
        kind, operand = node.child_by_field_name("type"), node.child_by_field_name("operand")
        if kind is None or operand is None:
            return
        name, receiver = self.names.callee(start, kind.end_byte)
        feed = self._feeds.get(end)
        use, results = (feed[1], feed[2]) if feed is not None and feed[0] == start else ("operand", ())
        self._feeds[operand.end_byte] = (operand.start_byte, "argument", ())
        self.calls.append(Call(name, *self._at, self._block, (self.source.of(operand),), receiver, results, "", use))

    def _literal(self, start: int, end: int, node: Node) -> None:
        kind, body = node.child_by_field_name("type"), node.child_by_field_name("body")
        if kind is None or body is None or kind.type not in ("type_identifier", "qualified_type", "generic_type"):
            return
        text = self.source.text
        fields: list[tuple[str, str]] = []
        for element_node in body.named_children:
            if element_node.type == "keyed_element":
                key, value = element_node.child_by_field_name("key"), element_node.child_by_field_name("value")
                if key is not None and value is not None:
                    fields.append((text(*key.byte_range), text(*value.byte_range)))
            elif element_node.type != "comment":
                fields.append(("", text(*element_node.byte_range)))
        feed = self._feeds.get(end)
        pointer = self.source.data[start - 1 : start] == b"&"
        given = feed[2] if feed is not None and feed[0] in (start, start - 1) else ()
        type_text = self.names.type(text(*kind.byte_range))
        self.composites.append(Composite(type_text, *self._at, self._block, tuple(fields), given, pointer))

    # statements

    def _values(self, node: Node) -> list[tuple[int, int]]:
        if node.type != "expression_list":
            return [node.byte_range]
        raw = self.source.data[node.start_byte : node.end_byte]
        return [node.byte_range] if b"," not in raw else [child.byte_range for child in node.named_children if child.type != "comment"]

    def _given(self, targets: tuple[str, ...], values: list[tuple[int, int]], use: str = "assign") -> None:
        feeds = self._feeds
        if len(values) == 1:
            start, end = values[0]
            feeds[end] = (start, use, targets)
        else:
            for index, (start, end) in enumerate(values):
                feeds[end] = (start, use, targets[index : index + 1])

    def _types(self, targets: tuple[str, ...], values: list[tuple[int, int]]) -> list[tuple[str, str]]:
        """The variables and the types that their values show."""
        one = len(values) == 1
        types = self.names.types_at(*values[0]) if one else tuple(self.names.type_at(*value) for value in values)
        return [(name, types[at] if at < len(types) else "") for at, name in enumerate(targets) if name != "_"]

    def _define(self, start: int, end: int, node: Node) -> None:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is None or right is None:
            return
        targets, values = self._targets(left), self._values(right)
        self._given(targets, values)
        self._await(end, self._types(targets, values))
        texts = tuple(self.source.text(*value) for value in values)
        self.assignments.append(Assignment(targets, texts, ":=", *self._at, self._block))

    def _assign(self, start: int, end: int, node: Node) -> None:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is None or right is None:
            return
        targets, values = self._targets(left), self._values(right)
        self._given(targets, values)
        operator = self.source.text(left.end_byte, right.start_byte).strip()
        texts = tuple(self.source.text(*value) for value in values)
        self.assignments.append(Assignment(targets, texts, operator, *self._at, self._block))

    def _count(self, start: int, end: int, node: Node) -> None:
        operator = self.source.text(end - 2, end)
        name = self.source.text(start, end - 2).strip()
        self.assignments.append(Assignment((name,), (), operator, *self._at, self._block))

    def _var(self, start: int, end: int, node: Node) -> None:
        declared, type_text, value_nodes = spec_parts(self.source, self.names, node)
        targets = tuple(self.source.of(name) for name in declared)
        values = [value.byte_range for value in value_nodes]
        if values:
            self._given(targets, values)
        if self._block == 0:
            return
        types = [(name, type_text) for name in targets if name != "_"] if type_text else self._types(targets, values) if values else []
        self._await(end, types)
        texts = tuple(self.source.text(*value) for value in values)
        self.assignments.append(Assignment(targets, texts, "var", *self._at, self._block, type_text))

    def _constants(self, start: int, end: int, node: Node) -> None:
        if self._block == 0:
            return
        for d in read_constants(self.source, self.names, node):
            self.assignments.append(Assignment((d.name,), (d.value,), "const", d.line, d.column, self._block, d.type))
            self._await(end, [(d.name, d.type)])

    def _statement(self, start: int, end: int, node: Node) -> None:
        self._feeds[end] = (start, "", ())

    def _send(self, start: int, end: int, node: Node) -> None:
        channel, value = node.child_by_field_name("channel"), node.child_by_field_name("value")
        if channel is None or value is None:
            return
        text = self.source.text
        self.channels.append(ChannelUse("send", text(*channel.byte_range), *self._at, self._block, text(*value.byte_range)))

    def _receive(self, start: int, end: int, node: Node) -> None:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is None or right is None:
            return
        targets = self._targets(left)
        operator = ":=" if b":=" in self.source.data[left.end_byte : right.start_byte] else "="
        self.assignments.append(Assignment(targets, (self.source.of(right),), operator, *self._at, self._block))
        if operator == ":=":
            self._declare([(name, kind) for name, kind in self._types(targets, [right.byte_range]) if name != "_"])

    def _arrow(self, start: int, end: int, node: Node) -> None:
        operand = node.child_by_field_name("operand")
        if operand is not None:
            self.channels.append(ChannelUse("receive", self.source.of(operand), *self._at, self._block))

    def _jump(self, start: int, end: int, node: Node) -> None:
        raw = self.source.chars[start:end]
        known = self._jumps.get(raw)
        if known is None:
            kind, text = node.type[: -len("_statement")], ""
            if node.named_child_count and (what := node.named_child(0)) is not None and what.type != "comment":
                text = self.source.of(what)
                if kind == "return":
                    self._given((), self._values(what), "return")
            known = (kind, text)
            if _PLAIN_JUMP.match(raw):
                self._jumps[raw] = known
        self.jumps.append(Jump(known[0], *self._at, self._block, known[1]))

    def _compare(self, start: int, end: int, node: Node) -> None:
        raw = self.source.chars[start:end]
        known = self._compared.get(raw)
        if known is None:
            left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
            if left is None or right is None:
                return
            operator = self.source.text(left.end_byte, right.start_byte)
            if len(operator) > 2:
                between = node.child_by_field_name("operator")
                operator = between.type if between is not None else operator
            known = self._compared[raw] = (self.source.of(left), operator, self.source.of(right))
        self.comparisons.append(Comparison(*known, *self._at, self._block))
