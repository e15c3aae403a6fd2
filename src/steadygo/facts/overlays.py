"""Kustomize overlays applied: each workload once for every environment that it is deployed to.

A base that overlays include is no environment of its own; a manifest under no kustomization stands as it is written.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from msgspec import structs

from steadygo.facts.commands import Variable
from steadygo.facts.compose_variants import with_bases
from steadygo.facts.patching import json_6902, mapping, strategic, with_value
from steadygo.facts.renaming import renamed, with_image
from steadygo.facts.trees import Tree, scalar
from steadygo.facts.workloads import ConfigData, Generator, Kustomization, Manifests, NetworkService, OtherObject, Patch, Workload
from steadygo.findings import NotKnown, Place

Objects = tuple[Sequence[Workload], Sequence[ConfigData], Sequence[NetworkService], Sequence[OtherObject]]
ReadObjects = Callable[[str, Sequence[Tree]], Objects]

_FOLDERS = frozenset({"overlays", "overlay", "environments", "environment", "envs", "env", "clusters", "variants"})
_ENVIRONMENTS = frozenset(
    {"prod", "production", "prd", "live", "stage", "staging", "stg", "dev", "development", "develop", "test", "testing", "qa", "uat"}
    | {"local", "preprod", "pre-prod", "sandbox", "canary", "integration", "preview", "demo"}
)
_NEUTRAL = frozenset({"", "kustomize", "deploy", "deployment", "k8s", "kubernetes", "manifests", "base", "bases", "default", "config"})
_TESTS = frozenset({"test", "tests", "testdata"})
_SCALED = frozenset({"Deployment", "ReplicaSet", "StatefulSet", "ReplicationController", "Rollout"})
_WITHOUT_NAMESPACE = re.compile(r"Cluster.*|Namespace|CustomResourceDefinition|PersistentVolume|StorageClass|IngressClass|PriorityClass")
MAX_ITEMS = 5_000


@dataclass(frozen=True)
class Rendered:
    """What is deployed, each thing with its environment, and what could not be applied."""

    workloads: tuple[Workload, ...] = ()
    configs: tuple[ConfigData, ...] = ()
    network_services: tuple[NetworkService, ...] = ()
    others: tuple[OtherObject, ...] = ()
    not_known: tuple[NotKnown, ...] = ()


@dataclass(frozen=True)
class _Item:
    """A document, the file it comes from, the names it had, and the environment that it belongs to so far."""

    tree: Tree
    path: str
    names: frozenset[str]
    environment: str = ""

    @property
    def kind(self) -> str:
        return self.tree.text_at("kind")

    @property
    def name(self) -> str:
        return self.tree.text_at("metadata", "name")


def render(
    kustomizations: Iterable[Kustomization],
    manifests: Iterable[Manifests],
    environment_files: Mapping[str, tuple[Variable, ...]],
    read_objects: ReadObjects,
) -> Rendered:
    """Apply all overlays, lay compose variants over their base. `read_objects` reads the facts out of documents that stand in a file."""
    overlays = _Overlays(kustomizations, with_bases(manifests), environment_files)
    items = overlays.rendered()
    groups: dict[tuple[str, str], list[Tree]] = {}
    for item in items:
        groups.setdefault((item.environment, item.path), []).append(item.tree)
    workloads: list[Workload] = []
    configs: list[ConfigData] = []
    services: list[NetworkService] = []
    others: list[OtherObject] = []
    for (environment, path), trees in groups.items():
        _keep(read_objects(path, trees), environment, workloads, configs, services, others)
    for file in overlays.plain():
        _keep(
            (file.workloads, file.configs, file.services, file.others), known_environment(file.path), workloads, configs, services, others
        )
    return Rendered(tuple(workloads), tuple(configs), tuple(services), tuple(others), tuple(overlays.not_known))


def known_environment(path: str) -> str:
    """The directory of a path that is named like an environment, "" when there is none."""
    return next((part for part in reversed(path.split("/")[:-1]) if part.lower() in _ENVIRONMENTS), "")


def _keep(
    objects: Objects,
    environment: str,
    workloads: list[Workload],
    configs: list[ConfigData],
    services: list[NetworkService],
    others: list[OtherObject],
) -> None:
    workloads.extend(structs.replace(w, environment=w.environment or environment) for w in objects[0])
    configs.extend(structs.replace(c, environment=c.environment or environment) for c in objects[1])
    services.extend(structs.replace(s, environment=s.environment or environment) for s in objects[2])
    others.extend(structs.replace(o, environment=o.environment or environment) for o in objects[3])


@dataclass
class _Overlays:
    """One rendering of a repository's kustomizations."""

    kustomizations: Iterable[Kustomization]
    manifests: Iterable[Manifests]
    environment_files: Mapping[str, tuple[Variable, ...]]
    not_known: list[NotKnown] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._all = sorted(self.manifests, key=lambda file: file.path)
        self._files = {file.path: file for file in self._all}
        self._directories = {posixpath.dirname(k.path): k for k in self.kustomizations}
        self._built: dict[str, list[_Item]] = {}
        self._unknown: set[NotKnown] = set()

    def rendered(self) -> list[_Item]:
        """The items of every kustomization that no other one includes; those of tests are no environment, whatever they include."""
        shipped = {directory: k for directory, k in self._directories.items() if not _in_tests(directory)}
        included = {text.value for k in shipped.values() for text in (*k.resources, *k.components)}
        found: list[_Item] = []
        for directory, kustomization in sorted(shipped.items()):
            if kustomization.component or directory in included:
                continue
            items = self._build(directory, ())
            own = self._root_environment(directory, kustomization)
            found += [item if item.environment else replace(item, environment=own) for item in items]
        return found

    def plain(self) -> list[Manifests]:
        """The files that no kustomization names."""
        named = {text.value for k in self._directories.values() for text in k.resources}
        named |= {patch.path for k in self._directories.values() for patch in k.patches}
        return [file for file in self._all if file.path not in named and file.kind != "patch"]

    def _root_environment(self, directory: str, kustomization: Kustomization) -> str:
        last = posixpath.basename(directory)
        includes = any(text.value in self._directories for text in kustomization.resources)
        return last if includes and last not in _NEUTRAL else known_environment(kustomization.path)

    def _say(self, message: str, path: str, line: int) -> None:
        said = NotKnown(message, Place(path, line))
        if said not in self._unknown:
            self._unknown.add(said)
            self.not_known.append(said)

    def _build(self, directory: str, including: tuple[str, ...]) -> list[_Item]:
        if directory not in self._built:
            self._built[directory] = self._customise(self._directories[directory], [], (*including, directory))
        return self._built[directory]

    def _customise(self, kustomization: Kustomization, items: list[_Item], including: tuple[str, ...]) -> list[_Item]:
        """What a kustomization makes: of its resources alone, or, for a component, of its includer's `items` as well."""
        items = [*items, *self._resources(kustomization, including)]
        for text in kustomization.components:
            component = self._directories.get(text.value)
            if component is None:
                self._say(f"kustomize: {text.value} is not in this repository", kustomization.path, text.line)
            elif text.value not in including:
                items = self._customise(component, items, (*including, text.value))
        items = self._generate(kustomization, _without_doubles(items))
        for patch in kustomization.patches:
            items = self._patch(kustomization.path, patch, items)
        items = _transform(kustomization, items)
        named = _overlay_name(posixpath.dirname(kustomization.path))
        if named and not kustomization.component:
            items = [replace(item, environment=named) for item in items]
        return items

    def _resources(self, kustomization: Kustomization, including: tuple[str, ...]) -> list[_Item]:
        found: list[_Item] = []
        for text in kustomization.resources:
            file = self._files.get(text.value)
            if file is not None:
                found += [_Item(tree, file.path, frozenset({tree.text_at("metadata", "name")})) for tree in file.documents]
            elif text.value in including:
                self._say(f"kustomize: {text.value} includes itself", kustomization.path, text.line)
            elif text.value in self._directories:
                found += self._build(text.value, including)
            else:
                self._say(f"kustomize: {text.value} is not in this repository or holds no Kubernetes object", kustomization.path, text.line)
            if len(found) > MAX_ITEMS:
                self._say(f"kustomize: more than {MAX_ITEMS} objects", kustomization.path, text.line)
                return found[:MAX_ITEMS]
        return found

    def _generate(self, kustomization: Kustomization, items: list[_Item]) -> list[_Item]:
        for generator in kustomization.generators:
            values = [(variable, kustomization.path) for variable in generator.variables]
            for file in generator.environment_files:
                known = self.environment_files.get(file.value)
                if known is None:
                    self._say(f"kustomize: {file.value} could not be read", kustomization.path, file.line)
                values += [(variable, file.value) for variable in known or ()]
            made = _generated(generator, values, kustomization.path)
            index = next((i for i, item in enumerate(items) if item.kind == generator.kind and generator.name in item.names), -1)
            if index < 0 or generator.behavior == "create":
                items = [*items, _Item(made, kustomization.path, frozenset({generator.name}))]
                continue
            data = made.get("data") or Tree("mapping", generator.line)
            if generator.behavior == "merge":
                pairs = {key.text: (key, value) for key, value in (items[index].tree.get("data") or data).items()}
                pairs |= {key.text: (key, value) for key, value in data.items()}
                data = mapping(data, list(pairs.values()))
            changed = replace(items[index], tree=with_value(items[index].tree, ("data",), data))
            items = [*items[:index], changed, *items[index + 1 :]]
        return items

    def _patch(self, path: str, patch: Patch, items: list[_Item]) -> list[_Item]:
        documents, where = patch.documents, path
        if patch.path:
            file = self._files.get(patch.path)
            if file is None:
                self._say(f"kustomize: the patch {patch.path} could not be read", path, patch.line)
                return items
            documents, where = file.documents, patch.path
        for document in documents:
            kind, name = patch.kind, patch.name
            targeted = bool(patch.kind or patch.name or patch.labels)
            if not targeted and document.kind == "mapping":
                kind, name = re.escape(document.text_at("kind")), re.escape(document.text_at("metadata", "name"))
            matching = {id(item) for item in items if (targeted or kind) and _matches(item, kind, name, patch.labels)}
            if not matching:
                self._say(f"kustomize: a patch for {kind} {name} finds no such object".replace("\\", ""), path, patch.line)
            changed = [self._patched(item, document, where) if id(item) in matching else item for item in items]
            items = [item for item in changed if item is not None]
        return items

    def _patched(self, item: _Item, document: Tree, path: str) -> _Item | None:
        if document.kind == "sequence":
            tree, faults = json_6902(item.tree, document, path)
            for line, reason in faults:
                self._say(f"kustomize: {reason} to {item.kind} {item.name}", path, line)
            return replace(item, tree=tree)
        merged = strategic(item.tree, document, path)
        if merged is None:
            return None
        name = item.tree.get("metadata", "name")
        return replace(item, tree=with_value(merged, ("metadata", "name"), name) if name is not None else merged)


