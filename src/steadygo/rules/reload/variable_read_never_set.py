"""The service does not start: it needs a variable that the place it runs in does not set.

The code stops, or fails later with a message about something else, when the variable is empty; the manifest, compose file or unit that
starts it does not name it, and nothing else that is handed to it (image, ConfigMap, env file, start script) does either. It is usually
found at the first deployment to the other environment.

A variable counts as needed when the program ends, returns an error or connects with the empty value, in code that runs at every
start: reads behind a condition, in handlers and in other subcommands are left out, and so are places whose environment is partly kept
elsewhere (an EnvironmentFile or secret that is not here): those are said to be not known when nothing at all sets the variable.

An address or credential that is used as it is, without a look at whether it is empty, is a hazard when no place at all sets it.

Fix: set the variable there, or give it a default in the code, or drop the read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts.environment_names import given_by_platform, read_by_others
from steadygo.facts.environment_need import REQUIRED, UNKNOWN
from steadygo.facts.environment_reads import Read, environment_reads
from steadygo.facts.gostart import always_run, read_at_start
from steadygo.facts.repository import Repository, Service
from steadygo.facts.runtimes import Runtime, shipped_runtimes
from steadygo.findings import Because, Confidence, Finding, NotKnown, Severity, because
from steadygo.rules.rule import Rule

_CONNECTS = re.compile(r"(?:URL|URI|DSN|HOST|ADDR|ADDRESS|ENDPOINTS?|BROKERS|SERVERS|TOKEN|SECRET|PASSWORD|API_?KEY|BUCKET|QUEUE|TOPIC)$")
_OWN = re.compile(
    r"LISTEN|BIND|BASE_URL|PUBLIC|PROXY|METRICS|PPROF|DEBUG|ADMIN|TRACE|TRACING|WEBHOOK|SENTRY|^(?:HTTP|GRPC|APP|SERVER)_ADDR"
)


def check(facts: Repository) -> Iterator[Finding | NotKnown]:
    by_service: dict[str, tuple[Service, list[Runtime]]] = {}
    for service, runtime in shipped_runtimes(facts):
        by_service.setdefault(service.name, (service, []))[1].append(runtime)
    for service, places in by_service.values():
        doubtful = []
        yield from _blind(facts, service, places)
        for read in _needed(facts, service):
            lacking = [r for r in places if read.name not in r.variables]
            known = [r for r in lacking if r.complete]
            if known:
                yield _finding(service, read, known, [r for r in places if read.name in r.variables])
            elif lacking and len(lacking) == len(places):
                doubtful.append((read, lacking[0]))
        if doubtful:
            names = ", ".join(read.name for read, _ in doubtful[:6])
            runtime = doubtful[0][1]
            message = (
                f"{service.name} needs {names}; whether {runtime.label} sets {'it' if len(doubtful) == 1 else 'them'} is not kept here"
            )
            yield NotKnown(message, runtime.at, service.name)


def _needed(facts: Repository, service: Service) -> list[Read]:
    """Variables without which the service does not start, the first read of each. A read with a default elsewhere counts."""
    running = always_run(facts.go, service.main or "")
    reads = environment_reads(facts, service).reads
    forgiving = {r.name for r in reads if r.need == "optional"}
    found: dict[str, Read] = {}
    for read in reads:
        if read.need != REQUIRED or read.name in forgiving or given_by_platform(read.name):
            continue
        if read.function is None or (read.function in running and read_at_start(facts.go, read.at)):
            found.setdefault(read.name, read)
    return list(found.values())


def _blind(facts: Repository, service: Service, places: list[Runtime]) -> Iterator[Finding]:
    """Addresses and credentials that are used as they are, and that no place sets."""
    if not all(r.complete for r in places):
        return
    running = always_run(facts.go, service.main or "")
    reads = environment_reads(facts, service).reads
    weighed = {r.name for r in reads if r.need != UNKNOWN}
    for read in {r.name: r for r in reversed(reads) if r.name not in weighed}.values():
        told = given_by_platform(read.name) or read_by_others(read.name) or any(read.name in r.variables for r in places)
        if told or read.function not in running or not _CONNECTS.search(read.name) or _OWN.search(read.name):
            continue
        if not read_at_start(facts.go, read.at):
            continue
        yield Finding(
            f"{service.name} uses {read.name} as it is, and nothing sets it: it is empty in {places[0].label}",
            read.at,
            tuple(dict.fromkeys(because(r.at, f"{r.label} does not set {read.name}") for r in places[:4])),
            f"Set {read.name} in {places[0].label}, or stop with a clear message when it is empty.",
            service.name,
            severity=Severity.HAZARD,
        )


def _finding(service: Service, read: Read, lacking: list[Runtime], setting: list[Runtime]) -> Finding:
    where = ", ".join(dict.fromkeys(r.label for r in lacking[:3])) + (" and others" if len(lacking) > 3 else "")
    proofs = tuple(dict.fromkeys(because(r.at, f"{r.label} does not set {read.name}") for r in lacking[:4]))
    if not setting:
        message = f"{service.name} needs {read.name} to start, and nothing sets it: not {where}"
        return Finding(message, read.at, proofs, f"Set {read.name} in {lacking[0].label}, or give it a default here.", service.name)
    other = setting[0]
    set_there = because(other.variables[read.name].at, f"{other.label} sets it")
    needs = Because(read.at.path, read.at.line, f"the program reads {read.name} and stops without it")
    there = other.label if other.label not in where else f"{other.label} in {other.at.path}"
    message = f"{service.name} needs {read.name} to start: {there} sets it, {where} does not"
    return Finding(message, lacking[0].at, (needs, set_there, *proofs[1:]), f"Set {read.name} there too.", service.name)


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
_NEEDED = {
    **_GO_MOD,
    **_IMAGE,
    "main.go": _MAIN + 'func main() {\n\ttoken := os.Getenv("PAYMENTS_TOKEN")\n\tif token == "" {\n\t\tlog.Fatal("no token")\n\t}\n}\n',
}
_MARKED = {**_NEEDED, "main.go": _NEEDED["main.go"].replace('TOKEN")\n', 'TOKEN") // want\n', 1)}
_SET = "            - name: PAYMENTS_TOKEN\n              valueFrom: {secretKeyRef: {name: payments, key: token}}\n"
_OTHER = "            - {name: LOG_LEVEL, value: info}\n"

RULE = Rule(
    severity=Severity.OUTAGE,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("go", "environment"),
    fails=(
        {**_MARKED, "deploy/orders.yaml": _POD + _OTHER},
        {
            **_NEEDED,
            "deploy/orders.yaml": _POD + _SET,
            "compose.yaml": "services:\n  orders: # want\n    build: .\n    environment:\n      LOG_LEVEL: info\n",
        },
        {
            **_GO_MOD,
            **_IMAGE,
            "main.go": _MAIN
            + 'func main() {\n\tvar addr string\n\tmustGet(&addr, "PAYMENTS_ADDR") // want\n}\n\n'
            + "func mustGet(to *string, key string) {\n\tv := os.Getenv(key)\n"
            + '\tif v == "" {\n\t\tpanic(key)\n\t}\n\t*to = v\n}\n',
            "orders.service": "[Service]\nExecStart=/usr/bin/orders\nEnvironment=LOG_LEVEL=info\n",
        },
        {
            **_GO_MOD,
            **_IMAGE,
            "main.go": 'package main\n\nimport "github.com/caarlos0/env/v11"\n\ntype config struct {\n'
            '\tToken string `env:"PAYMENTS_TOKEN,required"` // want\n\tLevel string `env:"LOG_LEVEL" envDefault:"info"`\n}\n\n'
            "func main() {\n\tvar c config\n\tif err := env.Parse(&c); err != nil {\n\t\tpanic(err)\n\t}\n}\n",
            "deploy/orders.yaml": _POD + _OTHER,
        },
        {
            **_GO_MOD,
            **_IMAGE,
            "main.go": _MAIN
            + 'type options struct{ Addr string }\n\nfunc main() {\n\tlog.Print(options{Addr: os.Getenv("REDIS_ADDR")}) // want\n}\n',
            "deploy/orders.yaml": _POD + _OTHER,
        },
    ),
    passes=(
        {
            **_GO_MOD,
            **_IMAGE,
            "main.go": _MAIN + 'type options struct{ Addr string }\n\nfunc main() {\n\to := options{Addr: os.Getenv("REDIS_ADDR")}\n'
            '\tif o.Addr != "" {\n\t\tlog.Print(o.Addr)\n\t}\n\tlog.Print(os.Getenv("BANNER"))\n}\n',
            "deploy/orders.yaml": _POD + _OTHER,
        },
        {**_NEEDED, "deploy/orders.yaml": _POD + _SET},
        {**_NEEDED, "orders.service": "[Service]\nExecStart=/usr/bin/orders\nEnvironmentFile=/etc/orders/secret.env\n"},
        {**_NEEDED, "deploy/orders.yaml": _POD + _OTHER + "          envFrom:\n            - secretRef: {name: payments}\n"},
        {
            **_NEEDED,
            "deploy/orders.yaml": _POD + _OTHER + "          envFrom:\n            - configMapRef: {name: payments}\n"
            "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: payments}\ndata: {PAYMENTS_TOKEN: none}\n",
        },
        {
            **_GO_MOD,
            **_IMAGE,
            "main.go": _MAIN + 'func main() {\n\tif os.Getenv("TRACING") == "1" {\n\t\ttrace()\n\t}\n}\n\n'
            'func trace() {\n\tif os.Getenv("COLLECTOR_ADDR") == "" {\n\t\tlog.Fatal("no collector")\n\t}\n}\n',
            "deploy/orders.yaml": _POD + _OTHER,
        },
        {
            **_GO_MOD,
            **_IMAGE,
            "main.go": _MAIN + 'func main() {\n\taddr := get("ORDERS_ADDR", ":8080")\n\tlog.Print(addr)\n}\n\n'
            'func get(key, fallback string) string {\n\tif v := os.Getenv(key); v != "" {\n\t\treturn v\n\t}\n\treturn fallback\n}\n',
            "deploy/orders.yaml": _POD + _OTHER,
        },
        {**_NEEDED, "test/compose.yaml": "services:\n  orders:\n    build: ..\n"},
        {
            **_NEEDED,
            "Dockerfile": _IMAGE["Dockerfile"].replace("ENTRY", "ENV PAYMENTS_TOKEN=none\nENTRY"),
            "deploy/orders.yaml": _POD + _OTHER,
        },
    ),
)
