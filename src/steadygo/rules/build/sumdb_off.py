"""Nobody checks that the modules are the ones everybody else gets: the checksum database is off.

GOSUMDB=off (also GONOSUMDB=*, GOINSECURE=*, GOFLAGS=-insecure) makes the go command accept whatever a proxy or server hands it for a
module that is not in go.sum yet. A replaced tag, a proxy that was broken into, a man in the middle: the first download decides, goes into
go.sum and ships.

Patterns that name private hosts are right and not reported, nor is GOFLAGS=-mod=vendor, where nothing is downloaded.

Fix: take the setting out and name the private hosts in GOPRIVATE.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts import gocommand
from steadygo.facts.commands import Variable
from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Place, Severity
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    said: set[Place] = set()
    vendored = bool(facts.vendors)
    for by, name, value, at in _settings(facts):
        if at not in said and not vendored and _opens(name, value) and facts.ships(at.path):
            said.add(at)
            message = f"{by} sets {name}={value}: modules are not checked against the checksum database"
            yield Finding(message, at, fix=f"Take {name} out; list private hosts in GOPRIVATE.")


def _opens(name: str, value: str) -> bool:
    value = value.strip("'\"")
    if name == "GOSUMDB":
        return value == "off"
    if name in ("GONOSUMDB", "GOINSECURE", "GONOSUMCHECK"):
        return value in ("*", "**", "1") or (name == "GONOSUMDB" and "github.com" in value.split(","))
    return name == "GOFLAGS" and "-insecure" in value.split()


def _settings(facts: Repository) -> Iterator[tuple[str, str, str, Place]]:
    held: list[tuple[str, str, tuple[Variable, ...]]] = []
    for image in facts.images:
        held += [("the image", image.path, (*stage.variables, *stage.arguments)) for stage in image.stages]
    for pipeline in facts.pipelines:
        held.append(("the workflow", pipeline.path, pipeline.variables))
        for job in pipeline.jobs:
            held.append((f"the job {job.name}", pipeline.path, job.variables))
            held += [(f"a step of {job.name}", pipeline.path, step.variables) for step in job.steps]
    for makefile in facts.makefiles:
        held.append((makefile.path, makefile.path, tuple(v for v in makefile.variables if v.name in makefile.exported)))
    held += [(script.path, script.path, script.variables) for script in facts.scripts]
    for by, path, variables in held:
        for v in variables:
            if v.value:
                yield by, v.name, v.value, Place(v.path or path, v.line, v.column)
    stated = {(at.path, v.name) for by, path, variables in held for v in variables for at in [Place(v.path or path)]}
    for origin, at, command in facts.commands():
        go = gocommand.parse(command)
        if go is not None:
            for name, value in (*go.variables.items(), *gocommand.written(command).items()):
                if (at.path, name) not in stated:
                    yield f"a command ({origin})", name, value, at


_MAIN = {"go.mod": "module example.com/orders\n\ngo 1.24\n", "main.go": "package main\n\nfunc main() {}\n"}
_JOB = "on: push\njobs:\n  test:\n    runs-on: ubuntu-24.04\n    env:\n"

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    needs=("module",),
    fails=(
        {**_MAIN, ".github/workflows/ci.yml": _JOB + '      GOSUMDB: "off" # want\n    steps:\n      - run: go test ./...\n'},
        {**_MAIN, "Dockerfile": "FROM golang:1.24\n# want below\nENV GOSUMDB=off\nRUN go build -o /orders .\n"},
        {**_MAIN, "Makefile": "build:\n\tGONOSUMDB='*' go build . # want\n"},
        {**_MAIN, "Dockerfile": "FROM golang:1.24\n# want below\nRUN go env -w GOSUMDB=off\nRUN go build -o /orders .\n"},
    ),
    passes=(
        {**_MAIN, ".github/workflows/ci.yml": _JOB + "      GONOSUMDB: git.acme.example\n    steps:\n      - run: go test ./...\n"},
        {**_MAIN, "Dockerfile": "FROM golang:1.24\nENV GOSUMDB=sum.golang.org GOPRIVATE=*.acme.example\nRUN go build -o /orders .\n"},
        {**_MAIN, "hack/Makefile": "build:\n\tGOSUMDB=off go build .\n"},
    ),
)
