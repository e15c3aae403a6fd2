"""Production logs at debug: disks fill, the bill grows, and bodies, tokens and personal data land in the log.

Debug output is written for one developer and one request. At production's rate it costs more than the requests themselves, hides the
lines that matter, and often prints whole requests. The level is set in an artefact that ships, and the code reads it.

Counted are variables whose name says that they are a log level (or DEBUG, VERBOSE, GIN_MODE), in units and in workloads of
Kubernetes; a compose file counts when its name says production, or when nothing else runs the service. Environments called dev, test,
staging and the like are left out, and so is what no code of the service reads.

Fix: set info in what ships, and change the level at run time when you need more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts.environment_reads import environment_reads
from steadygo.facts.repository import Repository
from steadygo.facts.runtimes import Given, Runtime, runtimes
from steadygo.findings import Confidence, Finding, Place, Severity, because
from steadygo.rules.rule import Rule

_LEVEL = re.compile(
    r"(?i)(?:\A|_)LOG_?(?:GING_?)?(?:LEVEL|LVL|SEVERITY|VERBOSITY)\Z|(?:\A|_)LOG\Z|\A(?:.*_)?(?:DEBUG|VERBOSE)(?:_MODE|_LOGGING)?\Z"
)
_VERBOSE = re.compile(r"(?i)\A(?:debug|trace|all|5|-4|-8)\Z")
_ON = re.compile(r"(?i)\A(?:1|true|yes|on|debug)\Z")
_NOT_PRODUCTION = re.compile(
    r"(?i)(?:^|[-_./])(?:dev\w*|test\w*|local\w*|stag\w*|qa|e2e|ci|demo|quickstart|example\w*|sandbox|debug\w*|preview|kind|minikube)(?:[-_./]|$)"
)
_PRODUCTION = re.compile(r"(?i)prod|live|release")


def check(facts: Repository) -> Iterator[Finding]:
    seen: set[Place] = set()
    for service in facts.services:
        if service.tool or service.main is None:
            continue
        places = runtimes(facts, service)
        others = any(not _is_compose(r) for r in places)
        names = {given.name for r in places for given in r.variables.values() if _verbose(given)}
        if not names:
            continue
        reads = {r.name: r for r in environment_reads(facts, service).reads if r.name in names}
        for runtime in places:
            if not _ships(facts, runtime, others):
                continue
            for given in runtime.variables.values():
                if not _verbose(given) or given.at in seen or (given.name not in reads and given.name != "GIN_MODE"):
                    continue
                if _NOT_PRODUCTION.search(given.at.path):
                    continue
                seen.add(given.at)
                read = reads.get(given.name)
                yield Finding(
                    f"{runtime.label} logs at debug: {given.name}={given.value}",
                    given.at,
                    (because(read.at, f"{service.name} reads it here"),) if read else (because(runtime.at, "it runs here"),),
                    f"Set {given.name} to {_better(given)}.",
                    service.name,
                )


def _verbose(given: Given) -> bool:
    value = given.value or ""
    if given.name == "GIN_MODE":
        return value == "debug"
    if not _LEVEL.search(given.name):
        return False
    flag = re.search(r"(?i)DEBUG|VERBOSE", given.name) is not None
    return bool((_ON if flag else _VERBOSE).match(value))


def _better(given: Given) -> str:
    if given.name == "GIN_MODE":
        return "release"
    return "info" if _VERBOSE.match(given.value or "") else "false"


def _is_compose(runtime: Runtime) -> bool:
    return runtime.running is not None and runtime.running.workload.kind == "compose"


def _ships(facts: Repository, runtime: Runtime, others: bool) -> bool:
    workload = runtime.running.workload if runtime.running is not None else None
    if not facts.ships(runtime.at.path) or _NOT_PRODUCTION.search(runtime.at.path):
        return False
    if workload is None:
        return True
    if _NOT_PRODUCTION.search(workload.environment) or _NOT_PRODUCTION.search(workload.namespace):
        return False
    return not _is_compose(runtime) or not others or bool(_PRODUCTION.search(workload.path))


_FILES = {
    "go.mod": "module example.com/orders\n\ngo 1.24\n",
    "main.go": 'package main\n\nimport "os"\n\nfunc main() { println(os.Getenv("LOG_LEVEL"), os.Getenv("PAYMENTS")) }\n',
    "Dockerfile": 'FROM golang\nRUN go build -o /orders .\nCMD ["/orders"]\n',
}
_DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata: {name: orders}
spec:
  template:
    spec:
      containers:
        - name: orders
          image: example.com/orders
          env:
            # want below
            - name: LOG_LEVEL
              value: debug
"""

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("go", "workload"),
    fails=(
        {**_FILES, "deploy/orders.yaml": _DEPLOYMENT},
        {**_FILES, "orders.service": "[Service]\nExecStart=/usr/bin/orders\n# want below\nEnvironment=LOG_LEVEL=trace\n"},
        {**_FILES, "compose.prod.yaml": "services:\n  orders:\n    build: .\n    environment:\n      LOG_LEVEL: debug # want\n"},
    ),
    passes=(
        {**_FILES, "deploy/orders.yaml": _DEPLOYMENT.replace("value: debug", "value: info")},
        {**_FILES, "deploy/orders.yaml": _DEPLOYMENT.replace("LOG_LEVEL", "PAYMENTS")},
        {**_FILES, "deploy/staging/orders.yaml": _DEPLOYMENT},
        {**_FILES, "deploy/orders.yaml": _DEPLOYMENT, "main.go": "package main\n\nfunc main() {}\n"},
        {
            **_FILES,
            "deploy/orders.yaml": _DEPLOYMENT.replace("value: debug", "value: info"),
            "compose.yaml": "services:\n  orders:\n    build: .\n    environment:\n      LOG_LEVEL: debug\n",
        },
    ),
)
