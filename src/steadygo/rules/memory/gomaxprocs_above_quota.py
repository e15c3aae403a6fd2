"""The kernel stops the service in the middle of requests: Go runs as many threads as the node has cores, the quota pays for fewer.

On a node with 32 cores and a quota of 2 the runtime uses 32 threads at once, has burned the quota of a period (100 ms) after a few
milliseconds, and all of them stand still until the next one. It shows as latencies that jump by tens of milliseconds under little
load, and as container_cpu_cfs_throttled_periods_total. From go line 1.25 on the runtime follows the quota by itself; what counts is
the go line of go.mod, not the Go that builds, because GODEBUG's containermaxprocs takes its default from there.

GOMAXPROCS, runtime.GOMAXPROCS, automaxprocs and containermaxprocs=1 are taken into account. A GOMAXPROCS that is itself above the
quota is reported too.

Fix: raise the go line to 1.25 or later, or import go.uber.org/automaxprocs, or set GOMAXPROCS to the quota beside it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from steadygo.facts import gomemory, goversions
from steadygo.facts.repository import Repository, Service
from steadygo.facts.runtimes import Runtime, shipped_runtimes
from steadygo.findings import Because, Confidence, Finding, Severity, because
from steadygo.rules.rule import Rule

_FOLLOWS_QUOTA = (1, 25)


def check(facts: Repository) -> Iterator[Finding]:
    seen: set[object] = set()
    for service, runtime in shipped_runtimes(facts):
        if runtime.cpus is None or runtime.cpus[1] in seen:
            continue
        cpus, at = runtime.cpus
        most = max(2, math.ceil(cpus))
        given = runtime.variables.get("GOMAXPROCS")
        if given is not None and given.value != "":
            stated = int(given.value) if given.value and given.value.isdecimal() and len(given.value) < 6 else 0
            if stated > most:
                seen.add(at)
                message = f"GOMAXPROCS={stated} in {runtime.label}, but its quota is {_cores(cpus)}: its threads are stopped every 100 ms"
                proof = because(at, f"the CPU limit of {runtime.label}: {_cores(cpus)}")
                yield Finding(message, given.at, (proof,), f"Set GOMAXPROCS={most}, or remove it.", service.name)
            continue
        if (service.name, cpus) in seen or _told(facts, service) or service.module is None or service.module.go is None:
            continue
        version = goversions.of_module(service.module)
        follows = _godebug(service, runtime)
        if (follows is None and (version is None or version[:2] >= _FOLLOWS_QUOTA)) or follows:
            continue
        seen |= {at, (service.name, cpus)}
        line = Because(service.module.path, service.module.go.line, f"go {service.module.go.value}: the runtime does not read the quota")
        yield Finding(
            f"{service.name} runs a thread for every core of the node, but {runtime.label} may use {_cores(cpus)}: it is throttled",
            at,
            (line, because(gomemory.main_place(facts, service), "the program does not set GOMAXPROCS and does not import automaxprocs")),
            f"Raise the go line to 1.25 or later, or set GOMAXPROCS={math.ceil(cpus)} beside the limit.",
            service.name,
            confidence=None if runtime.complete else Confidence.GUESS,
        )


def _told(facts: Repository, service: Service) -> bool:
    if any(c.args and c.args[0] not in ("0", "-1") for _, c in gomemory.own_calls(facts, service, "runtime.GOMAXPROCS")):
        return True
    return any(service.has(file.directory) for file in facts.go.importers(gomemory.AUTOMAXPROCS))


def _godebug(service: Service, runtime: Runtime) -> bool | None:
    """What containermaxprocs says, None when nothing does."""
    stated = [t.value for t in service.module.godebug] if service.module else []
    given = runtime.variables.get("GODEBUG")
    stated += [given.value] if given and given.value else []
    for text in reversed([part for s in stated for part in s.split(",")]):
        name, _, value = text.partition("=")
        if name == "containermaxprocs":
            return value == "1"
    return None


def _cores(cpus: float) -> str:
    return f"{cpus:g} core" + ("" if cpus == 1 else "s")


_MAIN = {
    "go.mod": "module example.com/orders\n\ngo 1.24.0\n",
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
    severity=Severity.DEGRADED,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("go", "module", "environment"),
    fails=(
        {**_MAIN, "deploy/orders.yaml": _POD + '              cpu: "2" # want\n'},
        {**_MAIN, "compose.yaml": "services:\n  orders:\n    build: .\n    cpus: 1.5 # want\n"},
        {**_MAIN, "orders.service": "[Service]\nExecStart=/usr/bin/orders\n# want below\nCPUQuota=200%\n"},
        {
            **_MAIN,
            "go.mod": "module example.com/orders\n\ngo 1.25\n",
            "deploy/orders.yaml": _POD + "              cpu: 2\n          env:\n            - {name: GOMAXPROCS, value: '16'} # want\n",
        },
        {
            **_MAIN,
            "go.mod": "module example.com/orders\n\ngo 1.25\n\ngodebug containermaxprocs=0\n",
            "deploy/orders.yaml": _POD + "              cpu: 500m # want\n",
        },
    ),
    passes=(
        {**_MAIN, "go.mod": "module example.com/orders\n\ngo 1.25\n", "deploy/orders.yaml": _POD + "              cpu: 500m\n"},
        {**_MAIN, "deploy/orders.yaml": _POD + "              memory: 1Gi\n            requests: {cpu: 2}\n"},
        {**_MAIN, "deploy/orders.yaml": _POD + "              cpu: 2\n          env:\n            - {name: GOMAXPROCS, value: '2'}\n"},
        {
            **_MAIN,
            "deploy/orders.yaml": _POD + "              cpu: 2\n          env:\n            - name: GOMAXPROCS\n"
            "              valueFrom: {resourceFieldRef: {resource: limits.cpu}}\n",
        },
        {
            **_MAIN,
            "main.go": 'package main\n\nimport _ "go.uber.org/automaxprocs"\n\nfunc main() {}\n',
            "deploy/orders.yaml": _POD + "              cpu: 2\n",
        },
        {
            **_MAIN,
            "deploy/orders.yaml": _POD
            + "              cpu: 2\n          env:\n            - {name: GODEBUG, value: 'tls10server=1,containermaxprocs=1'}\n",
        },
        {**_MAIN, "compose.yaml": "services:\n  db:\n    image: postgres:17\n    cpus: 1\n"},
    ),
)
