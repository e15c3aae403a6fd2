"""The service exits with status 2 before main runs, once it is built with Go 1.27: its GODEBUG asks for a behaviour that is gone.

Go 1.27 removed settings that had kept old behaviour alive (asynctimerchan, gotypesalias, tls10server, tls3des, tlsrsakex, tlsunsafeekm,
x509keypairleaf). A 1.27 binary that finds one of them at its old value in the environment stops at once, and so does the `go` command; in
go.mod or a //go:debug line it is an error of the build. Binaries of Go 1.26 and before do not care, so an update of the toolchain alone
turns a unit's or a manifest's old line into an outage.

With Go before 1.27 this is a hazard, from 1.27 on an outage. Errs on the side of silence when GODEBUG comes from outside the repository.

Fix: take the setting out; where peers still need the old behaviour, set it in code (`tls.Config`'s versions and cipher suites).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from steadygo.facts import godebug, goversions
from steadygo.facts.compilations import builds_with
from steadygo.facts.goversions import Used, shown
from steadygo.facts.repository import Repository, Service
from steadygo.facts.runtimes import runtimes
from steadygo.facts.units import exec_words
from steadygo.findings import Because, Confidence, Finding, Place, Severity, because
from steadygo.rules.rule import Rule

_REMOVING = 27


def check(facts: Repository) -> Iterator[Finding]:
    yield from _jobs(facts)
    said: set[tuple[Place, str]] = set()
    for service in facts.services:
        if service.tool:
            continue
        used = builds_with(facts, service)
        minor = used.version[1] if used is not None and used.version is not None else 0
        severity = Severity.OUTAGE if minor >= _REMOVING else Severity.HAZARD
        reasons = (because(used.at, f"{service.name} is built with Go {shown(used.version)}"),) if used and used.version else ()
        for where, at, value in _environments(facts, service):
            fatal = godebug.fatal_at_start(value, max(minor, _REMOVING))
            if fatal and (at, service.name) not in said:
                said.add((at, service.name))
                yield _finding(service, where, at, fatal, minor, reasons, severity)
        for where, at, value in _start_scripts(facts, service):
            fatal = godebug.fatal_at_start(value, max(minor, _REMOVING))
            if fatal and (at, service.name) not in said:
                said.add((at, service.name))
                yield _finding(service, where, at, fatal, minor, reasons, severity)
        for at, name in _in_source(facts, service):
            if at not in {place for place, _ in said}:
                said.add((at, ""))
                when = "the build stops" if minor >= _REMOVING else "the build stops from Go 1.27 on"
                message = f"{name} was removed in Go 1.27: {when}"
                yield Finding(message, at, reasons, f"Take {name} out.", service.name, severity=severity)


def _jobs(facts: Repository) -> Iterator[Finding]:
    """The go command is a Go program too: in a job it dies of the same setting."""
    said: set[Place] = set()
    for pipeline in facts.pipelines:
        stated: dict[str, Used] = {}
        for job, used in goversions.in_pipeline(facts, pipeline):
            if used.version is not None:
                stated.setdefault(job.name, used)
        for job in pipeline.jobs:
            for variable in (*pipeline.variables, *job.variables, *(v for step in job.steps for v in step.variables)):
                at = Place(pipeline.path, variable.line, variable.column)
                fatal = godebug.fatal_at_start(variable.value or "", _REMOVING) if variable.name == "GODEBUG" else []
                if not fatal or at in said or job.name not in stated:
                    continue
                said.add(at)
                used, names = stated[job.name], ", ".join(fatal)
                now = used.version is not None and used.version[1] >= _REMOVING
                when = "the go command exits with status 2" if now else "the go command will die as soon as the job uses Go 1.27"
                reason = because(used.at, f"the job uses Go {used.text}")
                severity = Severity.DEGRADED if now else Severity.NOTE
                yield Finding(f"the job {job.name} sets GODEBUG={names}: {when}", at, (reason,), f"Take {names} out.", severity=severity)


def _start_scripts(facts: Repository, service: Service) -> Iterator[tuple[str, Place, str]]:
    """GODEBUG that a script sets which an image or a unit of the service starts."""
    starts = [w for i in service.images for s in (i.final.entrypoint, i.final.command) if s is not None for w in s.words]
    for unit in service.units:
        starts += [w for d in unit.find_all("Service", "ExecStart") for w in exec_words(d.value)[1]]
    names = {posixpath.basename(w) for w in starts}
    for script in facts.scripts:
        if posixpath.basename(script.path) in names:
            for variable in script.variables:
                if variable.name == "GODEBUG" and variable.value:
                    yield script.path, Place(script.path, variable.line, variable.column), variable.value
    for unit in service.units:
        for directive in unit.find_all("Service", "ExecStart"):
            for word in exec_words(directive.value)[1][:6]:
                if word.startswith("GODEBUG="):
                    yield unit.name, Place(directive.path or unit.path, directive.line), word.partition("=")[2]


def _finding(
    service: Service, where: str, at: Place, fatal: list[str], minor: int, reasons: tuple[Because, ...], severity: Severity
) -> Finding:
    names = ", ".join(fatal)
    already = fatal[0].startswith("cgocheck") and minor >= 21
    if minor >= _REMOVING or already:
        message = f"{where} gives {service.name} GODEBUG={names}: its binary exits with status 2 before main runs"
        severity = Severity.OUTAGE
    else:
        message = f"{where} gives {service.name} GODEBUG={names}: it will die at start as soon as it is built with Go 1.27"
    return Finding(message, at, reasons, f"Take {names} out of GODEBUG.", service.name, severity=severity)


def _environments(facts: Repository, service: Service) -> Iterator[tuple[str, Place, str]]:
    for runtime in runtimes(facts, service):
        given = runtime.variables.get("GODEBUG")
        if given is not None and given.value:
            yield runtime.label, given.at, given.value
    for shipped in service.images:
        for stage in shipped.lineage():
            for variable in stage.variables:
                if variable.name == "GODEBUG" and variable.value:
                    yield "the image", Place(shipped.image.path, variable.line, variable.column), variable.value


def _in_source(facts: Repository, service: Service) -> Iterator[tuple[Place, str]]:
    """`godebug` lines of go.mod and //go:debug of the main package that name a removed setting at its old value."""
    module = service.module
    lines = [(Place(module.path, t.line, t.column), t.value) for t in module.godebug] if module is not None else []
    package = facts.go.packages.get(service.main) if service.main is not None else None
    for file in package.files if package else ():
        lines += [
            (Place(file.path, c.line, c.column), c.text.partition(" ")[2].strip())
            for c in file.comments
            if c.text.removeprefix("//").startswith("go:debug ")
        ]
    for at, value in lines:
        if value and not value.startswith("cgocheck") and godebug.fatal_at_start(value, _REMOVING):
            yield at, value


