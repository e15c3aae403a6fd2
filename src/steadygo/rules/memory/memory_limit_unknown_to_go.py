"""The kernel kills the service at a memory limit that Go's runtime does not know: it lets garbage grow past it.

By default the collector runs when the heap has doubled, whatever the container or unit allows. A service that holds 300 MiB may so take
600 MiB before it frees anything, and is killed (exit code 137, OOMKilled) with half of its memory garbage. Told of the limit, the
runtime collects harder as it comes near.

A limit is known to Go through GOMEMLIMIT (image, unit, manifest, compose file, start script), debug.SetMemoryLimit or automemlimit.
Errs on the side of silence when a variable from outside the repository may set it.

Fix: set GOMEMLIMIT to about 90 % of the limit beside the limit, or import github.com/KimMachineGun/automemlimit in main.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts import gomemory
from steadygo.facts.repository import Repository, Service
from steadygo.facts.runtimes import Runtime, shipped_runtimes
from steadygo.findings import Confidence, Finding, Place, Severity, because
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    found: dict[tuple[str, float], tuple[Service, dict[Place, Runtime]]] = {}
    for service, runtime in shipped_runtimes(facts):
        collector = runtime.variables.get("GOGC")
        if runtime.memory is None or (collector is not None and collector.value == "off"):  # gogc-off-without-limit says that
            continue
        if gomemory.limit_of(facts, service, runtime) is None:
            limit, at = runtime.memory
            found.setdefault((service.name, limit), (service, {}))[1].setdefault(at, runtime)
    for (name, limit), (service, places) in found.items():
        (at, runtime), *others = places.items()
        more = f" and {len(others)} more place{'s' if len(others) > 1 else ''}" if others else ""
        told = "the program sets no memory limit of its own and does not import automemlimit"
        yield Finding(
            f"{runtime.label}{more}: killed at {gomemory.shown(limit)}, and Go's runtime does not know it, so garbage may fill it",
            at,
            (because(gomemory.main_place(facts, service), told), *(because(p, f"{r.label}: the same limit") for p, r in others[:5])),
            f"Set GOMEMLIMIT={int(limit * 0.9) >> 20}MiB for {name} there, about 90 % of the limit, or import automemlimit in main.",
            name,
            confidence=None if any(r.complete for r in places.values()) else Confidence.GUESS,
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

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("go", "environment"),
    fails=(
        {**_MAIN, "deploy/orders.yaml": _POD + "              memory: 512Mi # want\n"},
        {**_MAIN, "compose.yaml": "services:\n  orders:\n    build: .\n    mem_limit: 512m # want\n"},
        {**_MAIN, "orders.service": "[Service]\nExecStart=/usr/bin/orders\n# want below\nMemoryMax=1G\n"},
    ),
    passes=(
        {
            **_MAIN,
            "deploy/orders.yaml": _POD + "              memory: 512Mi\n          env:\n            - {name: GOMEMLIMIT, value: 460MiB}\n",
        },
        {**_MAIN, "deploy/orders.yaml": _POD + "              cpu: 2\n"},
        {
            **_MAIN,
            "Dockerfile": _MAIN["Dockerfile"].replace("ENTRY", "ENV GOMEMLIMIT=460MiB\nENTRY"),
            "deploy/orders.yaml": _POD + "              memory: 512Mi\n",
        },
        {
            **_MAIN,
            "main.go": 'package main\n\nimport _ "github.com/KimMachineGun/automemlimit"\n\nfunc main() {}\n',
            "deploy/orders.yaml": _POD + "              memory: 512Mi\n",
        },
        {
            **_MAIN,
            "main.go": 'package main\n\nimport "runtime/debug"\n\nfunc main() { debug.SetMemoryLimit(400 << 20) }\n',
            "orders.service": "[Service]\nExecStart=/usr/bin/orders\nMemoryMax=1G\n",
        },
        {**_MAIN, "compose.yaml": "services:\n  db:\n    image: postgres:17\n    mem_limit: 512m\n"},
        {**_MAIN, "examples/compose.yaml": "services:\n  orders:\n    build: ..\n    mem_limit: 512m\n"},
        {
            **_MAIN,
            "Dockerfile": _MAIN["Dockerfile"].replace('["/orders"]', '["/start.sh"]'),
            "start.sh": "#!/bin/sh\nexport GOMEMLIMIT=$(($(cat /sys/fs/cgroup/memory.max) * 9 / 10))\nexec /orders\n",
            "compose.yaml": "services:\n  orders:\n    build: .\n    mem_limit: 512m\n",
        },
    ),
)
