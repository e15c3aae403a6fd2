"""Nobody can tell which commit runs: the binary was built from a file name and carries neither version nor revision.

`go build main.go` makes a package called `command-line-arguments`. Go stamps no VCS revision into it and no module version; `go version
-m`, crash reports and vulnerability scanners see a nameless program. Files of the same package that the command does not list are left
out, build constraints of the listed files are ignored, and a second file added next month breaks the build.

`go run file.go` and tools' own scripts are not reported.

Fix: name the package: `go build ./cmd/orders`.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts.compilations import of_service
from steadygo.facts.repository import Repository
from steadygo.findings import Because, Confidence, Finding, Place, Severity
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    said: set[Place] = set()
    for service in facts.services:
        if service.tool or service.main is None:
            continue
        package = facts.go.packages[service.main]
        for compilation in of_service(facts, service):
            files = [p for p in compilation.go.packages if p.endswith(".go") and "*" not in p]
            if not files or compilation.at in said or not facts.ships(compilation.at.path) or compilation.go.verb == "test":
                continue
            said.add(compilation.at)
            named = {f.rpartition("/")[2] for f in files}
            left = sorted(f.path for f in package.files if f.path.rpartition("/")[2] not in named and not f.constraint)
            directory = "./" + service.main if service.main else "."
            message = f"{service.name} is built from {files[0]}: the binary carries no version and no revision"
            reasons = [Because(left[0], 1, f"this file of the same package is left out ({len(left)} in all)")] if left else []
            severity = None if compilation.origin in ("image", "release") else Severity.NOTE
            if left:
                message += ", and the build leaves out other files of the package"
            yield Finding(message, compilation.at, tuple(reasons), f"Build {directory} instead.", service.name, severity=severity)


_MAIN = {"go.mod": "module example.com/orders\n\ngo 1.24\n", "cmd/orders/main.go": "package main\n\nfunc main() {}\n"}
_REST = 'FROM scratch\nCOPY --from=0 /orders /orders\nENTRYPOINT ["/orders"]\n'

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    needs=("go",),
    fails=(
        {**_MAIN, "Dockerfile": "FROM golang:1.24\nCOPY . .\n# want below\nRUN go build -o /orders cmd/orders/main.go\n" + _REST},
        {**_MAIN, "Makefile": "build:\n\tgo build -o bin/orders ./cmd/orders/main.go # want\n"},
    ),
    passes=(
        {**_MAIN, "Dockerfile": "FROM golang:1.24\nCOPY . .\nRUN go build -o /orders ./cmd/orders\n" + _REST},
        {**_MAIN, "Makefile": "dev:\n\tgo run cmd/orders/main.go\n"},
        {**_MAIN, "hack/build.sh": "#!/bin/sh\ngo build -o /tmp/orders cmd/orders/main.go\n"},
    ),
)
