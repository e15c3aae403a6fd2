"""Kubernetes manifests: what runs pods, what configures them, what routes to them, and everything else as its settings."""

from __future__ import annotations

import re
from collections.abc import Iterable

from steadygo.facts.commands import Variable
from steadygo.facts.place import Gap
from steadygo.facts.trees import Tree
from steadygo.facts.workloads import ConfigData, Manifests, NetworkService, OtherObject, Workload
from steadygo.read.pods import containers_of
from steadygo.read.quantities import amount_fact, text_fact
from steadygo.read.yaml_nodes import Documents, Node, from_tree, load, to_tree

MAX_SETTINGS = 400
MAX_DOCUMENT = 20_000  # nodes of a document that overlays may change
MAX_VALUE = 4_000  # characters of a ConfigMap's value
HELM_TEMPLATE = re.compile(rb"\{\{-?\s*(?:\.(?:Values|Release|Chart|Capabilities)\b|(?:include|tpl|toYaml)\s)")

_WITHOUT_PODS = frozenset({"CustomResourceDefinition", "ConfigMap", "Secret", "Service", "List", "Kustomization", "Component"})


def read(path: str, data: bytes) -> Manifests:
    """Facts of a Kubernetes file; empty when it holds no Kubernetes object. A template outside of a chart is a gap."""
    if HELM_TEMPLATE.search(data):
        return Manifests(path, "helm", partly=True, gaps=(Gap(1, "Helm: a template whose chart is not known"),))
    documents = load(data)
    return facts_of(path, documents) or Manifests(path, "kubernetes", gaps=documents.gaps)


def facts_of(path: str, documents: Documents, kind: str = "kubernetes", partly: bool = False) -> Manifests | None:
    """Facts of documents that are already read."""
    roots = documents.documents
    if roots and all(_is_operations(root) for root in roots):
        return Manifests(path, "patch", gaps=documents.gaps, documents=tuple(to_tree(root) for root in roots))
    objects = [node for root in roots for node in _objects(root)]
    if not objects or all(node.text_at("apiVersion").startswith("kustomize.config.k8s.io") for node in objects):
        return None
    workloads, configs, services, others = objects_of(path, objects)
    trees = tuple(_without_secrets(node) for node in objects if _is_patchable(node))
    too_large = [Gap(node.line, f"{node.text_at('kind')}: too large for overlays") for node in objects if node.size > MAX_DOCUMENT]
    return Manifests(path, kind, workloads, configs, services, others, partly, (*documents.gaps, *too_large), trees)


def objects_of_trees(
    path: str, trees: Iterable[Tree]
) -> tuple[tuple[Workload, ...], tuple[ConfigData, ...], tuple[NetworkService, ...], tuple[OtherObject, ...]]:
    """As `objects_of`, for documents that overlays were applied to."""
    return objects_of(path, [from_tree(tree) for tree in trees])


def objects_of(
    path: str, objects: Iterable[Node]
) -> tuple[tuple[Workload, ...], tuple[ConfigData, ...], tuple[NetworkService, ...], tuple[OtherObject, ...]]:
    """The facts of Kubernetes objects that stand in `path`."""
    workloads: list[Workload] = []
    configs: list[ConfigData] = []
    services: list[NetworkService] = []
    others: list[OtherObject] = []
    for node in objects:
        kind = node.text_at("kind")
        core = "/" not in node.text_at("apiVersion")
        pod, holder = _pod(node, kind)
        if pod is not None:
            workloads.append(_workload(path, node, kind, pod, holder))
        elif kind in ("ConfigMap", "Secret") and core:
            configs.append(_config(path, node, kind))
        elif kind == "Service" and core:
            services.append(_network_service(path, node))
        else:
            others.append(_other(path, node, kind))
    return tuple(workloads), tuple(configs), tuple(services), tuple(others)


def _objects(root: Node) -> list[Node]:
    """The Kubernetes objects of a document; those of a List one by one."""
    if not root.is_mapping or not root.text_at("apiVersion") or not root.text_at("kind"):
        return []
    items = root.get("items")
    if root.text_at("kind").endswith("List") and items is not None and items.is_sequence:
        return [item for item in items.elements() if item.text_at("kind") and item.is_mapping]
    return [root]


def _is_operations(root: Node) -> bool:
    """Whether a document is a JSON 6902 patch."""
    return bool(root.elements()) and all(e.text_at("op") and e.text_at("path").startswith("/") for e in root.elements())


def _is_patchable(node: Node) -> bool:
    return node.size <= MAX_DOCUMENT and node.text_at("kind") != "CustomResourceDefinition"


def _without_secrets(node: Node) -> Tree:
    tree = to_tree(node)
    if tree.text_at("kind") != "Secret":
        return tree
    children: list[Tree] = []
    for key, value in tree.items():
        if key.text in ("data", "stringData"):
            blank = [part for name, content in value.items() for part in (name, Tree("scalar", content.line, content.column))]
            value = Tree("mapping", value.line, value.column, None, tuple(blank))
        children += (key, value)
    return Tree("mapping", tree.line, tree.column, None, tuple(children))