_MAIN = {"cmd/orders/main.go": "package main\n\nfunc main() {}\n"}
_MOD = "module example.com/orders\n\ngo 1.24\n"
_UNIT = "[Service]\nExecStart=/usr/local/bin/orders\n"
_IMAGE = 'RUN go build -o /orders ./cmd/orders\nFROM scratch\nCOPY --from=0 /orders /orders\nENTRYPOINT ["/orders"]\n'
_POD = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: orders\nspec:\n  containers:\n    - name: orders\n      image: orders:1\n"

RULE = Rule(
    severity=Severity.OUTAGE,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    needs=("module", "environment"),
    fails=(
        {**_MAIN, "go.mod": _MOD, "orders.service": _UNIT + "# want below\nEnvironment=GODEBUG=madvdontneed=1,tls10server=1\n"},
        {
            **_MAIN,
            "go.mod": _MOD,
            "Dockerfile": "FROM golang:1.27\nCOPY . .\n" + _IMAGE,
            "pod.yaml": _POD + '      env:\n        - name: GODEBUG # want\n          value: "asynctimerchan=1"\n',
        },
        {**_MAIN, "go.mod": _MOD + "\ngodebug tlsrsakex=1 // want\n", "orders.service": _UNIT},
        {
            **_MAIN,
            "go.mod": _MOD,
            "Dockerfile": "FROM golang:1.27 AS build\nCOPY . .\nRUN go build -o /orders ./cmd/orders\n"
            'FROM alpine:3.22\nCOPY --from=build /orders /orders\nCOPY start.sh /start.sh\nENTRYPOINT ["/start.sh"]\n',
            "start.sh": "#!/bin/sh\nexport GODEBUG=tls3des=1 # want\nexec /orders\n",
        },
        {
            **_MAIN,
            "go.mod": _MOD,
            ".github/workflows/ci.yml": "on: push\nenv:\n  GODEBUG: gotypesalias=0 # want\njobs:\n  test:\n    runs-on: ubuntu-24.04\n"
            "    steps:\n      - uses: actions/setup-go@v6\n        with:\n          go-version: '1.27'\n      - run: go test ./...\n",
        },
    ),
    passes=(
        {**_MAIN, "go.mod": _MOD, "orders.service": _UNIT + "Environment=GODEBUG=netdns=go,tls10server=0,gctrace=1\n"},
        {**_MAIN, "go.mod": _MOD, "orders.service": _UNIT + "Environment=GODEBUG=panicnil=1\nEnvironment=GOGC=80\n"},
        {**_MAIN, "go.mod": _MOD + "\ngodebug (\n\tdefault=go1.21\n\tpanicnil=1\n)\n", "orders.service": _UNIT},
    ),
)