def _in_tests(directory: str) -> bool:
    return not _TESTS.isdisjoint(directory.split("/"))


def _overlay_name(directory: str) -> str:
    """ "prod" for overlays/prod and "prod/eu" for overlays/prod/eu; else the last part when it is named like an environment."""
    parts = directory.split("/")
    for index in range(len(parts) - 2, -1, -1):
        if parts[index] in _FOLDERS:
            return "/".join(parts[index + 1 :])
    return parts[-1] if parts[-1].lower() in _ENVIRONMENTS else ""


def _without_doubles(items: list[_Item]) -> list[_Item]:
    """Each object once: two paths to the same base are an error to Kustomize, and would multiply here."""
    seen: set[tuple[str, str, str]] = set()
    found = []
    for item in items:
        key = (item.kind, item.tree.text_at("metadata", "namespace"), item.name)
        if key not in seen or not item.name:
            seen.add(key)
            found.append(item)
    return found


def _matches(item: _Item, kind: str, name: str, labels: str) -> bool:
    if kind and not _full(kind, item.kind):
        return False
    if name and not any(_full(name, known) for known in item.names):
        return False
    for part in labels.split(",") if labels else []:
        key, _, value = part.replace("==", "=").partition("=")
        if item.tree.text_at("metadata", "labels", key.strip()) != value.strip():
            return False
    return True


