"""The service is killed while Go believes that it still has room: GOMEMLIMIT leaves less than 5 % of the container's or unit's limit.

GOMEMLIMIT bounds what the runtime itself manages. The limit of the container also counts the program's own pages, memory that C code
or mmap took, kernel buffers and files in tmpfs, and the runtime's limit is soft: it is overrun while a collection is under way. 5 to
10 % between the two are usual. A GOMEMLIMIT taken from limits.memory through a resourceFieldRef leaves nothing at all.

Fix: set GOMEMLIMIT to about 90 % of the limit, or use automemlimit with its ratio of 0.9.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts import gomemory
from steadygo.facts.repository import Repository
from steadygo.facts.runtimes import shipped_runtimes
from steadygo.findings import Confidence, Finding, Severity, because
from steadygo.rules.rule import Rule

_LEAST_PART = 0.05


def check(facts: Repository) -> Iterator[Finding]:
    seen = set()
    for service, runtime in shipped_runtimes(facts):
        known = gomemory.limit_of(facts, service, runtime)
        if known is None or known.size is None or runtime.memory is None or (known.at, runtime.memory[1]) in seen:
            continue
        limit, at = runtime.memory
        if not limit * (1 - _LEAST_PART) < known.size <= limit:
            continue
        seen.add((known.at, at))
        left = f"only {gomemory.shown(limit - known.size)} of {gomemory.shown(limit)}" if known.size < limit else "nothing"
        yield Finding(
            f"{known.by} leaves {left} for what Go's runtime does not count: {runtime.label} is killed at {gomemory.shown(limit)}",
            known.at,
            (because(at, f"the limit of {runtime.label}: {gomemory.shown(limit)}"),),
            f"Set GOMEMLIMIT={int(limit * 0.9) >> 20}MiB, about 90 % of the limit.",
            service.name,
        )


_MAIN = {
    "go.mod": "module example.com/orders\n\ngo 1.25\n",
    "main.go": "package main\n\nfunc main() {}\n",
    "Dockerfile": "FROM golang:1.25 AS build\nRUN go build -o /orders .\nFROM scratch\nCOPY --from=build /orders /\n"
    'ENTRYPOINT ["/orders"]\n',
}
_POD = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: orders
spec:
  template:
    spec:
      containers:
        - name: orders
          image: example.com/orders
          resources:
            limits:
"""
_GIB = "              memory: 512Mi\n          env:\n            - name: GOMEMLIMIT\n"

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("go", "environment"),
    fails=(
        {**_MAIN, "deploy/orders.yaml": _POD + _GIB.replace("LIMIT", "LIMIT # want") + "              value: 500MiB\n"},
        {
            **_MAIN,
            "deploy/orders.yaml": _POD
            + _GIB.replace("- name: GOMEMLIMIT", "- name: GOMEMLIMIT # want")
            + "              valueFrom: {resourceFieldRef: {resource: limits.memory}}\n",
        },
        {
            **_MAIN,
            "orders.env": "# want below\nGOMEMLIMIT=1GiB\n",
            "orders.service": "[Service]\nExecStart=/usr/bin/orders\nMemoryMax=1G\nEnvironmentFile=/etc/orders.env\n",
        },
    ),
    passes=(
        {**_MAIN, "deploy/orders.yaml": _POD + _GIB + "              value: 460MiB\n"},
        {**_MAIN, "deploy/orders.yaml": _POD + _GIB + "              value: 1GiB\n"},
        {**_MAIN, "compose.yaml": "services:\n  orders:\n    build: .\n    environment: {GOMEMLIMIT: 500MiB}\n"},
        {
            **_MAIN,
            "deploy/orders.yaml": _POD + "              memory: 512Mi\n            requests:\n              memory: 460Mi\n"
            "          env:\n            - {name: GOMEMLIMIT, value: '471859200'}\n",
        },
    ),
)
