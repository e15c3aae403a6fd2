"""Production calls itself or the test system: an address that it is given points to localhost, staging or a sandbox.

In a container localhost is the container itself: every call is refused, or answered by the wrong server. With a staging host real
orders go to the test system, or test data comes back. It happens when a local setting is copied into an overlay, or when the code's
default is localhost and the manifest does not set the variable.

Localhost is left out where a sidecar may listen (a pod with more than one container), in units, where the database may live on the same
machine, and in compose files; so are addresses that the program listens on. Staging and sandbox hosts are reported only in what calls
itself production.

Fix: set the address of the production service in this environment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts.environment_reads import Read, environment_reads
from steadygo.facts.repository import Repository, Service
from steadygo.facts.runtimes import Given, Runtime, shipped_runtimes
from steadygo.findings import Because, Confidence, Finding, Severity, because
from steadygo.rules.rule import Rule

_SELF = re.compile(r"(?:^|//|@|\(|,|=)\[?(localhost|127\.0\.0\.1|::1|0\.0\.0\.0)\]?(?::(\d+))?(?=[/,;)?]|$| )")
_TEST_HOST = re.compile(r"(?:^|//|@)(?:[^/@\s]*[.-])?(staging|stage|stg|test|testing|sandbox|dev|uat|qa)\d*[.-][\w.-]+(?::\d+)?(?:[/,?]|$)")
_REMOTE = re.compile(
    r"(?:URL|URI|URLS|ENDPOINT|ENDPOINTS|HOST|HOSTS|DSN|BROKERS|SERVERS|UPSTREAM|ADDR|ADDRS|ADDRESS|ADDRESSES|CONNECTION)$"
)
_OWN = re.compile(
    r"LISTEN|BIND|CORS|ORIGIN|PUBLIC|EXTERNAL|BASE_URL|ROOT_URL|METRICS|PPROF|DEBUG|ADMIN|HEALTH|PROBE|STATUS|PROXY|AGENT|OTEL"
)
_PRODUCTION = re.compile(r"(?:^|[/_.-])(?:prod|production|live|prd)(?:[/_.-]|$)", re.I)


def check(facts: Repository) -> Iterator[Finding]:
    seen = set()
    for service, runtime in shipped_runtimes(facts):
        reads = {r.name: r for r in reversed(environment_reads(facts, service).reads)}
        for given in runtime.variables.values():
            read = reads.get(given.name)
            if read is None or given.value is None or not _remote(given.name, given.value) or given.at in seen:
                continue
            said = _what(facts, service, runtime, given)
            if said is None:
                continue
            seen.add(given.at)
            message, severity = said
            proof = because(read.at, f"the program takes the address from {read.name}")
            fix = f"Set {read.name} to the service's address in {runtime.label}."
            yield Finding(message, given.at, (proof, *_elsewhere(facts, service, given)), fix, service.name, severity=severity)
        for read in reads.values():
            if _left_at_localhost(runtime, read) and read.at not in seen:
                seen.add(read.at)
                default = (read.default or "").strip('"')
                yield Finding(
                    f"{runtime.label} does not set {read.name}, so {service.name} calls its own container: the default is {default}",
                    read.at,
                    (because(runtime.at, f"{runtime.label} does not set {read.name}"),),
                    f"Set {read.name} in {runtime.label}, or have no default for it.",
                    service.name,
                    severity=Severity.HAZARD,
                )


def _what(facts: Repository, service: Service, runtime: Runtime, given: Given) -> tuple[str, Severity] | None:
    """What is wrong with an address that the runtime gets, and how bad it is; None when nothing is."""
    value = given.value or ""
    production = _is_production(runtime, given)
    own = _SELF.search(value)
    if own is not None and own[1] != "0.0.0.0" and _alone(runtime) and not _own_port(runtime, own[2]):
        message = f"{runtime.label} sets {given.name} to {own[1]}: {service.name} calls its own container"
        return message, Severity.OUTAGE if production else Severity.DEGRADED
    test = _TEST_HOST.search(value)
    if production and test is not None:
        return f"{runtime.label} is production, but {given.name} points to a {test[1]} host", Severity.OUTAGE
    return None


def _remote(name: str, value: str) -> bool:
    return (_REMOTE.search(name.upper()) is not None or "://" in value) and not _OWN.search(name.upper())


def _is_production(runtime: Runtime, given: Given) -> bool:
    workload = runtime.running.workload if runtime.running else None
    words = (workload.environment, workload.namespace) if workload else ()
    return any(_PRODUCTION.search(w) for w in (*words, given.at.path, runtime.at.path))


def _alone(runtime: Runtime) -> bool:
    """Whether nothing else can listen on localhost there: a pod with one container."""
    if runtime.running is None or runtime.running.workload.kind == "compose":
        return False
    return len([c for c in runtime.running.workload.containers if c.role != "init"]) == 1


def _own_port(runtime: Runtime, port: str | None) -> bool:
    return runtime.running is not None and port is not None and any(str(p.number) == port for p in runtime.running.container.ports)


def _left_at_localhost(runtime: Runtime, read: Read) -> bool:
    if read.name in runtime.variables or not runtime.complete or not _alone(runtime) or not read.default:
        return False
    default = read.default.strip('"')
    own = _SELF.search(default)
    args = " ".join(runtime.running.container.args or ()) if runtime.running else ""
    return own is not None and own[1] != "0.0.0.0" and _remote(read.name, default) and not _own_port(runtime, own[2]) and not args


def _elsewhere(facts: Repository, service: Service, given: Given) -> list[Because]:
    """Another place that sets the variable to something else."""
    for other, runtime in shipped_runtimes(facts):
        there = runtime.variables.get(given.name)
        if other is service and there is not None and there.value and there.value != given.value and not _SELF.search(there.value):
            return [because(there.at, f"{runtime.label} has {there.value}")]
    return []


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
    "main.go": _MAIN + 'func main() {\n\tlog.Print(os.Getenv("PAYMENTS_URL"), os.Getenv("ORDERS_ADDR"))\n}\n',
}
_DEFAULT = {
    **_CODE,
    "main.go": 'package main\n\nimport (\n\t"cmp"\n\t"os"\n)\n\nfunc main() {\n'
    '\tprintln(cmp.Or(os.Getenv("REDIS_ADDR"), "localhost:6379"))\n}\n',
}

RULE = Rule(
    severity=Severity.OUTAGE,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("go", "environment"),
    fails=(
        {**_CODE, "deploy/prod/orders.yaml": _POD + "            - {name: PAYMENTS_URL, value: 'http://localhost:9000'} # want\n"},
        {**_CODE, "deploy/orders.yaml": _POD + "            - {name: PAYMENTS_URL, value: 'http://127.0.0.1:9000/v1'} # want\n"},
        {
            **_CODE,
            "deploy/production/orders.service": "[Service]\nExecStart=/usr/bin/orders\n# want below\n"
            "Environment=PAYMENTS_URL=https://payments.staging.corp.net\n",
        },
        {
            **_DEFAULT,
            "main.go": _DEFAULT["main.go"].replace('6379"))', '6379")) // want'),
            "deploy/orders.yaml": _POD + "            - {name: LOG_LEVEL, value: info}\n",
        },
    ),
    passes=(
        {**_CODE, "deploy/prod/orders.yaml": _POD + "            - {name: PAYMENTS_URL, value: 'http://payments.payments.svc:9000'}\n"},
        {
            **_CODE,
            "deploy/prod/orders.yaml": _POD
            + "            - {name: PAYMENTS_URL, value: 'http://localhost:9000'}\n        - {name: proxy, image: envoyproxy/envoy}\n",
        },
        {
            **_CODE,
            "deploy/prod/orders.yaml": _POD
            + "            - {name: ORDERS_ADDR, value: '127.0.0.1:8080'}\n          ports: [{containerPort: 8080}]\n",
        },
        {**_CODE, "prod/orders.service": "[Service]\nExecStart=/usr/bin/orders\nEnvironment=PAYMENTS_URL=http://localhost:9000\n"},
        {**_CODE, "compose.yaml": "services:\n  orders:\n    build: .\n    environment:\n      PAYMENTS_URL: http://localhost:9000\n"},
        {**_CODE, "deploy/staging/orders.yaml": _POD + "            - {name: PAYMENTS_URL, value: 'https://pay.staging.corp.net'}\n"},
        {**_CODE, "deploy/prod/orders.yaml": _POD + "            - {name: PAYMENTS_URL, value: 'https://latest.devices.net/test/x'}\n"},
        {**_DEFAULT, "deploy/orders.yaml": _POD + "            - {name: REDIS_ADDR, value: 'redis:6379'}\n"},
    ),
)