def _full(pattern: str, text: str) -> bool:
    """Whether a target's selector matches. Only plain names, `.*` and alternatives are understood; no selector can run away."""
    if len(pattern) > 200:
        return False
    parts = [re.escape(part).replace(r"\.\*", ".*").replace(r"\-", "-") for part in pattern.strip("^$()").replace("\\", "").split("|")]
    return any(re.fullmatch(re.sub(r"(\.\*)+", ".*", part), text) for part in parts)


def _generated(generator: Generator, values: list[tuple[Variable, str]], path: str) -> Tree:
    line = generator.line
    data: list[tuple[Tree, Tree]] = []
    for variable, file in values:
        elsewhere = file if file != path else ""
        key = Tree("scalar", variable.line, variable.column, variable.name, (), elsewhere)
        secret = generator.kind == "Secret"
        data.append((key, Tree("scalar", variable.line, variable.column, None if secret else variable.value, (), elsewhere)))
    tree = Tree("mapping", line)
    for keys, text in ((("apiVersion",), "v1"), (("kind",), generator.kind), (("metadata", "name"), generator.name)):
        tree = with_value(tree, keys, Tree("scalar", line, 1, text))
    return with_value(tree, ("data",), mapping(Tree("mapping", line), data))


def _transform(kustomization: Kustomization, items: list[_Item]) -> list[_Item]:
    """Namespace, names, images and replicas, in Kustomize's order."""
    path = kustomization.path
    names: dict[tuple[str, str], str] = {}
    if kustomization.name_prefix or kustomization.name_suffix:
        names = {
            (item.kind, item.name): f"{kustomization.name_prefix}{item.name}{kustomization.name_suffix}"
            for item in items
            if item.name and item.kind not in ("Namespace", "CustomResourceDefinition")
        }
    found: list[_Item] = []
    for item in items:
        tree, known = item.tree, item.names
        if kustomization.namespace and not _WITHOUT_NAMESPACE.fullmatch(item.kind):
            tree = with_value(tree, ("metadata", "namespace"), Tree("scalar", 1, 1, kustomization.namespace, (), path))
        if names:
            tree = renamed(tree, names)
            name = names.get((item.kind, item.name))
            if name is not None:
                tree = with_value(tree, ("metadata", "name"), scalar(name, tree.get("metadata", "name")))
                known |= {name}
        for image in kustomization.images:
            tree = with_image(tree, image, path)
        for name, count, line in kustomization.replicas:
            if item.kind in _SCALED and name in known:
                tree = with_value(tree, ("spec", "replicas"), Tree("scalar", line, 1, str(count), (), path))
        found.append(replace(item, tree=tree, names=known))
    return found
