"""goreleaser configurations. Defaults that goreleaser fills in are filled in; templates stay as written."""

from __future__ import annotations

import posixpath
from itertools import islice, product

from steadygo.facts.commands import Variable
from steadygo.facts.pipelines import Release, ReleaseBuild
from steadygo.facts.place import Gap, Text
from steadygo.read.quantities import text_fact
from steadygo.read.yaml_lists import assignments_of, texts_of, words_of
from steadygo.read.yaml_nodes import Node, load

_SYSTEMS = ("darwin", "linux", "windows")
_ARCHITECTURES = ("386", "amd64", "arm64")
_LDFLAGS = "-s -w -X main.version={{.Version}} -X main.commit={{.Commit}} -X main.date={{.Date}} -X main.builtBy=goreleaser"
_MOST_TARGETS = 100
_OTHER_BUILDERS = frozenset({"prebuilt", "rust", "zig", "bun", "deno", "uv", "poetry", "node"})


def read(path: str, data: bytes) -> Release:
    """Builds, Dockerfiles and ko images of a goreleaser configuration."""
    documents = load(data)
    root = documents.first
    gaps = list(documents.gaps)
    if not root.is_mapping:
        return Release(path, "goreleaser", gaps=(*gaps, Gap(root.line, "not a goreleaser configuration: not a mapping")))
    images = [e for e in _elements(root, "kos", gaps) if e.is_mapping]
    folder = posixpath.dirname(path)
    return Release(
        path,
        "goreleaser",
        builds=_builds(root, gaps),
        dockerfiles=_dockerfiles(root, folder, gaps),
        base_image=next((text for e in images if (text := text_fact(e.get("base_image"))) is not None), None),
        gaps=tuple(gaps),
    )


def _elements(root: Node, name: str, gaps: list[Gap]) -> list[Node]:
    node = root.get(name)
    if node is None or node.is_null:
        return []
    if not node.is_sequence:
        gaps.append(Gap(node.line, f"{name} is not a list"))
        return []
    return node.elements()


def _builds(root: Node, gaps: list[Gap]) -> tuple[ReleaseBuild, ...]:
    project = root.text_at("project_name")
    outer = assignments_of(root.get("env"))
    single = root.get("build")
    elements = [single] if single is not None and single.is_mapping else _elements(root, "builds", gaps)
    if not elements and root.get("builds") is None and root.get("includes") is None:
        return (_build(Node("mapping", root.line, root.column), project, outer),)
    found: list[ReleaseBuild] = []
    for element in elements:
        if not element.is_mapping:
            gaps.append(Gap(element.line, "a build is not a mapping"))
            continue
        skip = element.get("skip")
        if (skip is not None and skip.as_bool) or element.text_at("builder") in _OTHER_BUILDERS:
            continue
        found.append(_build(element, project, outer))
    return tuple(found)


def _build(node: Node, project: str, outer: tuple[Variable, ...]) -> ReleaseBuild:
    own = assignments_of(node.get("env"))
    named = {variable.name for variable in own}
    targets = words_of(node.get("targets"))
    if not targets:
        systems = words_of(node.get("goos")) or _SYSTEMS
        architectures = words_of(node.get("goarch")) or _ARCHITECTURES
        ignored = {(e.text_at("goos"), e.text_at("goarch")) for e in _ignored(node)} | {("darwin", "386")}
        pairs = ((s, a) for s, a in product(systems, architectures) if not {(s, a), (s, ""), ("", a)} & ignored)
        targets = tuple(f"{system}_{architecture}" for system, architecture in islice(pairs, _MOST_TARGETS))
    given = node.get("ldflags")
    return ReleaseBuild(
        id=node.text_at("id") or project,
        line=node.line,
        main=node.text_at("main") or ".",
        directory=node.text_at("dir") or ".",
        binary=node.text_at("binary") or project,
        flags=texts_of(node.get("flags")),
        ldflags=texts_of(given) if given is not None else (Text(_LDFLAGS, node.line, node.column),),
        variables=(*(variable for variable in outer if variable.name not in named), *own),
        targets=targets,
    )


def _ignored(node: Node) -> list[Node]:
    ignored = node.get("ignore")
    return [element for element in ignored.elements() if element.is_mapping] if ignored is not None else []


def _dockerfiles(root: Node, folder: str, gaps: list[Gap]) -> tuple[tuple[Text, tuple[str, ...]], ...]:
    """(path from the repository's root, images) of dockers and dockers_v2."""
    found: list[tuple[Text, tuple[str, ...]]] = []
    for name in ("dockers", "dockers_v2"):
        for element in _elements(root, name, gaps):
            if not element.is_mapping:
                gaps.append(Gap(element.line, "a docker entry is not a mapping"))
                continue
            skip = element.get("skip")
            if skip is not None and skip.as_bool:
                continue
            file = text_fact(element.get("dockerfile")) or Text("Dockerfile", element.line, element.column)
            images = words_of(element.get("image_templates")) or tuple(
                islice((f"{i}:{t}" for i, t in product(words_of(element.get("images")), words_of(element.get("tags")))), _MOST_TARGETS)
            )
            found.append((Text(posixpath.normpath(posixpath.join(folder, file.value)), file.line, file.column), images))
    return tuple(found)
