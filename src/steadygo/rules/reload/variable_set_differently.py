"""The service behaves differently from one place to the next: two artefacts set the same variable to values that cannot both be meant.

5ms in one place and 5s in the other is a slip of the pen, and the place with the slip looks healthy until load comes. A pool of 20 here
and 200 there makes what was measured in one place worthless in the other.

Compared are durations, sizes, numbers and switches that the program reads. Addresses, names, levels, paths and secrets are meant to
differ and are left out, as is what an image sets only as a default. Between overlays of one deployment (staging, production) and for a
compose file only a changed unit is reported. The value that stands alone, or differs from the default in the code, is the one shown.

Fix: write the same value in both places, better: once, in an env file or ConfigMap that both use.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations

from steadygo.facts.environment_reads import environment_reads
from steadygo.facts.repository import Repository, Service
from steadygo.facts.runtimes import Given, Runtime, shipped_runtimes
from steadygo.findings import Confidence, Finding, Severity, because
from steadygo.rules.rule import Rule

_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h|d|B|[KMGT]i?B?|[kmgt]i?b?|%)?")
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_LOCAL = re.compile(
    r"(?:URL|URI|ADDR|ADDRESS|HOST|HOSTS|ENDPOINT|ENDPOINTS|PORT|PATH|DIR|FILE|NAME|ENV|ENVIRONMENT|LEVEL|REGION|ZONE|VERSION|TAG|ID|"
    r"PREFIX|NAMESPACE|DSN|USER|LISTEN|BIND|REPLICAS|WORKERS|GOMAXPROCS|GOMEMLIMIT|DEBUG|VERBOSE|INDEX|SHARD|WEIGHT|RATIO|RATE|INSECURE)$|"
    r"DEBUG|TRAC|PROFIL|PPROF|OTEL|LOG_|MOCK|DEMO"
)
_SWITCHES = {"true", "false", "on", "off", "yes", "no", "enabled", "disabled"}


def check(facts: Repository) -> Iterator[Finding]:
    by_service: dict[str, tuple[Service, list[Runtime]]] = {}
    for service, runtime in shipped_runtimes(facts):
        by_service.setdefault(service.name, (service, []))[1].append(runtime)
    for service, places in by_service.values():
        defaults = {r.name: (r.default or "").strip('"') for r in environment_reads(facts, service).reads}
        for name in sorted({n for r in places for n in r.variables} & set(defaults)):
            if not _LOCAL.search(name):
                yield from _compared(service, name, defaults[name], [r for r in places if name in r.variables])


def _compared(service: Service, name: str, default: str, places: list[Runtime]) -> Iterator[Finding]:
    by_value: dict[str, list[tuple[Runtime, Given]]] = {}
    for runtime in places:
        given = runtime.variables[name]
        if given.value is not None and "$" not in given.value and given.by != "the image":
            by_value.setdefault(given.value.strip(), []).append((runtime, given))
    for a, b in combinations(sorted(by_value), 2):
        differs = _differs(a, b)
        odd, usual = _odd(by_value, a, b, default)
        (place, given), (other, meant) = by_value[odd][0], by_value[usual][0]
        if differs is None or given.at == meant.at or (differs != "unit" and (_overlays(place, other) or _compose(place, other))):
            continue
        yield Finding(
            f"{name} is {odd} in {place.label} but {usual} in {other.label if other.label != place.label else other.at.path}",
            given.at,
            (because(meant.at, f"{other.label}: {name} is {usual}"),),
            f"Write {usual} here, or the same value in both places.",
            service.name,
            severity={"unit": Severity.DEGRADED, "size": Severity.HAZARD}.get(differs, Severity.NOTE),
            confidence=Confidence.GUESS if differs == "value" else None,
        )
        return


def _differs(a: str, b: str) -> str | None:
    """How two values disagree: "unit" (the same digits), "size" (ten times), "value"; None when they do not, or cannot be compared."""
    if a.lower() in _SWITCHES and b.lower() in _SWITCHES:
        same = (a.lower() in ("true", "on", "yes", "enabled")) == (b.lower() in ("true", "on", "yes", "enabled"))
        return None if same else "value"
    x, y = _AMOUNT.fullmatch(a), _AMOUNT.fullmatch(b)
    if x is None or y is None:
        return None
    if x[2] and y[2] and x[2] != y[2]:
        if (x[2] in _UNITS) != (y[2] in _UNITS):
            return None
        if x[1] == y[1] and x[1] != "0":
            return "unit" if x[2].rstrip("Bib").lower() != y[2].rstrip("Bib").lower() else None
    if bool(x[2]) != bool(y[2]):
        return None
    left, right = (float(m[1]) * _UNITS.get(m[2] or "", 1.0) for m in (x, y))
    if x[2] != y[2] and (x[2] not in _UNITS or y[2] not in _UNITS):
        return "value"
    if left == right:
        return None
    return "size" if min(left, right) > 0 and max(left, right) / min(left, right) >= 10 else "value"


def _odd(by_value: dict[str, list[tuple[Runtime, Given]]], a: str, b: str, default: str) -> tuple[str, str]:
    """(the value to doubt, the other)."""
    if default in (a, b):
        return (b, a) if default == a else (a, b)
    if len(by_value[a]) != len(by_value[b]):
        return (a, b) if len(by_value[a]) < len(by_value[b]) else (b, a)
    return (a, b) if _rank(by_value[a][0][0]) <= _rank(by_value[b][0][0]) else (b, a)


def _rank(runtime: Runtime) -> int:
    """What is kept by hand most is doubted first: units, then compose files, then manifests."""
    return 0 if runtime.running is None else 1 if runtime.running.workload.kind == "compose" else 2


def _overlays(a: Runtime, b: Runtime) -> bool:
    """Whether both are one workload in two environments."""
    x, y = a.running, b.running
    return x is not None and y is not None and x.workload.name == y.workload.name and x.workload.environment != y.workload.environment


def _compose(a: Runtime, b: Runtime) -> bool:
    return any(r.running is not None and r.running.workload.kind == "compose" for r in (a, b))


_GO_MOD = {"go.mod": "module example.com/orders\n\ngo 1.25\n"}
_MAIN = 'package main\n\nimport (\n\t"log"\n\t"os"\n)\n\n'
_IMAGE = {
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
          env:
"""
_CODE = {
    **_GO_MOD,
    **_IMAGE,
    "main.go": _MAIN + 'func main() {\n\tlog.Print(get("OUTBOX_BATCH_SIZE", "50"), get("OUTBOX_INTERVAL", "2s"))\n}\n\n'
    'func get(key, fallback string) string {\n\tif v := os.Getenv(key); v != "" {\n\t\treturn v\n\t}\n\treturn fallback\n}\n',
}

