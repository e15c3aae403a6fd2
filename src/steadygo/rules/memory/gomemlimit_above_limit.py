"""The kernel kills the service before Go's memory limit is reached: GOMEMLIMIT lies above what the container or unit may use.

The runtime collects harder only near GOMEMLIMIT. When the limit of the container (or MemoryMax= of the unit) is lower, the process is
killed first and the setting has no effect. Above MemoryHigh= the kernel slows the process down instead, just as early. It
happens when one of the two is changed, or when a limit set in the image meets a smaller container.

Only values that stand in the repository are compared; what comes from a secret or from outside is left out.

Fix: keep GOMEMLIMIT at about 90 % of the lowest limit, or let automemlimit follow the container's limit.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts import gomemory
from steadygo.facts.repository import Repository
from steadygo.facts.runtimes import shipped_runtimes
from steadygo.findings import Confidence, Finding, Severity, because
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    seen = set()
    for service, runtime in shipped_runtimes(facts):
        known = gomemory.limit_of(facts, service, runtime)
        if known is None or known.size is None or known.size == float("inf") or known.by == "automemlimit":
            continue
        for limit, what in ((runtime.memory, "is killed at"), (runtime.high, "is throttled from")):
            if limit is None or known.size <= limit[0] or (known.at, limit[1]) in seen:
                continue
            seen.add((known.at, limit[1]))
            allowed = gomemory.shown(limit[0])
            yield Finding(
                f"Go collects hard only near {gomemory.shown(known.size)} ({known.by}), but {runtime.label} {what} {allowed}",
                known.at,
                (because(limit[1], f"the limit of {runtime.label}: {allowed}"),),
                f"Set it to {int(limit[0] * 0.9) >> 20}MiB, about 90 % of the limit, or raise the limit.",
                service.name,
            )
            break


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
_GIB = "              memory: 1Gi\n          env:\n            - name: GOMEMLIMIT\n"

RULE = Rule(
    severity=Severity.DEGRADED,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    needs=("go", "environment"),
    fails=(
        {**_MAIN, "deploy/orders.yaml": _POD + _GIB.replace("LIMIT", "LIMIT # want") + "              value: 2GiB\n"},
        {
            **_MAIN,
            "compose.yaml": "services:\n  orders:\n    build: .\n    mem_limit: 256m\n    environment:\n      GOMEMLIMIT: 300MiB # want\n",
        },
        {
            **_MAIN,
            "Dockerfile": _MAIN["Dockerfile"].replace("ENTRY", "# want below\nENV GOMEMLIMIT=750MiB\nENTRY"),
            "compose.yaml": "services:\n  orders:\n    build: .\n    mem_limit: 512m\n",
        },
        {
            **_MAIN,
            "orders.service": "[Service]\nExecStart=/usr/bin/orders\nMemoryHigh=400M\nMemoryMax=1G\n# want below\n"
            "Environment=GOMEMLIMIT=800MiB\n",
        },
        {
            **_MAIN,
            "main.go": 'package main\n\nimport "runtime/debug"\n\nfunc main() {\n\tdebug.SetMemoryLimit(4 << 30) // want\n}\n',
            "deploy/orders.yaml": _POD + "              memory: 2Gi\n",
        },
    ),
    passes=(
        {**_MAIN, "deploy/orders.yaml": _POD + _GIB + "              value: 900MiB\n"},
        {**_MAIN, "deploy/orders.yaml": _POD + _GIB + "              value: 'off'\n"},
        {**_MAIN, "deploy/orders.yaml": _POD + _GIB + "              valueFrom: {resourceFieldRef: {resource: limits.memory}}\n"},
        {
            **_MAIN,
            "Dockerfile": _MAIN["Dockerfile"].replace("ENTRY", "ENV GOMEMLIMIT=750MiB\nENTRY"),
            "compose.yaml": "services:\n  orders:\n    build: .\n    mem_limit: 512m\n    environment: {GOMEMLIMIT: 450MiB}\n",
        },
        {**_MAIN, "compose.yaml": "services:\n  orders:\n    build: .\n    environment: {GOMEMLIMIT: 450MiB}\n"},
        {
            **_MAIN,
            "main.go": 'package main\n\nimport "runtime/debug"\n\nfunc main() { println(debug.SetMemoryLimit(-1)) }\n',
            "deploy/orders.yaml": _POD + "              memory: 2Gi\n",
        },
    ),
)
