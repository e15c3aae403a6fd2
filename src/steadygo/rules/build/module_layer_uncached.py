"""Every change of one line downloads all modules again: builds are slow, and fail whenever a proxy does.

Docker keeps a layer as long as what was copied before it is the same. Where the whole tree is copied before `go mod download` (or before
a build without it), the layer with the modules is rebuilt for every commit. That costs minutes in each pipeline run, and a fix in an
incident waits for module servers.

Errs on the side of silence with cache mounts, vendored modules and sources that come from another stage.

Fix: copy go.mod and go.sum first, run `go mod download`, then copy the rest; or mount a cache: `RUN
--mount=type=cache,target=/go/pkg/mod`.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from steadygo.facts import gocommand
from steadygo.facts.compilations import of_service
from steadygo.facts.images import Copy, Image, Stage
from steadygo.facts.repository import Repository, Service
from steadygo.findings import Because, Confidence, Finding, Place, Severity
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    said: set[Place] = set()
    for service in facts.services:
        for compilation in of_service(facts, service) if not service.tool else ():
            image, stage = compilation.image, compilation.stage
            if image is None or stage is None or not facts.ships(image.path) or _cheap(facts, service, image, stage):
                continue
            whole = next((c for c in stage.copies if not c.origin and not c.add and any(_is_tree(s) for s in c.sources)), None)
            if whole is None or stage.parent is not None:
                continue
            download = next((c.line for c in stage.commands if _downloads(c.words)), 0)
            copied = [c for c in stage.copies if c.line < download and _modules(c)]
            at = Place(image.path, whole.line)
            if (download and download < whole.line and copied) or at in said:
                continue
            said.add(at)
            line = download if download > whole.line else compilation.outer.line
            reason = Because(image.path, line, "the modules are downloaded after that")
            message = (
                f"the image of {service.name} copies the whole tree before its modules are downloaded: every commit downloads them again"
            )
            fix = "COPY go.mod and go.sum, RUN go mod download, then COPY the rest."
            yield Finding(message, at, (reason,), fix, service.name)


def _cheap(facts: Repository, service: Service, image: Image, stage: Stage) -> bool:
    """Cache mounts, vendored modules, no requirements, or modules from another stage."""
    directory = service.module.directory if service.module else ""
    vendored = any(posixpath.dirname(posixpath.dirname(v.path)) == directory for v in facts.vendors)
    mounted = any("type=cache" in m.value for each in image.stages for m in each.mounts)
    brought = any(c.origin and "pkg/mod" in c.target for c in stage.copies)
    return vendored or mounted or brought or service.module is None or not service.module.requirements


def _is_tree(source: str) -> bool:
    return source.rstrip("/") in (".", "", "*", "./")


def _modules(copy: Copy) -> bool:
    return any(s.endswith(("go.mod", "go.sum", "go.*", "go.work")) or "go.mod" in s for s in copy.sources)


def _downloads(words: tuple[str, ...]) -> bool:
    return len(words) > 2 and gocommand.is_go(words[0]) and words[1:3] == ("mod", "download")


_MAIN = {
    "go.mod": "module example.com/orders\n\ngo 1.24\n\nrequire go.uber.org/zap v1.27.0\n",
    "cmd/orders/main.go": "package main\n\nfunc main() {}\n",
}
_REST = 'FROM scratch\nCOPY --from=0 /orders /orders\nENTRYPOINT ["/orders"]\n'
_BUILD = "RUN go build -o /orders ./cmd/orders\n"

RULE = Rule(
    severity=Severity.NOTE,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    needs=("image",),
    fails=(
        {**_MAIN, "Dockerfile": "FROM golang:1.24\n# want below\nCOPY . .\nRUN go mod download\n" + _BUILD + _REST},
        {**_MAIN, "Dockerfile": "FROM golang:1.24\n# want below\nCOPY . .\n" + _BUILD + _REST},
    ),
    passes=(
        {**_MAIN, "Dockerfile": "FROM golang:1.24\nCOPY go.mod go.sum ./\nRUN go mod download\nCOPY . .\n" + _BUILD + _REST},
        {
            **_MAIN,
            "Dockerfile": "FROM golang:1.24\nCOPY . .\nRUN --mount=type=cache,target=/go/pkg/mod go build -o /orders ./cmd/orders\n"
            + _REST,
        },
        {
            **_MAIN,
            "vendor/modules.txt": "# go.uber.org/zap v1.27.0\n## explicit; go 1.19\ngo.uber.org/zap\n",
            "Dockerfile": "FROM golang:1.24\nCOPY . .\n" + _BUILD + _REST,
        },
    ),
)
