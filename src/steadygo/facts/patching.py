"""Patches on YAML documents as Kustomize applies them: strategic merges and JSON 6902 operations."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from steadygo.facts.trees import Tree

_LIST_KEYS = {
    "containers": ("name",),
    "initContainers": ("name",),
    "ephemeralContainers": ("name",),
    "env": ("name",),
    "volumes": ("name",),
    "volumeMounts": ("mountPath",),
    "volumeDevices": ("devicePath",),
    "ports": ("containerPort", "port"),
    "imagePullSecrets": ("name",),
    "hostAliases": ("ip",),
    "topologySpreadConstraints": ("topologyKey",),
    "secrets": ("name",),
}
_MERGED_KINDS = frozenset(
    {"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "CronJob", "Pod", "PodTemplate", "Service"}
    | {"ServiceAccount"}
)
_LONGEST_POINTER = 60


def mapping(like: Tree, pairs: Sequence[tuple[Tree, Tree]]) -> Tree:
    """`like` with other pairs."""
    return replace(like, kind="mapping", text=None, children=tuple(part for pair in pairs for part in pair))


def with_value(tree: Tree, keys: Sequence[str], value: Tree) -> Tree:
    """`tree` with `value` under nested keys; mappings that are absent are made."""
    if not keys:
        return value
    pairs = tree.items()
    inner = next((child for key, child in pairs if key.text == keys[0]), None)
    empty = Tree("mapping", value.line, value.column, None, (), value.path)
    made = with_value(inner if inner is not None and inner.kind == "mapping" else empty, keys[1:], value)
    if inner is None:
        return mapping(tree, [*pairs, (Tree("scalar", value.line, value.column, keys[0], (), value.path), made)])
    return mapping(tree, [(key, made if key.text == keys[0] else child) for key, child in pairs])


def stamped(tree: Tree, path: str) -> Tree:
    """`tree` as a piece of the file `path`, without the nulls and directives of a patch."""
    if tree.kind == "mapping":
        children = tuple(
            part
            for key, value in tree.items()
            if not _is_directive(key) and not _is_null(value)
            for part in (stamped(key, path), stamped(value, path))
        )
    else:
        children = tuple(stamped(child, path) for child in tree.children)
    return replace(tree, children=children, path=tree.path or path)


def strategic(base: Tree, patch: Tree, path: str) -> Tree | None:
    """`base` after a strategic merge patch that stands in `path`; None when the patch deletes it."""
    return _merge(base, patch, "", path, base.text_at("kind") in _MERGED_KINDS)


def json_6902(base: Tree, operations: Tree, path: str) -> tuple[Tree, list[tuple[int, str]]]:
    """`base` after the operations that could be applied, and (line, reason) of those that could not."""
    faults: list[tuple[int, str]] = []
    for operation in operations.children:
        name, pointer = operation.text_at("op"), operation.text_at("path")
        tokens = _tokens(pointer)
        value = operation.get("value")
        if name in ("move", "copy"):
            value = _at(base, _tokens(operation.text_at("from")))
        after: Tree | None = None
        if name == "test":
            continue
        if tokens and len(tokens) < _LONGEST_POINTER and name in ("add", "replace", "remove", "move", "copy"):
            content = None if name == "remove" else value if name in ("move", "copy") or value is None else stamped(value, path)
            if content is not None or name == "remove":
                start = _change(base, _tokens(operation.text_at("from")), None, "remove") if name == "move" else base
                after = _change(start, tokens, content, name) if start is not None else None
        if after is None:
            faults.append((operation.line, f"{name} {pointer} could not be applied"))
        else:
            base = after
    return base, faults


def _is_directive(key: Tree) -> bool:
    return bool(key.text) and (key.text or "").startswith(("$patch", "$setElementOrder/", "$retainKeys", "$deleteFromPrimitiveList/"))


def _is_null(tree: Tree) -> bool:
    return tree.kind == "scalar" and tree.text is None


def _merge(base: Tree, patch: Tree, field: str, path: str, lists: bool) -> Tree | None:
    directive = patch.text_at("$patch")
    if directive == "delete":
        return None
    if patch.kind == "sequence":
        return _merge_lists(base, patch, field, path, lists)
    if patch.kind != "mapping" or base.kind != "mapping" or directive == "replace":
        return stamped(patch, path)
    pairs = {key.text or "": (key, value) for key, value in base.items()}
    for key, value in patch.items():
        name = key.text or ""
        if _is_directive(key):
            continue
        if _is_null(value):
            pairs.pop(name, None)
            continue
        known = pairs.get(name)
        merged = _merge(known[1], value, name, path, lists) if known is not None else stamped(value, path)
        if merged is None or (known is None and value.text_at("$patch") == "delete"):
            pairs.pop(name, None)
        else:
            pairs[name] = (known[0] if known is not None else stamped(key, path), merged)
    return mapping(base, list(pairs.values()))


def _merge_lists(base: Tree, patch: Tree, field: str, path: str, lists: bool) -> Tree:
    keys = _LIST_KEYS.get(field, ()) if lists else ()
    replaced = any(element.text_at("$patch") == "replace" for element in patch.children)
    if not keys or base.kind != "sequence" or replaced:
        own = tuple(stamped(e, path) for e in patch.children if e.text_at("$patch") not in ("replace", "delete") or len(e.children) > 2)
        return replace(stamped(patch, path), children=own)
    elements = list(base.children)
    added: list[Tree] = []
    for element in patch.children:
        key = next((name for name in keys if element.get(name) is not None), "")
        index = next((i for i, known in enumerate(elements) if key and known.text_at(key) == element.text_at(key)), -1)
        if index < 0:
            if element.text_at("$patch") != "delete":
                added.append(stamped(element, path))
            continue
        merged = _merge(elements[index], element, field, path, lists)
        if merged is None:
            del elements[index]
        else:
            elements[index] = merged
    return replace(base, children=(*added, *elements) if field == "initContainers" else (*elements, *added))


def _tokens(pointer: str) -> list[str]:
    return [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:]]


def _at(tree: Tree, tokens: list[str]) -> Tree | None:
    found: Tree | None = tree
    for token in tokens:
        if found is None:
            return None
        if found.kind == "sequence":
            index = _index(token, len(found.children))
            found = found.children[index] if index is not None and index < len(found.children) else None
        else:
            found = found.get(token)
    return found


def _index(token: str, length: int) -> int | None:
    if token == "-":
        return length
    return int(token) if token.isdecimal() and len(token) < 6 and int(token) <= length else None


def _change(tree: Tree, tokens: list[str], value: Tree | None, name: str) -> Tree | None:
    """`tree` with the value added, replaced or (None) removed; None when the place does not exist."""
    token, rest = tokens[0], tokens[1:]
    if tree.kind == "sequence":
        index = _index(token, len(tree.children))
        if index is None or (index == len(tree.children) and (rest or name in ("replace", "remove"))):
            return None
        before, after = tree.children[:index], tree.children[index:]
        if rest:
            inner = _change(after[0], rest, value, name)
            return replace(tree, children=(*before, inner, *after[1:])) if inner is not None else None
        if value is None:
            return replace(tree, children=(*before, *after[1:]))
        return replace(tree, children=(*before, value, *(after[1:] if name == "replace" else after)))
    if tree.kind != "mapping":
        return None
    pairs = tree.items()
    known = tree.get(token)
    if rest:
        inner = _change(known, rest, value, name) if known is not None else None
        return mapping(tree, [(k, inner if k.text == token else v) for k, v in pairs]) if inner is not None else None
    if value is None:
        return mapping(tree, [(k, v) for k, v in pairs if k.text != token]) if known is not None else None
    if known is None:
        key = Tree("scalar", value.line, value.column, token, (), value.path)
        return mapping(tree, [*pairs, (key, value)])
    return mapping(tree, [(k, value if k.text == token else v) for k, v in pairs])
