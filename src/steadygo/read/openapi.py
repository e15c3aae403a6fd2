"""OpenAPI 2 and 3 documents, YAML or JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

from steadygo.facts.contracts import Contract, Operation
from steadygo.facts.place import Gap, Text
from steadygo.read.yaml_nodes import Node, load

_METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace", "query"})
_AUTHORITY = re.compile(r"^(?:[^/?#]*:)?//[^/?#]*")
_PARAMETER = re.compile(r"\{([^{}]*)\}")
_NOTHING = Node("mapping", 1, 1)
_MOST_HOPS = 10


def read(path: str, data: bytes) -> Contract:
    """Operations in order. References inside the document are followed, those to other files are gaps."""
    documents = load(data)
    root = documents.first
    gaps = list(documents.gaps)
    version = root.text_at("openapi") or root.text_at("swagger")
    base, prefix = _base(root.get("servers"), gaps) or ("", "")
    if root.get("swagger") is not None:
        base = prefix = _clean(root.text_at("basePath"))
    operations: list[Operation] = []
    for key, item in (root.get("paths") or _NOTHING).items():
        route = key.text or ""
        if not route.startswith("/"):
            if not route.startswith("x-"):
                gaps.append(Gap(key.line, f"a path that does not begin with /: {route[:80]}"))
            continue
        operations += _operations(root, route, prefix, item, gaps)
    return Contract(path, version, base, tuple(operations), tuple(gaps))


def _operations(root: Node, route: str, prefix: str, item: Node, gaps: list[Gap]) -> Iterator[Operation]:
    """The operations of a path item, those that it refers to after its own."""
    seen: set[str] = set()
    for part in _with_references(root, item, gaps):
        own = _base(part.get("servers"), gaps)
        for key, node in part.items():
            method = (key.text or "").lower()
            if method not in _METHODS or method in seen or not node.is_mapping:
                continue
            seen.add(method)
            front = _base(node.get("servers"), gaps) or own or (prefix, prefix)
            yield Operation(
                method.upper(),
                front[1] + route,
                key.line,
                node.text_at("operationId"),
                _breakpoint(node) or _breakpoint(part) or _breakpoint(item),
            )


def _with_references(root: Node, item: Node, gaps: list[Gap]) -> Iterator[Node]:
    node: Node | None = item
    for _ in range(_MOST_HOPS):
        if node is None:
            return
        yield node
        reference = node.get("$ref")
        if reference is None or reference.text is None:
            return
        node = _resolve(root, reference.text)
        if node is None:
            gaps.append(Gap(reference.line, f"a reference that is not followed: {reference.text[:80]}"))


def _resolve(root: Node, reference: str) -> Node | None:
    """The node at a JSON pointer of the same document."""
    if not reference.startswith("#/"):
        return None
    node: Node | None = root
    for part in reference[2:].split("/"):
        name = unquote(part).replace("~1", "/").replace("~0", "~")
        if node is None:
            return None
        elements = node.elements()
        node = elements[int(name)] if elements and re.fullmatch(r"[0-9]{1,6}", name) and int(name) < len(elements) else node.get(name)
    return node


def _breakpoint(node: Node) -> Text | None:
    found = node.get("x-breakpoint-id")
    if found is None:
        return None
    first = next(iter(found.one_or_many()), None)
    return Text(first.text, first.line, first.column) if first is not None and first.text else None


def _base(servers: Node | None, gaps: list[Gap]) -> tuple[str, str] | None:
    """(path of the first server, path that all servers share or ""), None when there are no servers."""
    paths = [_path_of(server) for server in (servers or _NOTHING).elements()]
    if not paths or servers is None:
        return None
    if len(set(paths)) > 1:
        gaps.append(Gap(servers.line, "the servers differ in their paths: operations stand without one"))
        return paths[0], ""
    return paths[0], paths[0]


def _path_of(server: Node) -> str:
    def default(match: re.Match[str]) -> str:
        return server.text_at("variables", match[1], "default") or match[0]

    return _clean(_AUTHORITY.sub("", _PARAMETER.sub(default, server.text_at("url"))))


def _clean(path: str) -> str:
    """A base path with one slash in front and none behind, "" for the root."""
    path = path.split("?")[0].split("#")[0].strip("/")
    return f"/{path}" if path and path != "." else ""
