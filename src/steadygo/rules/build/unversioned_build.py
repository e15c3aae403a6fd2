"""An incident begins with a guess: nothing in the running binary says which commit it is.

Go stamps the revision by itself only where it builds a package inside a git checkout with git at hand. An image's build stage often has
neither: .git is not copied, the image is Alpine without git, or the build names files. When no `-ldflags -X` hands a version in either,
`go version -m`, metrics and logs of the service cannot tell one release from another.

Errs on the side of silence when flags come from a variable, and when .git may be part of what is copied.

Fix: pass the version in (`--build-arg VERSION`, `-ldflags "-X main.version=${VERSION}"`), or copy .git and build the package.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts import libc
from steadygo.facts.compilations import Compilation, of_service
from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Place, Severity
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    said: set[Place] = set()
    for service in facts.services:
        for compilation in of_service(facts, service) if not service.tool else ():
            if compilation.origin != "image" or compilation.at in said or not facts.ships(compilation.outer.path):
                continue
            linker = compilation.flag("ldflags") or ""
            if compilation.unclear or re.search(r"(^|\s)['\"]?-X\b|\$", linker):
                continue
            why = _not_stamped(compilation)
            if why:
                said.add(compilation.at)
                message = f"the binary of {service.name} does not say which commit it is: no version is linked in, and {why}"
                fix = 'Pass the version as a build argument and link it in: -ldflags "-X main.version=${VERSION}".'
                yield Finding(message, compilation.at, fix=fix, service=service.name)


def _not_stamped(compilation: Compilation) -> str:
    """Why Go does not stamp the revision; "" when it may."""
    image, stage = compilation.image, compilation.stage
    if image is None or stage is None:
        return ""
    if any(p.endswith(".go") for p in compilation.go.packages):
        return "a build from a file gets no revision"
    if compilation.flag("buildvcs") == "false":
        return "-buildvcs=false keeps the revision out"
    chain = libc.lineage(image, stage)
    copies = [s.rstrip("/") for each in chain for c in each.copies if not c.origin for s in c.sources]
    mounted = any("type=bind" in m.value for each in chain for m in each.mounts)
    if copies and not mounted and not any(s in (".", "", "*", "./") or s.startswith((".git", "$")) for s in copies):
        return ".git is not copied into the build stage"
    root = libc.root_of(image, stage)
    installs_git = any("git" in c.words or "alpine-sdk" in c.words for each in chain for c in each.commands)
    if re.match(r"(docker\.io/)?(library/)?golang:.*alpine", root.base) and not installs_git:
        return f"{root.base.partition('@')[0]} has no git to read the revision with"
    return ""


_MAIN = {"go.mod": "module example.com/orders\n\ngo 1.24\n", "cmd/orders/main.go": "package main\n\nfunc main() {}\n"}
_REST = 'FROM scratch\nCOPY --from=0 /orders /orders\nENTRYPOINT ["/orders"]\n'
_BUILD = "RUN go build -o /orders ./cmd/orders\n"

RULE = Rule(
    severity=Severity.NOTE,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("image",),
    fails=(
        {**_MAIN, "Dockerfile": "FROM golang:1.24\nCOPY . .\n# want below\nRUN go build -o /orders cmd/orders/main.go\n" + _REST},
        {**_MAIN, "Dockerfile": "FROM golang:1.24\nCOPY go.mod ./\nCOPY cmd ./cmd\n# want below\n" + _BUILD + _REST},
        {**_MAIN, "Dockerfile": "FROM golang:1.24-alpine\nCOPY . .\n# want below\n" + _BUILD + _REST},
    ),
    passes=(
        {**_MAIN, "Dockerfile": "FROM golang:1.24\nCOPY . .\n" + _BUILD + _REST},
        {**_MAIN, "Dockerfile": "FROM golang:1.24-alpine\nRUN apk add --no-cache git\nCOPY . .\n" + _BUILD + _REST},
        {
            **_MAIN,
            "Dockerfile": "FROM golang:1.24\nARG VERSION\nCOPY cmd ./cmd\n"
            'RUN go build -ldflags "-X main.version=${VERSION}" -o /orders ./cmd/orders\n' + _REST,
        },
    ),
)
