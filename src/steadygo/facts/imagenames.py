"""What an image is called: `docker build -t`, build-push actions and goreleaser say so; a registry path is compared by its last element."""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Iterable

from steadygo.facts.commands import Command
from steadygo.facts.images import Image
from steadygo.facts.pipelines import Pipeline, Release
from steadygo.findings import Place

_BUILDERS = {"docker", "podman", "buildah", "nerdctl", "img", "kaniko", "/kaniko/executor", "executor"}


def base_name(image: str) -> str:
    """`ghcr.io/acme/orders:v1@sha256:…` -> `orders`; "" when a variable stands where the name should be."""
    name = image.partition("@")[0]
    head, _, last = name.rpartition("/")
    last = last.partition(":")[0]
    if "$" in last or "{" in last or not last:
        words = re.sub(r"\$\{[^}]*\}|\$\w+|\$\([^)]*\)|\{\{.*?\}\}|\$\{\{.*?\}\}", "", last).strip("-_:")
        return words if head or words else ""
    return last


def named_images(
    images: tuple[Image, ...],
    commands: Iterable[tuple[str, Place, Command]],
    pipelines: tuple[Pipeline, ...],
    releases: tuple[Release, ...],
) -> dict[str, dict[str, Place]]:
    """{path of a Dockerfile: {name given to its image: where}}."""
    known = {i.path for i in images}
    names: dict[str, dict[str, Place]] = defaultdict(dict)

    def state(file: str, context: str, tags: Iterable[str], at: Place) -> None:
        context = context.removeprefix("./").rstrip("/")
        context = "" if context in (".", "") or "$" in context or context.startswith("..") else context
        default = posixpath.join(context, "Dockerfile") if context else "Dockerfile"
        beside = posixpath.join(context, file)
        for candidate in (file.removeprefix("./"), beside, posixpath.normpath(beside)) if file else (default,):
            if candidate in known:
                for tag in tags:
                    if name := base_name(tag):
                        names[candidate].setdefault(name, at)
                return

    for _, at, command in commands:
        found = _build_command(command)
        if found is not None:
            state(found[0], found[1], found[2], at)
    for pipeline in pipelines:
        for job in pipeline.jobs:
            for step in job.steps:
                if step.uses is not None and "build-push-action" in step.uses.value:
                    inputs = {v.name: v.value or "" for v in step.inputs}
                    tags = re.split(r"[,\s]+", inputs.get("tags", ""))
                    state(inputs.get("file", ""), inputs.get("context", ""), tags, Place(pipeline.path, step.line))
    for release in releases:
        for file, templates in release.dockerfiles:
            state(file.value, "", templates, Place(release.path, file.line))
    return names


def _build_command(command: Command) -> tuple[str, str, list[str]] | None:
    words = list(command.words)
    if words and words[0] == "sudo":
        words = words[1:]
    if not words or posixpath.basename(words[0]) not in {posixpath.basename(b) for b in _BUILDERS}:
        return None
    if not any(w in ("build", "bud", "--context") or w.startswith("--dockerfile") for w in words[1:4]):
        return None
    file, tags, context, index = "", [], "", 1
    while index < len(words):
        word = words[index]
        name, equals, value = word.partition("=")
        if name in ("-t", "--tag", "-f", "--file", "--dockerfile", "--destination", "--context", "-d", "-c"):
            if not equals:
                index += 1
                value = words[index] if index < len(words) else ""
            if name in ("-t", "--tag", "--destination", "-d"):
                tags.append(value)
            elif name in ("--context", "-c"):
                context = value
            else:
                file = value
        elif (
            name in ("--build-arg", "--platform", "--target", "--label", "--output", "-o", "--progress", "--cache-from", "--cache-to")
            and not equals
        ):
            index += 1
        elif not word.startswith("-") and word not in ("build", "buildx", "bud", "image"):
            context = word
        index += 1
    return file, context, tags
