"""ko configurations (.ko.yaml)."""

from __future__ import annotations

from steadygo.facts.commands import Variable
from steadygo.facts.pipelines import Release, ReleaseBuild
from steadygo.facts.place import Gap
from steadygo.read.quantities import text_fact
from steadygo.read.yaml_lists import assignments_of, texts_of, words_of
from steadygo.read.yaml_nodes import Node, load


def read(path: str, data: bytes) -> Release:
    """Builds and the base image of a ko configuration; defaults, also ko's own CGO_ENABLED=0, are put into what says nothing itself."""
    documents = load(data)
    root = documents.first
    gaps = list(documents.gaps)
    if not root.is_mapping:
        if not root.is_null:
            gaps.append(Gap(root.line, "not a ko configuration: not a mapping"))
        return Release(path, "ko", gaps=tuple(gaps))
    builds = root.get("builds")
    found: list[ReleaseBuild] = []
    for element in builds.elements() if builds is not None else ():
        if element.is_mapping:
            found.append(_build(element, root))
        else:
            gaps.append(Gap(element.line, "a build is not a mapping"))
    if builds is not None and not builds.is_sequence and not builds.is_null:
        gaps.append(Gap(builds.line, "builds is not a list"))
    return Release(path, "ko", tuple(found), base_image=text_fact(root.get("defaultBaseImage")), gaps=tuple(gaps))


def _build(node: Node, root: Node) -> ReleaseBuild:
    variables = assignments_of(node.get("env") or root.get("defaultEnv"))
    if all(variable.name != "CGO_ENABLED" for variable in variables):
        variables = (Variable("CGO_ENABLED", "0", node.line, node.column), *variables)
    return ReleaseBuild(
        id=node.text_at("id"),
        line=node.line,
        main=node.text_at("main") or ".",
        directory=node.text_at("dir") or ".",
        flags=texts_of(node.get("flags") or root.get("defaultFlags")),
        ldflags=texts_of(node.get("ldflags") or root.get("defaultLdflags")),
        variables=variables,
        targets=tuple(platform.replace("/", "_") for platform in words_of(root.get("defaultPlatforms"))),
    )
