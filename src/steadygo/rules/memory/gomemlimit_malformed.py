"""The program ends at once with "malformed GOMEMLIMIT": Go does not read Kubernetes' or Docker's way of writing sizes.

The runtime takes a whole number of bytes with the suffix B, KiB, MiB, GiB or TiB, or none, or `off`. 512Mi, 512M, 512MB, 1.5GiB and
`512 MiB` are refused before main runs, so the container restarts for ever and no log of the service says why.

Values that come from elsewhere are not judged.

Fix: write it as 460MiB.
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
        given = runtime.variables.get("GOMEMLIMIT")
        if given is None or given.value is None or "$" in given.value or given.at in seen or gomemory.byte_count(given.value) is not None:
            continue
        seen.add(given.at)
        yield Finding(
            f"{service.name} ends before main runs: Go cannot read GOMEMLIMIT={given.value}",
            given.at,
            (because(gomemory.main_place(facts, service), "this program is Go: its runtime reads the variable at start"),),
            "Write a whole number with B, KiB, MiB, GiB or TiB and no space, such as 460MiB.",
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
_ENV = "              memory: 512Mi\n          env:\n            - name: GOMEMLIMIT\n"

RULE = Rule(
    severity=Severity.OUTAGE,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    needs=("go", "environment"),
    fails=(
        {**_MAIN, "deploy/orders.yaml": _POD + _ENV.replace("LIMIT", "LIMIT # want") + "              value: 460Mi\n"},
        {**_MAIN, "orders.service": "[Service]\nExecStart=/usr/bin/orders\n# want below\nEnvironment=GOMEMLIMIT=1.5GiB\n"},
        {**_MAIN, "compose.yaml": "services:\n  orders:\n    build: .\n    environment:\n      GOMEMLIMIT: 460MB # want\n"},
    ),
    passes=(
        {**_MAIN, "deploy/orders.yaml": _POD + _ENV + "              value: 460MiB\n"},
        {**_MAIN, "deploy/orders.yaml": _POD + _ENV + "              value: '482344960'\n"},
        {**_MAIN, "compose.yaml": "services:\n  orders:\n    build: .\n    environment:\n      GOMEMLIMIT: ${ORDERS_MEMORY}\n"},
        {**_MAIN, "compose.yaml": "services:\n  db:\n    image: influxdb\n    environment:\n      GOMEMLIMIT: 460MB\n"},
    ),
)
