"""Parse Go and collect the nodes that facts are made of. The one query per file stands here (comments are asked for apart, and rarely).

Nodes are collected flat (`captures`), by kind and without order; what belongs together is paired by bytes: a call and
its argument list end at the same byte, and no other node of that kind does. That costs half of what `matches` costs.
Time is bounded: deeply nested trees and ERROR nodes with very many children make tree-sitter's queries quadratic, so the query stops at
DEEPEST levels and the text is cut where an error grows beyond WIDEST children. Both leave a gap.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from operator import attrgetter

import tree_sitter_go
from tree_sitter import Language, Node, Parser, Query, QueryCursor, Tree, TreeCursor

from steadygo.facts.place import Gap

DEEPEST = 300
WIDEST = 4000

_LANGUAGE = Language(tree_sitter_go.language())

_OUTLINE = """
(package_clause) @package
(import_spec) @import
(call_expression) @call
(argument_list) @args
(type_conversion_expression type: (generic_type)) @conversion
(var_spec) @var
(const_declaration) @consts
[(type_spec) (type_alias)] @type
(struct_type) @struct
[(function_declaration) (method_declaration)] @function
(func_literal) @closure
(short_var_declaration) @define
"""

_BODY = """
(composite_literal) @literal
(assignment_statement) @assign
(expression_statement) @statement
(if_statement) @if
(for_statement) @for
[(expression_switch_statement) (type_switch_statement)] @switch
(select_statement) @select
[(expression_case) (type_case) (communication_case) (default_case)] @case
(go_statement) @go
(defer_statement) @defer
(send_statement) @send
(receive_statement) @receive
(unary_expression operator: "<-") @arrow
(labeled_statement) @label
"""

_SHIPPED = """
[(inc_statement) (dec_statement)] @count
[(return_statement) (break_statement) (continue_statement) (goto_statement) (fallthrough_statement)] @jump
(binary_expression operator: ["==" "!=" "<" ">" "<=" ">=" "-"]) @compare
"""

_COMMENTS = """
(comment) @comment
"""

_ERRORS = """
(ERROR) @error
(MISSING) @error
"""

_OUTLINE_QUERY = Query(_LANGUAGE, _OUTLINE)
_TEST_QUERY = Query(_LANGUAGE, _OUTLINE + _BODY)
_WHOLE_QUERY = Query(_LANGUAGE, _OUTLINE + _BODY + _SHIPPED)
_COMMENT_QUERY = Query(_LANGUAGE, _COMMENTS)
_ERROR_QUERY = Query(_LANGUAGE, _ERRORS)

_MEET_AGAIN = ("var", "consts", "type", "struct", "function", "closure")
"""Kinds whose later nodes build on earlier ones. Captures come without order, and in another one each time."""

_NEW = re.compile(rb"\bnew\((?=([^)\n]*))")
_TYPE_ONLY = re.compile(rb"\s*(?:\[|map\[|chan\b|<-|struct\b|interface\b|func\b)")


@dataclass(frozen=True)
class Nodes:
    """Nodes by kind, and what could not be understood."""

    by_kind: dict[str, list[Node]]
    gaps: tuple[Gap, ...]


def collect(data: bytes, wanted: str, comments: bool) -> Nodes:
    """Parse `data` and collect its nodes. wanted: outline (generated files) test whole."""
    parser = Parser(_LANGUAGE)
    tree = parser.parse(data)
    gaps: list[Gap] = []
    if tree.root_node.has_error:
        tree, data = _mended(parser, tree, data)
        for _ in range(8):
            cut = _cut(tree)
            if cut is None:
                break
            gaps.append(Gap(data.count(b"\n", 0, cut) + 1, "too broken to be read from here on"))
            data = data[:cut]
            tree = parser.parse(data)
        else:
            return Nodes({}, tuple(gaps[:1]))
    root = tree.root_node
    cursor = QueryCursor({"outline": _OUTLINE_QUERY, "test": _TEST_QUERY, "whole": _WHOLE_QUERY}[wanted])
    cursor.set_max_start_depth(DEEPEST)
    deep = _too_deep(tree)
    if deep is not None:
        gaps.append(Gap(data.count(b"\n", 0, deep) + 1, f"nested deeper than {DEEPEST} levels"))
    by_kind = cursor.captures(root)
    for kind in _MEET_AGAIN:
        if kind in by_kind:
            by_kind[kind].sort(key=attrgetter("start_byte"))
    if comments:
        cursor = QueryCursor(_COMMENT_QUERY)
        cursor.set_max_start_depth(DEEPEST)
        by_kind |= cursor.captures(root)
    if root.has_error:
        gaps.extend(_errors(root))
    return Nodes(by_kind, tuple(gaps))


def _mended(parser: Parser, tree: Tree, data: bytes) -> tuple[Tree, bytes]:
    """Go 1.26's `new(expression)` is not in the grammar: read it as a call of a function of the same length."""
    if b"new(" not in data:
        return tree, data

    def call(found: re.Match[bytes]) -> bytes:
        return found.group() if _TYPE_ONLY.match(found.group(1)) else b"neW("

    other_data = _NEW.sub(call, data)
    if other_data == data:
        return tree, data
    other = parser.parse(other_data)
    if not other.root_node.has_error or _error_bytes(other) < _error_bytes(tree):
        return other, other_data
    return tree, data


def _error_bytes(tree: Tree) -> int:
    return sum(node.end_byte - node.start_byte + 1 for node in _broken(tree) if node.is_error)


def _broken(tree: Tree) -> list[Node]:
    """Nodes with an error inside, at most 20,000 and DEEPEST levels down; outermost first."""
    found: list[Node] = []
    level = [tree.root_node]
    for _ in range(DEEPEST):
        found.extend(level)
        if not level or len(found) > 20_000:
            break
        level = [child for node in level for child in node.children if child.has_error]
    return found


def _cut(tree: Tree) -> int | None:
    """The byte where an ERROR node grows too wide to be searched."""
    cuts = [node.child(WIDEST - 1).start_byte for node in _broken(tree) if node.is_error and node.child_count > WIDEST]
    return min(cuts, default=None)


def _too_deep(tree: Tree) -> int | None:
    """A byte about DEEPEST levels down. A way that deep holds as many nodes, one after the other: sampling meets them."""
    if _first_below(tree, DEEPEST // 2, DEEPEST // 2) is None:
        return None
    return _first_below(tree, DEEPEST - 10, 10)


def _first_below(tree: Tree, depth: int, step: int) -> int | None:
    cursor = tree.walk()
    for index in range(step, tree.root_node.descendant_count, step):
        cursor.goto_descendant(index)
        node = cursor.node
        if cursor.depth > depth and node is not None and not _in_long_sum(cursor):
            return node.start_byte
    return None


def _in_long_sum(cursor: TreeCursor) -> bool:
    """A long sum of strings is a deep tree that loses nothing: protoc writes descriptors so. Moves the cursor.

    (A cursor must not be copied: py-tree-sitter 0.26.1 gives the tree back too early then, and crashes.)
    """
    for _ in range(20):
        if cursor.node is not None and cursor.node.type == "binary_expression":
            return True
        cursor.goto_parent()
    return False


def _errors(root: Node) -> list[Gap]:
    cursor = QueryCursor(_ERROR_QUERY)
    cursor.set_max_start_depth(DEEPEST)
    lines = sorted({node.start_point[0] + 1 for node in cursor.captures(root).get("error", [])})
    return [Gap(line, "not understood: syntax error") for line in lines[:20]] or [Gap(1, "not understood: syntax error")]
