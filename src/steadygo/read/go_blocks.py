"""Blocks of a Go file while it is swept: which are open, and which variables are in scope there."""

from __future__ import annotations

from tree_sitter import Node

from steadygo.facts.go import Assignment, Block, ChannelUse, Function
from steadygo.read.go_names import Names, element
from steadygo.read.go_outline import Header
from steadygo.read.go_source import Source

_BRANCH = ("&&", "||")


class Blocks:
    """The stack of open blocks, and the facts that blocks bring with them."""

    def __init__(self, source: Source, names: Names, headers: dict[int, Header]) -> None:
        self.source = source
        self.names = names
        self.headers = headers
        self.blocks: list[Block] = []
        self.functions: list[Function] = []
        self.channels: list[ChannelUse] = []
        self.assignments: list[Assignment] = []
        self._labels: dict[int, str] = {}
        self._feeds: dict[int, tuple[int, str, tuple[str, ...]]] = {}  # end of a value -> start, use, names it is given to
        self._modes: dict[int, str] = {}  # end of a call -> go or defer
        self._stack: list[tuple[int, int, str, list[tuple[str, str | None]]]] = []  # end, block, kind, what to restore in the scope
        self._pending: list[tuple[int, list[tuple[str, str]]]] = []  # end of a statement -> variables it declares
        self._due = 0  # the byte where the next block ends or the next variables are declared
        self._carried: dict[int, tuple[str, ...]] = {}  # end of an if's branch -> variables that its else sees too
        self._else_scope: list[tuple[str, str]] = []
        self._at = (1, 1)
        self._block = 0

    def _leave(self, start: int) -> None:
        """Close the blocks that end before `start`, and declare the variables of statements that do."""
        stack, pending = self._stack, self._pending
        while True:
            end = stack[-1][0]
            if pending and pending[-1][0] <= start and pending[-1][0] <= end:
                self._declare(pending.pop()[1])
            elif end <= start:
                self._close()
            else:
                break
        self._due = min(stack[-1][0], pending[-1][0]) if pending else stack[-1][0]

    def _await(self, end: int, variables: list[tuple[str, str]]) -> None:
        if variables:
            self._pending.append((end, variables))
            if end < self._due:
                self._due = end

    def _close(self) -> None:
        end, _, _, undo = self._stack.pop()
        if end in self._carried:
            self._else_scope = []
            for name in self._carried.pop(end):
                before = [known for declared, known in undo if declared == name]  # the branch itself may have hidden it again
                self._else_scope.append((name, (before[1] if len(before) > 1 else self.names.scope.get(name)) or ""))
        for name, hidden in reversed(undo):
            if hidden is None:
                self.names.scope.pop(name, None)
            else:
                self.names.scope[name] = hidden
        self._block = self._stack[-1][1]

    def _declare(self, variables: list[tuple[str, str]]) -> None:
        scope, undo = self.names.scope, self._stack[-1][3]
        for name, type_text in variables:
            undo.append((name, scope.get(name)))
            scope[name] = type_text

    def _label(self, node: Node) -> None:
        label = node.child_by_field_name("label")
        if label is not None and node.named_child_count > 1:
            self._labels[node.named_child(node.named_child_count - 1).start_byte] = self.source.of(label)

    def _open(self, kind: str, start: int, end: int, node: Node) -> None:
        text = ""
        variables: list[tuple[str, str]] = []
        if kind in ("function", "closure"):
            text, variables = self._function(node)
        elif kind == "if":
            text = self._if(node)
        elif kind == "else":
            variables, self._else_scope = self._else_scope, []
        elif kind == "for":
            kind, text, variables = self._for(node)
        elif kind == "switch":
            text, variables = self._switch(node)
        elif kind == "case":
            kind, text = self._case(node)
        elif end in self.names.calls:  # go and defer
            self._modes[end] = kind
        line, column = self._at
        index = len(self.blocks)
        label = self._labels.get(start, "") if kind in ("for", "range", "switch", "select") else ""
        self.blocks.append(Block(kind, self._block, line, column, self.source.line(end - 1), text, label))
        self._stack.append((end, index, kind, []))
        if end < self._due:
            self._due = end
        self._block = index
        if variables:
            self._declare(variables)

    def _function(self, node: Node) -> tuple[str, list[tuple[str, str]]]:
        header = self.headers[node.id]
        line, column = self._at
        self.functions.append(
            Function(
                header.name,
                len(self.blocks),
                line,
                column,
                self.source.line(header.end - 1),
                header.receiver,
                header.receiver_name,
                header.params,
                header.results,
                self._doc(line) if header.name else "",
            )
        )
        variables = [(name, kind) for name, kind in header.params + header.result_names if name not in ("", "_")]
        if header.receiver_name not in ("", "_"):
            variables.append((header.receiver_name, header.receiver))
        return header.name, variables

    def _doc(self, line: int) -> str:
        data, starts = self.source.data, self.source.starts
        first = line - 1  # index of the function's own line
        while first > 0 and data.startswith(b"//", starts[first - 1]):
            first -= 1
        if first == line - 1:
            return ""
        raw = data[starts[first] : min(starts[line - 1], starts[first] + 1000)].decode("utf-8", "replace")
        return " ".join(part.lstrip("/").strip() for part in raw.splitlines() if not part.startswith("//go:"))[:200].strip()

    def _if(self, node: Node) -> str:
        condition, first = node.child_by_field_name("condition"), node.child_by_field_name("initializer")
        if first is not None and first.type == "short_var_declaration" and (left := first.child_by_field_name("left")) is not None:
            branch = node.child_by_field_name("consequence")
            if branch is not None and node.child_by_field_name("alternative") is not None:
                self._carried[branch.end_byte] = self._targets(left)
        if condition is None:
            return ""
        self._condition(condition)
        return self.source.of(condition)

    def _condition(self, condition: Node) -> None:
        """Mark the calls that a condition hangs on, through !, &&, || and parentheses."""
        work: list[Node | None] = [condition]
        while work:
            node = work.pop()
            if node is None:
                continue
            if node.type == "call_expression":
                self._feeds[node.end_byte] = (node.start_byte, "condition", ())
            elif node.type == "parenthesized_expression":
                work += node.named_children
            elif node.type == "unary_expression":
                work.append(node.child_by_field_name("operand"))
            elif node.type == "binary_expression" and (operator := node.child_by_field_name("operator")) and operator.type in _BRANCH:
                work += [node.child_by_field_name("left"), node.child_by_field_name("right")]

    def _for(self, node: Node) -> tuple[str, str, list[tuple[str, str]]]:
        clause = next((child for child in node.named_children[:3] if child.type not in ("block", "comment")), None)
        if clause is None:
            return "for", "", []
        if clause.type != "range_clause":
            if clause.type != "for_clause":
                self._condition(clause)
            elif (condition := clause.child_by_field_name("condition")) is not None:
                self._condition(condition)
            return "for", self.source.of(clause).strip("; ") and self.source.of(clause), []
        left, right = clause.child_by_field_name("left"), clause.child_by_field_name("right")
        if right is None:
            return "range", "", []
        text = self.source.of(right)
        ranged = self.names.type_at(*right.byte_range)
        channel = "chan" in ranged[:7]
        line, column = self._at
        if channel:
            self.channels.append(ChannelUse("range", text, line, column, len(self.blocks)))
        if left is None:
            return "range", text, []
        targets = self._targets(left)
        operator = ":=" if b":=" in self.source.data[left.end_byte : right.start_byte] else "="
        at = self.source.position(left.start_byte)
        self.assignments.append(Assignment(targets, (self.source.shared("range " + text),), operator, *at, len(self.blocks)))
        types = [element(ranged)] if channel else ["", element(ranged)]
        return "range", text, list(zip(targets, [*types, ""], strict=False)) if operator == ":=" else []

    def _switch(self, node: Node) -> tuple[str, list[tuple[str, str]]]:
        value, alias = node.child_by_field_name("value"), node.child_by_field_name("alias")
        if value is None:
            return "", []
        text = self.source.of(value)
        if node.type == "type_switch_statement":
            text = self.source.shared(text + ".(type)")
        elif value.type == "call_expression":
            self._feeds[value.end_byte] = (value.start_byte, "condition", ())
        return text, [] if alias is None else [(name, "") for name in self._targets(alias)]

    def _case(self, node: Node) -> tuple[str, str]:
        chosen = self._stack[-1][2] == "select"
        kind = "comm" if chosen else "case"
        if node.type == "default_case":
            return kind, "default"
        if chosen:
            operation = node.child_by_field_name("communication")
            if operation is not None and operation.type == "receive_statement":
                operation = operation.child_by_field_name("right") or operation
            return kind, self.source.of(operation) if operation is not None else ""
        values = node.child_by_field_name("value")
        if values is not None:
            return kind, self.source.of(values)
        types = node.children_by_field_name("type")
        return kind, self.source.text(types[0].start_byte, types[-1].end_byte) if types else ""

    def _targets(self, node: Node) -> tuple[str, ...]:
        raw = self.source.data[node.start_byte : node.end_byte]
        if b"," not in raw:
            return (self.source.of(node),)
        return tuple(self.source.of(child) for child in node.named_children if child.type != "comment")
