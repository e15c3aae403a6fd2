"""The service is built without its module: whatever lies in GOPATH is compiled, with the defaults of Go 1.20.

GO111MODULE=off switches go.mod off. Versions of dependencies are then those that happen to be in GOPATH, go.sum proves nothing, the
binary carries no module versions, and GODEBUG defaults are those of Go 1.20 whatever builds it.

GO111MODULE=on and auto are harmless and not reported.

Fix: take GO111MODULE out; every supported Go uses modules.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts.commands import Variable
from steadygo.facts.compilations import compilations
from steadygo.facts.repository import Repository
from steadygo.findings import Because, Confidence, Finding, Place, Severity
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    said: set[Place] = set()
    proof = tuple(Because(m.path, 1, "the module that is switched off") for m in facts.modules[:1])
    for compilation in compilations(facts):
        setting = compilation.settings.get("GO111MODULE")
        tool = any("@" in p for p in compilation.go.packages)
        if setting is None or setting.value != "off" or setting.at in said or tool or not facts.ships(setting.at.path):
            continue
        said.add(setting.at)
        message = f"`{compilation.command.text[:60]}` runs with GO111MODULE=off: go.mod and go.sum do not count"
        yield Finding(message, setting.at, proof, "Take GO111MODULE=off out.")
    for image in facts.images:
        for stage in image.stages:
            yield from _left(facts, stage.variables, image.path, said, proof)
    for pipeline in facts.pipelines:
        for variables in (pipeline.variables, *(j.variables for j in pipeline.jobs)):
            yield from _left(facts, variables, pipeline.path, said, proof)


def _left(facts: Repository, variables: tuple[Variable, ...], path: str, said: set[Place], proof: tuple[Because, ...]) -> Iterator[Finding]:
    for v in variables:
        at = Place(path, v.line, v.column)
        if v.name == "GO111MODULE" and v.value == "off" and at not in said and proof and facts.ships(path):
            said.add(at)
            message = "GO111MODULE=off holds for every go command from here on: go.mod and go.sum do not count"
            yield Finding(message, at, proof, "Take GO111MODULE=off out.")


_MAIN = {"go.mod": "module example.com/orders\n\ngo 1.24\n", "main.go": "package main\n\nfunc main() {}\n"}

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    fails=(
        {**_MAIN, "Makefile": "build:\n\tGO111MODULE=off go build -o orders . # want\n"},
        {**_MAIN, "Dockerfile": "FROM golang:1.24\n# want below\nENV GO111MODULE=off\nRUN go build -o /orders .\n"},
    ),
    passes=(
        {**_MAIN, "Makefile": "build:\n\tGO111MODULE=on go build -o orders .\n"},
        {**_MAIN, "Dockerfile": "FROM golang:1.24\nENV GO111MODULE=auto\nRUN go build -o /orders .\n"},
        {**_MAIN, "Makefile": "tools:\n\tGO111MODULE=off go get github.com/acme/tool\n"},
    ),
)
