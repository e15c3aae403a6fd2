"""New names and new images inside Kubernetes documents."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from steadygo.facts.patching import mapping
from steadygo.facts.trees import Tree, scalar

_REFERENCES = {
    "configMapKeyRef": ("ConfigMap", "name"),
    "configMapRef": ("ConfigMap", "name"),
    "configMap": ("ConfigMap", "name"),
    "secretKeyRef": ("Secret", "name"),
    "secretRef": ("Secret", "name"),
    "secret": ("Secret", "secretName"),
    "persistentVolumeClaim": ("PersistentVolumeClaim", "claimName"),
    "service": ("Service", "name"),
}
_TEXTS = {"serviceAccountName": "ServiceAccount", "serviceName": "Service"}


def renamed(tree: Tree, names: Mapping[tuple[str, str], str]) -> Tree:
    """`tree` with references to renamed objects, (kind, name) → new name, following them."""
    if tree.kind == "sequence":
        return replace(tree, children=tuple(renamed(child, names) for child in tree.children))
    if tree.kind != "mapping":
        return tree
    pairs: list[tuple[Tree, Tree]] = []
    for key, value in tree.items():
        kind, field = _REFERENCES.get(key.text or "", ("", ""))
        if value.kind == "mapping" and key.text == "scaleTargetRef":
            kind, field = value.text_at("kind"), "name"
        new = names.get((kind, value.text_at(field))) if kind else None
        if value.kind == "scalar" and key.text in _TEXTS:
            name = names.get((_TEXTS[key.text], value.text or ""))
            value = scalar(name, value) if name is not None else value
        elif new is not None:
            value = mapping(value, [(k, scalar(new, v) if k.text == field else v) for k, v in value.items()])
        else:
            value = renamed(value, names)
        pairs.append((key, value))
    return mapping(tree, pairs)


def with_image(tree: Tree, image: tuple[str, str, str, int], path: str) -> Tree:
    """`tree` with an `images` entry (name, new name, new tag or "@digest", line) of the kustomization `path` applied to its containers."""
    if tree.kind == "sequence":
        return replace(tree, children=tuple(with_image(child, image, path) for child in tree.children))
    if tree.kind != "mapping":
        return tree
    pairs: list[tuple[Tree, Tree]] = []
    for key, value in tree.items():
        if key.text in ("containers", "initContainers") and value.kind == "sequence":
            value = replace(value, children=tuple(_container(child, image, path) for child in value.children))
        elif value.kind != "scalar":
            value = with_image(value, image, path)
        pairs.append((key, value))
    return mapping(tree, pairs)


def _container(tree: Tree, image: tuple[str, str, str, int], path: str) -> Tree:
    name, new_name, new_tag, line = image
    written = tree.text_at("image")
    repository, rest = split_image(written)
    if not written or repository != name:
        return tree
    tag = new_tag if new_tag.startswith("@") else f":{new_tag}" if new_tag else rest
    changed = Tree("scalar", line, 1, (new_name or repository) + tag, (), path)
    return mapping(tree, [(k, changed if k.text == "image" else v) for k, v in tree.items()])


def split_image(image: str) -> tuple[str, str]:
    """ "host:5000/app:1.2@sha256:…" → ("host:5000/app", ":1.2@sha256:…")."""
    repository, at, digest = image.partition("@")
    head, slash, last = repository.rpartition("/")
    last, colon, tag = last.partition(":")
    return head + slash + last, colon + tag + at + digest
