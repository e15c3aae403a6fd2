"""The same commit builds another image tomorrow: its base has no version.

`FROM alpine` and `FROM alpine:latest` mean what the registry holds at that moment: a rebuild for a one-line fix also brings another
distribution, another glibc, another Go. A golang image without a Go version in its tag changes the compiler without a commit. When the
rebuild breaks, nothing in the repository has changed.

Tags with a version are not reported, though they move too; neither are stages of this file, scratch, and bases that an argument without a
default names. Distroless images have no version in their usual names: those are a note.

Fix: name the version, and the digest where the same bytes must come back: `FROM alpine:3.22@sha256:…`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Place, Severity
from steadygo.rules.rule import Rule

_MOVING = {"", "latest", "stable", "edge", "mainline", "nightly", "master", "main", "rolling"}
_PLACEHOLDER = re.compile(r"[${]|^(scratch|context|binary|source|src|build|builder)$")


def check(facts: Repository) -> Iterator[Finding]:
    owners = {i.image.path: s.name for s in facts.services if not s.tool for i in s.images}
    for image in facts.images:
        if image.path not in owners or not facts.ships(image.path):
            continue
        for number, stage in enumerate(image.stages):
            name, _, tag = stage.base.rpartition("/")[2].partition(":")
            if stage.parent is not None or "@" in stage.base or _PLACEHOLDER.search(stage.base) or not name:
                continue
            any_go = name == "golang" and not re.search(r"\d", tag.replace("bookworm", "").partition("alpine")[0])
            if tag not in _MOVING and not any_go:
                continue
            shown = stage.base if tag else f"{stage.base} without a tag"
            what = "the Go that compiles" if any_go else "the image that runs" if number == len(image.stages) - 1 else "a build stage"
            moves = "moves" if tag not in ("",) else "is whatever the registry calls latest"
            message = f"{what} is {shown}: it {moves}, so that a rebuild of the same commit gives another image"
            severity = Severity.NOTE if "distroless" in stage.base or what == "a build stage" else None
            fix = f"Name a version of {name}, with its digest where the same bytes must come back."
            yield Finding(message, Place(image.path, stage.line), fix=fix, service="", severity=severity)


_MAIN = {"go.mod": "module example.com/orders\n\ngo 1.24\n", "cmd/orders/main.go": "package main\n\nfunc main() {}\n"}
_REST = 'COPY --from=build /orders /orders\nENTRYPOINT ["/orders"]\n'
_BUILD = "FROM golang:1.24 AS build\nRUN go build -o /orders ./cmd/orders\n"

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    needs=("image",),
    fails=(
        {**_MAIN, "Dockerfile": _BUILD + "# want below\nFROM alpine:latest\n" + _REST},
        {**_MAIN, "Dockerfile": "# want below\n" + _BUILD.replace("golang:1.24", "golang:alpine") + "FROM alpine:3.20\n" + _REST},
        {**_MAIN, "Dockerfile": _BUILD + "# want below\nFROM debian\n" + _REST},
    ),
    passes=(
        {**_MAIN, "Dockerfile": _BUILD + "FROM alpine:3.20\n" + _REST},
        {**_MAIN, "Dockerfile": _BUILD + "FROM scratch\n" + _REST},
        {**_MAIN, "Dockerfile": _BUILD + "FROM alpine@sha256:" + "0" * 64 + "\n" + _REST},
        {**_MAIN, "Dockerfile": "ARG BASE\n" + _BUILD + "FROM ${BASE}\n" + _REST},
    ),
)
