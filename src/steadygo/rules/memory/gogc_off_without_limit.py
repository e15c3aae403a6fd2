"""Memory grows until the kernel kills the service: the collector is switched off and nothing limits the heap.

GOGC=off (or debug.SetGCPercent(-1)) is meant to be used together with a memory limit: the collector then runs only near that limit.
Without GOMEMLIMIT, debug.SetMemoryLimit or automemlimit it never runs, and every allocation stays.

A call of debug.SetGCPercent whose result is kept is left out: it is switched back on later. When variables come from outside the
repository, one of them may be GOMEMLIMIT: the finding is then less certain.

Fix: set GOMEMLIMIT to about 90 % of the container's or unit's limit wherever GOGC=off is set, or remove GOGC=off.
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
        if known is not None and known.size != float("inf"):
            continue
        given = runtime.variables.get("GOGC")
        calls = [file.at(c) for file, c in gomemory.own_calls(facts, service, "runtime/debug.SetGCPercent") if c.use == "" and not c.mode]
        values = [c for _, c in gomemory.own_calls(facts, service, "runtime/debug.SetGCPercent")]
        off = given.at if given is not None and given.value == "off" and not calls else None
        if off is None and len(values) == 1 and calls and values[0].args == ("-1",):
            off = calls[0]
        if off is None or off in seen:
            continue
        seen.add(off)
        proof = because(gomemory.main_place(facts, service), "the program sets no memory limit of its own and does not import automemlimit")
        where = because(runtime.at, f"{runtime.label} gets no GOMEMLIMIT")
        killed = because(runtime.memory[1], f"it is killed at {gomemory.shown(runtime.memory[0])}") if runtime.memory else None
        yield Finding(
            f"the garbage collector of {service.name} is off in {runtime.label} and no memory limit starts it: memory only grows",
            off,
            (proof, where, *((killed,) if killed else ())),
            "Set GOMEMLIMIT to about 90 % of the memory limit beside it, or remove GOGC=off.",
            service.name,
            confidence=None if runtime.complete else Confidence.LIKELY,
        )


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
_OFF = "              memory: 1Gi\n          env:\n            - {name: GOGC, value: 'off'}"
_CODE = 'package main\n\nimport "runtime/debug"\n\nfunc main() {\n'

RULE = Rule(
    severity=Severity.OUTAGE,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    needs=("go", "environment"),
    fails=(
        {**_MAIN, "deploy/orders.yaml": _POD + _OFF + " # want\n"},
        {**_MAIN, "orders.service": "[Service]\nExecStart=/usr/bin/orders\nMemoryMax=512M\n# want below\nEnvironment=GOGC=off\n"},
        {
            **_MAIN,
            "main.go": _CODE + "\tdebug.SetGCPercent(-1) // want\n}\n",
            "deploy/orders.yaml": _POD + "              memory: 1Gi\n",
        },
        {
            **_MAIN,
            "Dockerfile": _MAIN["Dockerfile"].replace("ENTRY", "# want below\nENV GOGC=off\nENTRY"),
            "compose.yaml": "services:\n  orders:\n    build: .\n    environment: {GOMEMLIMIT: 'off'}\n",
        },
    ),
    passes=(
        {**_MAIN, "deploy/orders.yaml": _POD + _OFF + "\n            - {name: GOMEMLIMIT, value: 900MiB}\n"},
        {**_MAIN, "deploy/orders.yaml": _POD + _OFF.replace("'off'", "'50'") + "\n"},
        {**_MAIN, "main.go": _CODE + "\tdebug.SetMemoryLimit(900 << 20)\n}\n", "deploy/orders.yaml": _POD + _OFF + "\n"},
        {
            **_MAIN,
            "main.go": _CODE + "\tdefer debug.SetGCPercent(debug.SetGCPercent(-1))\n}\n",
            "deploy/orders.yaml": _POD + "              memory: 1Gi\n",
        },
        {**_MAIN, "compose.yaml": "services:\n  influx:\n    image: influxdb\n    environment: {GOGC: 'off'}\n"},
    ),
)
