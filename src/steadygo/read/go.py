"""Go source -> facts, without a toolchain and without a build; broken and cut-off files give what can be understood.

Columns count bytes. Texts of expressions have white space folded outside interpreted strings, comments taken off, 200 characters at most.
Types are resolved through imports everywhere (parameters, results, fields, declarations, composites), pointers kept.

What is left out, because no rule asks: comparisons, jumps and `x++` of `_test.go` files; in generated files everything but imports,
functions, closures, types, declarations and calls (their blocks are functions and closures only), and in messages, mocks, copies and
names of values that a known generator wrote also what stands inside functions.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from operator import attrgetter

from tree_sitter import Node

from steadygo.facts.go import Comment, Declaration, GoFile, TypeDeclaration
from steadygo.facts.place import Gap
from steadygo.read.go_body import Sweep
from steadygo.read.go_constraint import build_constraint
from steadygo.read.go_names import Names
from steadygo.read.go_outline import read_constants, read_fields, read_header, read_imports, read_type, spec_parts
from steadygo.read.go_source import Source
from steadygo.read.go_tree import Nodes, collect

_GENERATED = re.compile(rb"^// Code generated .* DO NOT EDIT\.\r?$", re.MULTILINE)
_WIRE = re.compile(
    rb"protoc-gen-(?:go|gogo|gofast|gogofaster|go-grpc|go-vtproto|grpc-gateway|validate|deepcopy|connect-go|go-helpers)\b|MockGen|mockgen"
    rb"|mockery|moq|tinylib/msgp|cbor-gen|easyjson|deepcopy-gen|controller-gen|client-gen|lister-gen|informer-gen|conversion-gen|stringer"
)
"""Generators of code that carries values and decides nothing."""
_PACKAGE = re.compile(rb"^package\s", re.MULTILINE)
_MEANT_WORDS = (b"//go:", b"+build", b"nolint", b"steadygo:", b"BP-")
_MEANT = re.compile(rb"\+build|nolint|steadygo:|\bBP-\d")


def read(path: str, data: bytes) -> GoFile:
    """Read one Go file. Never raises for what stands in `data`."""
    gaps: list[Gap] = []
    if data.startswith(b"\xef\xbb\xbf"):
        data = b"   " + data[3:]
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        gaps.append(Gap(data.count(b"\n", 0, error.start) + 1, "not UTF-8: bytes that cannot be decoded were replaced"))
        data = data.decode("utf-8", "replace").encode()
    by = _generator(data)
    generated = by is not None
    test = path.endswith("_test.go")
    wanted, comments = "outline" if generated else "test" if test else "whole", any(word in data for word in _MEANT_WORDS)
    if by is not None and _WIRE.search(by):
        nodes = collect(_without_bodies(data), wanted, comments)
        if not nodes.gaps:
            return _read(path, data, nodes, generated, gaps)
    nodes = collect(data, wanted, comments)
    return _read(path, data, nodes, generated, gaps)


def _generator(data: bytes) -> bytes | None:
    """The line that says what generated a file."""
    package = _PACKAGE.search(data)
    found = _GENERATED.search(data, 0, package.start() if package else len(data))
    return found.group() if found else None


def _without_bodies(data: bytes) -> bytes:
    """`data` with spaces for what stands inside functions, as far as it is laid out as gofmt does it."""
    parts: list[bytes] = []
    kept = at = 0
    while (at := data.find(b"\nfunc ", at)) >= 0:
        opened = data.find(b"\n", at + 1)
        closed = data.find(b"\n}", opened)
        if opened < 0 or closed < 0:
            break
        if data.endswith(b"{", at, opened):
            parts += (data[kept:opened], b" " * (closed - opened))
            kept = closed
        at = opened
    parts.append(data[kept:])
    return b"".join(parts)


def _read(path: str, data: bytes, nodes: Nodes, generated: bool, gaps: list[Gap]) -> GoFile:
    by_kind = nodes.by_kind
    source = Source(data)
    imports = read_imports(source, by_kind.get("import", []))
    names = Names(source, imports)
    declared = by_kind.get("function", [])
    headers = {node.id: read_header(source, names, node) for node in declared}
    outer = _outermost([(h.start, h.end) for h in headers.values()] + [node.byte_range for node in by_kind.get("closure", [])])
    headers.update((node.id, read_header(source, names, node)) for node in by_kind.get("closure", []))
    for header in headers.values():
        if header.name:
            names.results[f"{header.receiver}.{header.name}" if header.receiver else header.name] = header.results
    sweep = Sweep(source, names, headers, by_kind)
    types = _types(source, names, by_kind)
    declarations = _declarations(source, names, by_kind, outer)
    sweep.run()
    package_nodes = by_kind.get("package", [])
    package_name = package_nodes[0].named_children[:1] if package_nodes else []
    return GoFile(
        path=path,
        package=source.of(package_name[0]) if package_name else "",
        lines=len(source.starts) - (1 if data.endswith(b"\n") or not data else 0),
        imports=imports,
        blocks=tuple(sweep.blocks),
        functions=tuple(sweep.functions),
        calls=tuple(sweep.calls),
        composites=tuple(sweep.composites),
        channels=() if generated else tuple(sweep.channels),
        jumps=tuple(sweep.jumps),
        assignments=() if generated else tuple(sweep.assignments),
        comparisons=tuple(sweep.comparisons),
        declarations=declarations,
        types=types,
        comments=_comments(source, by_kind.get("comment", [])),
        constraint=build_constraint(path, data),
        generated=generated,
        gaps=(*gaps, *nodes.gaps),
    )


def _outermost(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if not found or start >= found[-1][1]:
            found.append((start, end))
    return found


def _inside(outer: list[tuple[int, int]], byte: int) -> bool:
    at = bisect_right(outer, (byte, len(outer) + byte + (1 << 40))) - 1
    return at >= 0 and byte < outer[at][1]


def _types(source: Source, names: Names, by_kind: dict[str, list[Node]]) -> tuple[TypeDeclaration, ...]:
    """Named types wherever they are declared, and anonymous structs with tags (name "")."""
    found: list[TypeDeclaration] = []
    named: set[int] = set()
    for node in by_kind.get("type", []):
        declared = read_type(source, names, node)
        if declared is None:
            continue
        found.append(declared)
        if declared.kind == "struct":
            if (struct := node.child_by_field_name("type")) is not None:
                named.add(struct.start_byte)
            for field in declared.fields:
                names.fields[f"{declared.name}.{field.name or _embedded(field.type)}"] = field.type
    for node in by_kind.get("struct", []):
        if node.start_byte not in named and b"`" in source.data[node.start_byte : node.end_byte]:
            fields = read_fields(source, names, node)
            if any(field.tag for field in fields):
                found.append(TypeDeclaration("", "struct", *source.position(node.start_byte), fields))
    return tuple(sorted(found, key=lambda t: (t.line, t.column)))


def _embedded(type_text: str) -> str:
    return type_text.lstrip("*").partition("[")[0].rpartition(".")[2]


def _declarations(source: Source, names: Names, by_kind: dict[str, list[Node]], outer: list[tuple[int, int]]) -> tuple[Declaration, ...]:
    """Package-level constants and variables; the variables' types are known to the whole file."""
    found: list[Declaration] = []
    for node in by_kind.get("consts", []):
        if not _inside(outer, node.start_byte):
            found.extend(read_constants(source, names, node))
    for node in by_kind.get("var", []):
        if _inside(outer, node.start_byte):
            continue
        declared, type_text, values = spec_parts(source, names, node)
        shown = names.types_at(*values[0].byte_range) if len(values) == 1 else tuple(names.type_at(*value.byte_range) for value in values)
        for at, name_node in enumerate(declared):
            name = source.of(name_node)
            value = source.of(values[at]) if at < len(values) else source.of(values[0]) if values else ""
            found.append(Declaration("var", name, *source.position(name_node.start_byte), type_text, value))
            if name != "_":
                names.scope[name] = type_text or (shown[at] if at < len(shown) else "")
    return tuple(sorted(found, key=lambda d: (d.line, d.column)))


def _comments(source: Source, nodes: list[Node]) -> tuple[Comment, ...]:
    """Comments that mean something to a tool or a rule."""
    found: list[Comment] = []
    for node in sorted(nodes, key=attrgetter("start_byte")):
        start, end = node.byte_range
        if source.data.startswith(b"//go:", start) or _MEANT.search(source.data, start, end):
            found.append(Comment(source.whole(start, min(end, start + 4000)), *source.position(start)))
    return tuple(found)
