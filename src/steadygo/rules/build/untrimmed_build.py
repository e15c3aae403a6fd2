"""The same commit gives another binary on another machine: the paths of the build directory are compiled in.

Without -trimpath stack traces and debug information hold the absolute paths of the machine that built. Two hosts never get the same
bytes, so nobody can prove by building again that what runs is what was reviewed, and home directories of people leak into crash reports.

Only builds of images and releases count. Errs on the side of silence when flags come from a variable that is not known.

Fix: add -trimpath to the build, or set GOFLAGS=-trimpath.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts.compilations import of_service
from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Place, Severity
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    said: set[Place] = set()
    for service in facts.services:
        for compilation in of_service(facts, service) if not service.tool else ():
            shipped = compilation.origin in ("image", "release") and facts.ships(compilation.outer.path)
            ko = compilation.origin == "release" and any(r.kind == "ko" for r in facts.releases if r.path == compilation.at.path)
            if not shipped or ko or compilation.at in said or compilation.unclear or compilation.flag("trimpath") not in (None, "false"):
                continue
            said.add(compilation.at)
            message = f"{service.name} is built without -trimpath: the binary holds the paths of the machine that built it"
            yield Finding(message, compilation.at, fix="Add -trimpath to this build.", service=service.name)


_MAIN = {"go.mod": "module example.com/orders\n\ngo 1.24\n", "cmd/orders/main.go": "package main\n\nfunc main() {}\n"}
_REST = 'FROM scratch\nCOPY --from=0 /orders /orders\nENTRYPOINT ["/orders"]\n'

RULE = Rule(
    severity=Severity.NOTE,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    needs=("image",),
    fails={**_MAIN, "Dockerfile": "FROM golang:1.24\nCOPY . .\n# want below\nRUN go build -o /orders ./cmd/orders\n" + _REST},
    passes=(
        {**_MAIN, "Dockerfile": "FROM golang:1.24\nCOPY . .\nRUN go build -trimpath -o /orders ./cmd/orders\n" + _REST},
        {**_MAIN, "Dockerfile": "FROM golang:1.24\nENV GOFLAGS=-trimpath\nCOPY . .\nRUN go build -o /orders ./cmd/orders\n" + _REST},
        {**_MAIN, "Dockerfile": "FROM golang:1.24\nCOPY . .\nRUN go build $BUILD_FLAGS -o /orders ./cmd/orders\n" + _REST},
        {**_MAIN, "Makefile": "build:\n\tgo build -o bin/orders ./cmd/orders\n"},
    ),
)