def _pod(node: Node, kind: str) -> tuple[Node | None, Node | None]:
    """(pod spec, the object that holds it and its metadata), None twice when the object runs no pods."""
    if kind in _WITHOUT_PODS and not (kind == "Service" and node.text_at("apiVersion").startswith("serving.knative.dev/")):
        return None, None
    if kind == "Pod":
        holder: Node | None = node
    elif kind == "CronJob":
        holder = node.get("spec", "jobTemplate", "spec", "template")
    elif kind == "PodTemplate":
        holder = node.get("template")
    else:
        holder = node.get("spec", "template")
    pod = holder.get("spec") if holder is not None else None
    if pod is None:
        return None, None
    containers = pod.get("containers")
    if containers is None or not any(e.is_mapping for e in containers.elements()):
        return None, None
    return pod, holder


def _workload(path: str, node: Node, kind: str, pod: Node, holder: Node | None) -> Workload:
    spec = node.get("spec") or node
    strategy = spec.get("strategy") or spec.get("updateStrategy")
    mode, detail = _strategy(strategy)
    name = node.get("metadata", "name") or node.get("metadata", "generateName")
    labels = _pairs(holder, "metadata", "labels") or ((_pairs(node, "metadata", "labels")) if holder is node else ())
    annotations = dict(_pairs(node, "metadata", "annotations")) | dict(_pairs(holder, "metadata", "annotations"))
    replicas, history = spec.get("replicas"), spec.get("revisionHistoryLimit")
    grace = pod.get("terminationGracePeriodSeconds")
    return Workload(
        kind=kind if kind != "Service" else "KnativeService",
        name=(name.text or "") if name is not None else "",
        line=(node.key("kind") or node).line,
        path=path,
        namespace=node.text_at("metadata", "namespace"),
        replicas=amount_fact(replicas, replicas.as_float if replicas is not None else None),
        strategy=text_fact(mode),
        max_unavailable=text_fact(detail.get("maxUnavailable")) if detail is not None else None,
        max_surge=text_fact(detail.get("maxSurge")) if detail is not None else None,
        revision_history=amount_fact(history, history.as_float if history is not None else None),
        grace=amount_fact(grace, grace.as_float if grace is not None else None),
        restart=text_fact(pod.get("restartPolicy")),
        labels=labels,
        annotations=tuple(annotations.items()),
        containers=containers_of(pod, spec.get("volumeClaimTemplates")),
        service_account=pod.text_at("serviceAccountName"),
    )


def _strategy(node: Node | None) -> tuple[Node | None, Node | None]:
    """(the strategy's name, where maxSurge and maxUnavailable stand)."""
    if node is None or not node.is_mapping:
        return None, None
    rolling = node.get("rollingUpdate")
    if node.get("type") is not None or rolling is not None:
        return node.get("type") or node.key("rollingUpdate"), rolling
    for name in ("canary", "blueGreen"):
        if node.key(name) is not None:
            return node.key(name), node.get(name)
    return None, None


def _pairs(node: Node | None, *path: str) -> tuple[tuple[str, str], ...]:
    found = node.get(*path) if node is not None else None
    return tuple((name, value.text or "") for name, value in found.named_items()) if found is not None else ()


def _config(path: str, node: Node, kind: str) -> ConfigData:
    secret = kind == "Secret"
    variables: dict[str, Variable] = {}
    for section in ("data", "stringData", "binaryData"):
        values = node.get(section)
        for key, value in values.items() if values is not None else []:
            name = key.text or ""
            if secret:
                variables[name] = Variable(name, None, key.line, key.column, f"secret:{node.text_at('metadata', 'name')}/{name}", key.path)
                continue
            text = value.text or ""
            long = len(text) > MAX_VALUE or section == "binaryData" or value.is_null
            place = value if value.path else key
            variables[name] = Variable(name, None if long else text, place.line, place.column, f"file:{name}" if long else "", place.path)
    return ConfigData(
        kind.lower(),
        node.text_at("metadata", "name"),
        (node.key("kind") or node).line,
        path,
        tuple(variables.values()),
        node.text_at("metadata", "namespace"),
    )


def _network_service(path: str, node: Node) -> NetworkService:
    ports = node.get("spec", "ports")
    found = []
    for port in ports.elements() if ports is not None else []:
        number = port.get("port")
        if number is None:
            continue
        found.append((port.text_at("name"), number.as_int or 0, port.text_at("targetPort") or number.text or "", number.line))
    return NetworkService(
        node.text_at("metadata", "name"),
        (node.key("kind") or node).line,
        path,
        _pairs(node, "spec", "selector"),
        tuple(found),
        node.text_at("metadata", "namespace"),
        _pairs(node, "metadata", "labels"),
        _pairs(node, "metadata", "annotations"),
    )


def _other(path: str, node: Node, kind: str) -> OtherObject:
    settings = tuple((name, leaf.text or "", leaf.line) for name, leaf in node.leaves(MAX_SETTINGS))
    return OtherObject(
        kind,
        node.text_at("metadata", "name"),
        (node.key("kind") or node).line,
        path,
        settings,
        node.text_at("metadata", "namespace"),
        node.text_at("apiVersion"),
    )