_UNIT = "[Service]\nExecStart=/usr/bin/orders\n"

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("go", "environment"),
    fails=(
        {
            **_CODE,
            "deploy/orders.yaml": _POD + "            - {name: OUTBOX_INTERVAL, value: 2s}\n",
            "orders.service": _UNIT + "EnvironmentFile=/etc/orders.env\n",
            "orders.env": "# want below\nOUTBOX_INTERVAL=2ms\n",
        },
        {
            **_CODE,
            "deploy/orders.yaml": _POD + "            - {name: OUTBOX_BATCH_SIZE, value: '50'}\n",
            "orders.service": _UNIT + "# want below\nEnvironment=OUTBOX_BATCH_SIZE=5000\n",
        },
        {
            **_CODE,
            "deploy/orders.yaml": _POD + "            - {name: OUTBOX_INTERVAL, value: 10s}\n",
            "compose.yaml": "services:\n  orders:\n    build: .\n    environment:\n      OUTBOX_INTERVAL: 10m # want\n",
        },
    ),
    passes=(
        {
            **_CODE,
            "deploy/orders.yaml": _POD + "            - {name: OUTBOX_INTERVAL, value: 2s}\n",
            "orders.service": _UNIT + "Environment=OUTBOX_INTERVAL=2000ms\n",
        },
        {
            **_CODE,
            "deploy/orders.yaml": _POD + "            - {name: OUTBOX_BATCH_SIZE, value: '500'}\n",
            "compose.yaml": "services:\n  orders:\n    build: .\n    environment:\n      OUTBOX_BATCH_SIZE: 5\n",
        },
        {
            **_CODE,
            "main.go": _CODE["main.go"].replace("OUTBOX_INTERVAL", "PAYMENTS_URL"),
            "deploy/orders.yaml": _POD + "            - {name: PAYMENTS_URL, value: 'http://payments.svc:1'}\n",
            "orders.service": _UNIT + "Environment=PAYMENTS_URL=http://payments.local:1\n",
        },
        {
            **_CODE,
            "Dockerfile": _IMAGE["Dockerfile"].replace("ENTRY", "ENV OUTBOX_INTERVAL=2ms\nENTRY"),
            "deploy/orders.yaml": _POD + "            - {name: OUTBOX_INTERVAL, value: 2s}\n",
        },
    ),
)
