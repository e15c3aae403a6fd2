"""What a Go file declares: imports, types, functions' headers, package-level variables and constants."""

from __future__ import annotations

import re
from operator import attrgetter
from typing import NamedTuple

from tree_sitter import Node

from steadygo.facts.go import Declaration, Field, Import, TypeDeclaration
from steadygo.read.go_names import Names, import_name
from steadygo.read.go_source import Source

_IOTA = re.compile(r"\biota\b")
_MOST = 1000  # members kept of one struct or interface


class Header(NamedTuple):
    """A function's head. `start` and `end` are bytes."""

    name: str
    start: int
    end: int
    receiver: str
    receiver_name: str
    params: tuple[tuple[str, str], ...]
    results: tuple[str, ...]
    result_names: tuple[tuple[str, str], ...]


def read_imports(source: Source, nodes: list[Node]) -> tuple[Import, ...]:
    """Imports with the names that this file uses for them."""
    found = []
    for node in sorted(nodes, key=attrgetter("start_byte")):
        path_node, name_node = node.child_by_field_name("path"), node.child_by_field_name("name")
        if path_node is None:
            continue
        path = source.whole(*path_node.byte_range).strip('"`')
        name = source.of(name_node) if name_node is not None else import_name(path, source.data)
        if path:
            found.append(Import(path, name, source.line(node.start_byte)))
    return tuple(found)


def read_header(source: Source, names: Names, node: Node) -> Header:
    """Name, receiver, parameters and results of a declared function or closure."""
    name = receiver = receiver_name = ""
    params: tuple[tuple[str, str], ...] = ()
    results: tuple[tuple[str, str], ...] = ()
    kind = node.type
    if kind != "func_literal" and (name_node := node.child_by_field_name("name")) is not None:
        name = source.of(name_node)
    if kind == "method_declaration" and (receiver_node := node.child_by_field_name("receiver")) is not None:
        owners = _parameters(source, names, receiver_node)
        if owners:
            receiver_name = owners[0][0]
            receiver = owners[0][1].lstrip("*( ").partition("[")[0].rstrip(") ")
    parameters = node.child_by_field_name("parameters")
    if parameters is not None and parameters.named_child_count:
        params = _parameters(source, names, parameters)
    result = node.child_by_field_name("result")
    if result is not None:
        alone = result.type != "parameter_list"
        results = (("", names.type(source.of(result))),) if alone else _parameters(source, names, result)
    return Header(
        name,
        node.start_byte,
        node.end_byte,
        receiver,
        receiver_name,
        params,
        tuple(text for _, text in results),
        tuple(pair for pair in results if pair[0]),
    )


def _parameters(source: Source, names: Names, node: Node) -> tuple[tuple[str, str], ...]:
    raw = source.chars[node.start_byte : node.end_byte]
    known = names.parameters.get(raw)
    if known is None:
        known = names.parameters[raw] = _read_parameters(source, names, node)
    return known


def _read_parameters(source: Source, names: Names, node: Node) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    for child in node.named_children:
        type_node = child.child_by_field_name("type")
        if type_node is None:
            continue
        text = names.type(source.of(type_node))
        if child.type == "variadic_parameter_declaration":
            text = source.shared("..." + text)
        declared = child.children_by_field_name("name")
        if declared:
            found.extend((source.of(each), text) for each in declared)
        else:
            found.append(("", text))
    return tuple(found)


def read_type(source: Source, names: Names, node: Node) -> TypeDeclaration | None:
    """A type's declaration."""
    name_node, type_node = node.child_by_field_name("name"), node.child_by_field_name("type")
    if name_node is None or type_node is None:
        return None
    line, column = source.position(name_node.start_byte)
    name = source.of(name_node)
    if type_node.type == "struct_type":
        return TypeDeclaration(name, "struct", line, column, read_fields(source, names, type_node))
    if type_node.type == "interface_type":
        return TypeDeclaration(name, "interface", line, column, _methods(source, names, type_node))
    return TypeDeclaration(name, "other", line, column, (), names.type(source.of(type_node)))


def read_fields(source: Source, names: Names, struct: Node) -> tuple[Field, ...]:
    """Fields of a struct type, one for each name."""
    found: list[Field] = []
    for members in struct.named_children:
        for member in members.named_children[:_MOST]:
            type_node = member.child_by_field_name("type")
            if member.type != "field_declaration" or type_node is None:
                continue
            tag_node = member.child_by_field_name("tag")
            tag = source.whole(*tag_node.byte_range)[1:-1] if tag_node is not None else ""
            text = source.of(type_node)
            declared = member.children_by_field_name("name")
            if not declared and source.data[member.start_byte : member.start_byte + 1] == b"*" and not text.startswith("*"):
                text = "*" + text
            text = names.type(text)
            found.extend(Field(source.of(each), text, source.line(each.start_byte), tag) for each in declared)
            if not declared:
                found.append(Field("", text, source.line(member.start_byte), tag))
    return tuple(found)


def _methods(source: Source, names: Names, interface: Node) -> tuple[Field, ...]:
    found: list[Field] = []
    for member in interface.named_children[:_MOST]:
        line = source.line(member.start_byte)
        name = member.child_by_field_name("name")
        if name is not None:
            found.append(Field(source.of(name), names.type(source.text(name.end_byte, member.end_byte)), line))
        elif member.type != "comment":
            found.append(Field("", names.type(source.of(member)), line))
    return tuple(found)


def spec_parts(source: Source, names: Names, node: Node) -> tuple[list[Node], str, list[Node]]:
    """Names, type and values of a var or const specification."""
    type_node, value_node = node.child_by_field_name("type"), node.child_by_field_name("value")
    type_text = names.type(source.of(type_node)) if type_node is not None else ""
    values = [] if value_node is None else [n for n in value_node.named_children if n.type != "comment"]
    return [n for n in node.children_by_field_name("name") if n.type == "identifier"], type_text, values


def read_constants(source: Source, names: Names, node: Node) -> list[Declaration]:
    """A const declaration. In a group the values that Go repeats are repeated, and iota is its number."""
    found: list[Declaration] = []
    before: tuple[str, list[str]] = ("", [])
    specs = [child for child in node.named_children if child.type == "const_spec"]
    for index, spec in enumerate(specs):
        declared, type_text, values = spec_parts(source, names, spec)
        if values:
            before = (type_text, [source.of(value) for value in values])
        for name, value in zip(declared, before[1] + [""] * len(declared), strict=False):
            line, column = source.position(name.start_byte)
            text = source.shared(_IOTA.sub(str(index), value)) if "iota" in value else value
            found.append(Declaration("const", source.of(name), line, column, before[0], text))
    return found
