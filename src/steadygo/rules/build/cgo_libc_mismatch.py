"""The service dies at its first start: "no such file or directory", because its C library is not in the image that runs it.

A binary built with cgo needs the dynamic loader and the C library of the image that built it: glibc on Debian, musl on Alpine. Copied
into Alpine, scratch or distroless/static the kernel looks for a loader that is not there and answers with the name of the binary. No C
code is needed for that: with cgo on, `net` and `os/user` already link to it, and cgo is on by default wherever gcc is, as it is in the
golang images on Debian. The same happens to a binary from a newer glibc on an older one ("version GLIBC_2.34 not found").

Errs on the side of silence when a base image is not a well-known one, when the image adds another C library, or when build tags or linker
flags come from a variable.

Fix: build with `CGO_ENABLED=0`, or with `-tags netgo,osusergo -ldflags '-extldflags "-static"'`, or run on what it was built on.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from steadygo.facts import cgo, libc
from steadygo.facts.compilations import Compilation, of_service
from steadygo.facts.images import Image
from steadygo.facts.libc import Libc
from steadygo.facts.repository import Repository, Service, ShippedImage
from steadygo.findings import Because, Confidence, Finding, Severity, because
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    for service in facts.services:
        for shipped in service.images:
            if service.tool or not facts.ships(shipped.image.path):
                continue
            for compilation in of_service(facts, service):
                if compilation.image is shipped.image and _feeds(shipped.image, compilation, shipped.stage):
                    yield from _mismatch(facts, service, shipped, compilation)
            if not any(c.image is shipped.image for c in of_service(facts, service)):
                yield from _from_outside(facts, service, shipped)


def _mismatch(facts: Repository, service: Service, shipped: ShippedImage, compilation: Compilation) -> Iterator[Finding]:
    image, stage = shipped.image, compilation.stage
    if stage is None or compilation.static or compilation.words_unclear or not cgo.enabled(compilation):
        return
    built, runs = libc.of_stage(image, stage), libc.of_stage(image, shipped.final)
    needs = cgo.needs(facts, service, compilation.tags)
    if built is None or runs is None or not needs or built.kind == "none":
        return
    base, target = libc.root_of(image, stage), libc.root_of(image, shipped.final)
    if built.kind != runs.kind:
        name = {"glibc": "glibc", "musl": "musl", "none": "no C library"}[runs.kind]
        what = f"runs on {target.base} ({name}): it stops at start with 'no such file or directory'"
    elif _too_old(built, runs):
        what = f"runs on {target.base} (glibc {runs.version}): it stops at start with 'version GLIBC_2.34 not found'"
    else:
        return
    stated = compilation.settings.get("CGO_ENABLED")
    why = f"imports {needs[0].what}, which links to the C library when cgo is on" if needs[0].kind == "libc" else f"needs {needs[0].what}"
    reasons = [
        Because(image.path, target.line, f"the image that runs it is {target.base}"),
        because(needs[0].at, why),
        because(stated.at, "CGO_ENABLED=1") if stated else Because(image.path, base.line, f"{base.base} has a C compiler, so cgo is on"),
    ]
    message = f"{service.name} is linked to {built.kind} in {base.base} and {what}"
    sure = None if stated or not compilation.settings.get("GOARCH") else Confidence.LIKELY
    yield Finding(message, compilation.outer, tuple(reasons), "Set CGO_ENABLED=0 for this build.", service.name, confidence=sure)


def _from_outside(facts: Repository, service: Service, shipped: ShippedImage) -> Iterator[Finding]:
    """A binary that a job, make or goreleaser builds on a glibc host, and the image copies from its context."""
    runs = libc.of_stage(shipped.image, shipped.final)
    copied = {posixpath.basename(s): c.line for stage in shipped.lineage() for c in stage.copies if not c.origin for s in c.sources}
    if runs is None or runs.kind == "glibc":
        return
    for compilation in of_service(facts, service):
        output = posixpath.basename(compilation.go.flag("o") or "") or posixpath.basename(service.main or "")
        name = next((b.output for b in service.builds if b.at == compilation.at and b.output), output)
        stated = compilation.value("CGO_ENABLED")
        foreign = compilation.value("GOOS") not in (None, "linux") or compilation.value("GOARCH") not in (None, "amd64")
        makes = compilation.origin in ("pipeline", "release") or (compilation.origin == "makefile" and compilation.go.flag("o"))
        if not makes or posixpath.basename(name) not in copied or compilation.static or compilation.words_unclear or foreign:
            continue
        if stated not in (None, "1") or ("CGO_ENABLED" in compilation.settings and stated is None) or not facts.ships(compilation.at.path):
            continue
        if compilation.job is not None and (
            compilation.job.container is not None or any("windows" in r.value for r in compilation.job.runs_on)
        ):
            continue
        needs = cgo.needs(facts, service, compilation.tags)
        if any(c.image is None and c.at != compilation.at and _same_output(c, name) for c in of_service(facts, service)) or not needs:
            continue
        has = {"musl": "musl", "none": "no C library"}[runs.kind]
        base = libc.root_of(shipped.image, shipped.final)
        message = (
            f"{service.name} is linked to the C library of the machine that builds it and runs on {base.base} ({has}): "
            "it stops at start with 'no such file or directory'"
        )
        reasons = (
            Because(shipped.image.path, copied[posixpath.basename(name)], f"copied into {base.base}"),
            because(needs[0].at, f"imports {needs[0].what}, which links to the C library when cgo is on"),
        )
        fix = "Set CGO_ENABLED=0 for this build."
        yield Finding(message, compilation.at, reasons, fix, service.name, confidence=Confidence.LIKELY)


def _same_output(compilation: Compilation, name: str) -> bool:
    """Whether another build makes the same file without cgo: which one ships is then not known."""
    output = posixpath.basename(compilation.go.flag("o") or "")
    return output == posixpath.basename(name) and compilation.value("CGO_ENABLED") == "0"


def _too_old(built: Libc, runs: Libc) -> bool:
    """glibc 2.34 took in libpthread and libresolv: what is linked to it or to a newer one asks for 2.34 at least."""
    return built.kind == "glibc" and built.version >= 2.34 and 0 < runs.version < 2.34


def _feeds(image: Image, compilation: Compilation, final: int) -> bool:
    """Whether the final stage copies, perhaps through others, from the stage that compiles."""
    if compilation.stage is None or image.stages[final] is compilation.stage:
        return False
    names = {s.name.lower(): n for n, s in enumerate(image.stages) if s.name}
    pending, seen = [final], set[int]()
    while pending:
        number = pending.pop()
        if number in seen or number >= len(image.stages):
            continue
        seen.add(number)
        stage = image.stages[number]
        if stage.parent is not None:
            pending.append(stage.parent)
        for copy in stage.copies:
            origin = copy.origin.lower()
            pending += [names[origin]] if origin in names else [int(origin)] if origin.isdigit() else []
    return any(image.stages[number] is compilation.stage for number in seen)


_MAIN = {
    "go.mod": "module example.com/orders\n\ngo 1.24\n",
    "cmd/orders/main.go": 'package main\n\nimport "net/http"\n\nfunc main() { _ = http.ListenAndServe(":80", nil) }\n',
}
_PURE = {**_MAIN, "cmd/orders/main.go": "package main\n\nfunc main() {}\n"}


def _image(builder: str, build: str, runtime: str, setup: str = "") -> str:
    return (
        f"FROM {builder} AS build\nWORKDIR /src\nCOPY . .\n{setup}{build}\n"
        f'FROM {runtime}\nCOPY --from=build /orders /orders\nENTRYPOINT ["/orders"]\n'
    )


_BUILD = "RUN go build -o /orders ./cmd/orders"
_WANT = "# want below\n" + _BUILD

RULE = Rule(
    severity=Severity.OUTAGE,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    needs=("go", "image"),
    fails=(
        {**_MAIN, "Dockerfile": _image("golang:1.24-bookworm", _WANT, "alpine:3.20")},
        {**_MAIN, "Dockerfile": _image("golang:1.24", _WANT, "scratch")},
        {**_MAIN, "Dockerfile": _image("golang:1.24", _WANT, "gcr.io/distroless/static-debian12:nonroot", "ENV CGO_ENABLED=1\n")},
        {**_MAIN, "Dockerfile": _image("golang:1.24-bookworm", _WANT, "debian:bullseye-slim")},
        {
            **_MAIN,
            ".goreleaser.yaml": "version: 2\nbuilds:\n  # want below\n  - id: orders\n    main: ./cmd/orders\n    binary: orders\n",
            "Dockerfile": 'FROM alpine:3.20\nCOPY orders /usr/bin/orders\nENTRYPOINT ["/usr/bin/orders"]\n',
        },
        {
            **_MAIN,
            "Dockerfile": 'FROM scratch\nCOPY bin/orders /orders\nENTRYPOINT ["/orders"]\n',
            ".github/workflows/image.yml": "on: push\njobs:\n  image:\n    runs-on: ubuntu-24.04\n    steps:\n"
            "      - run: go build -o bin/orders ./cmd/orders # want\n      - run: docker build -t orders .\n",
        },
        {**_MAIN, "Dockerfile": _image("golang:1.24-alpine", _WANT, "debian:bookworm-slim", "RUN apk add --no-cache gcc musl-dev\n")},
    ),
    passes=(
        {**_MAIN, "Dockerfile": _image("golang:1.24", "RUN CGO_ENABLED=0 go build -o /orders ./cmd/orders", "alpine:3.20")},
        {**_MAIN, "Dockerfile": _image("golang:1.24-alpine", _BUILD, "scratch")},
        {**_MAIN, "Dockerfile": _image("golang:1.24", _BUILD, "gcr.io/distroless/base-debian12")},
        {**_MAIN, "Dockerfile": _image("golang:1.24", "RUN go build -tags netgo,osusergo -o /orders ./cmd/orders", "scratch")},
        {**_MAIN, "Dockerfile": _image("golang:1.24", _BUILD, "alpine:3.20\nRUN apk add --no-cache gcompat")},
        {
            **_MAIN,
            "Dockerfile": _image(
                "golang:1.24", """RUN go build -ldflags '-linkmode external -extldflags "-static"' -o /orders ./cmd/orders""", "scratch"
            ),
        },
        {
            **_MAIN,
            ".goreleaser.yaml": "version: 2\nbuilds:\n  - main: ./cmd/orders\n    binary: orders\n    env:\n      - CGO_ENABLED=0\n",
            "Dockerfile": 'FROM alpine:3.20\nCOPY orders /usr/bin/orders\nENTRYPOINT ["/usr/bin/orders"]\n',
        },
        {**_PURE, "Dockerfile": _image("golang:1.24", _BUILD, "scratch")},
    ),
)
