"""kustomization.yaml: what it includes, patches, generates and renames."""

from __future__ import annotations

import posixpath

from steadygo.facts.commands import Variable
from steadygo.facts.place import Gap, Text
from steadygo.facts.workloads import Generator, Kustomization, Patch
from steadygo.read.compose_text import from_root
from steadygo.read.yaml_nodes import Node, load, to_tree

_NOT_APPLIED = ("helmCharts", "helmChartInflationGenerator", "generators", "transformers", "replacements", "vars", "validators")


def read(path: str, data: bytes) -> Kustomization:
    """Facts of a kustomization; `resources`, components and patches as paths from the repository's root."""
    documents = load(data)
    root = documents.first
    directory = posixpath.dirname(path)
    gaps = list(documents.gaps)
    for name in _NOT_APPLIED:
        key = root.key(name)
        if key is not None:
            gaps.append(Gap(key.line, f"kustomize: {name} are not applied"))
    generators = [
        _generator(kind, node, directory)
        for section, kind in (("configMapGenerator", "ConfigMap"), ("secretGenerator", "Secret"))
        for node in _list(root, section)
        if node.is_mapping
    ]
    return Kustomization(
        path=path,
        resources=tuple(_path(e, directory) for section in ("resources", "bases") for e in _list(root, section) if e.text),
        components=tuple(_path(e, directory) for e in _list(root, "components") if e.text),
        patches=tuple(_patches(root, directory, gaps)),
        images=tuple(_image(node) for node in _list(root, "images") if node.text_at("name")),
        replicas=tuple(_replicas(root)),
        generators=tuple(generators),
        name_prefix=root.text_at("namePrefix"),
        name_suffix=root.text_at("nameSuffix"),
        namespace=root.text_at("namespace"),
        component=root.text_at("kind") == "Component",
        gaps=tuple(gaps),
    )


def _list(root: Node, name: str) -> list[Node]:
    node = root.get(name)
    return node.elements() if node is not None else []


def _path(node: Node, directory: str) -> Text:
    return Text(from_root(directory, node.text or ""), node.line, node.column)


def _image(node: Node) -> tuple[str, str, str, int]:
    digest = node.text_at("digest")
    return node.text_at("name"), node.text_at("newName"), f"@{digest}" if digest else node.text_at("newTag"), node.line


def _replicas(root: Node) -> list[tuple[str, int, int]]:
    found = []
    for node in _list(root, "replicas"):
        count = node.get("count")
        if count is not None and count.as_int is not None:
            found.append((node.text_at("name"), count.as_int, count.line))
    return found


def _patches(root: Node, directory: str, gaps: list[Gap]) -> list[Patch]:
    found = [
        _patch_text(element, directory, gaps) if "\n" in element.text else _patch_file(element, directory)
        for element in _list(root, "patchesStrategicMerge")
        if element.text is not None
    ]
    for section in ("patches", "patchesJson6902"):
        for node in _list(root, section):
            file, inline = node.get("path"), node.get("patch")
            if node.text:  # `patches` of kustomize before 3.2: a list of files
                found.append(_patch_file(node, directory))
                continue
            if file is not None and file.text:
                patch = _patch_file(file, directory)
            elif inline is not None:
                patch = _patch_text(inline, directory, gaps)
            else:
                continue
            target = node.get("target")
            if target is not None:
                labels = target.text_at("labelSelector")
                found.append(Patch(patch.line, patch.path, patch.documents, target.text_at("kind"), target.text_at("name"), labels))
            else:
                found.append(patch)
    return found


def _patch_file(node: Node, directory: str) -> Patch:
    return Patch(node.line, from_root(directory, node.text or ""))


def _patch_text(node: Node, directory: str, gaps: list[Gap]) -> Patch:
    """An inline patch; its places are those in the kustomization itself when it is a block."""
    if node.text is None:
        return Patch(node.line, documents=(to_tree(node),))
    documents = load(b"\n" * (node.text_line - 1) + node.text.encode("utf-8", "replace"))
    gaps.extend(documents.gaps)
    return Patch(node.line, documents=tuple(to_tree(document) for document in documents.documents))


def _generator(kind: str, node: Node, directory: str) -> Generator:
    name = node.text_at("name")
    variables: list[Variable] = []
    for literal in _list(node, "literals"):
        key, _, value = (literal.text or "").partition("=")
        variables.append(_variable(kind, name, key, _unquoted(value), literal))
    for file in _list(node, "files"):
        key, separator, _ = (file.text or "").partition("=")
        key = key if separator else posixpath.basename(file.text or "")
        source = f"secret:{name}/{key}" if kind == "Secret" else f"file:{key}"
        variables.append(Variable(key, None, file.line, file.column, source))
    files = [element for section in ("envs", "env") for element in _one_or_many(node, section) if element.text]
    return Generator(
        kind=kind,
        name=name,
        line=(node.get("name") or node).line,
        behavior=node.text_at("behavior") or "create",
        variables=tuple(variables),
        environment_files=tuple(_path(element, directory) for element in files),
    )


def _one_or_many(node: Node, name: str) -> list[Node]:
    found = node.get(name)
    return found.one_or_many() if found is not None else []


def _variable(kind: str, name: str, key: str, value: str, place: Node) -> Variable:
    if kind == "Secret":
        return Variable(key, None, place.line, place.column, f"secret:{name}/{key}")
    return Variable(key, value, place.line, place.column)


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"" else value
