"""The proxy answers 504 while the service still works on the request: it gives up earlier than the server.

When the proxy's time limit is shorter than the server's WriteTimeout, slow requests are cut off in front of the service. The client
gets a 504 and tries again, the service finishes the first attempt for nobody, and both run at the same time: load doubles just when the
service is slow, and work that must not happen twice does.

Compared are the time limits that Ingress annotations (ingress-nginx, HAProxy, AWS load balancers) and Istio routes state with the
constant WriteTimeout of the server behind the port that they lead to. What is not stated is not compared.

Fix: let the server give up first: a WriteTimeout, and contexts of the handlers, shorter than the proxy's limit; or raise the proxy's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts import selecting, servers
from steadygo.facts.repository import Repository, Running, Service
from steadygo.facts.runtimes import runtimes
from steadygo.facts.servers import Server
from steadygo.facts.workloads import OtherObject
from steadygo.findings import Confidence, Finding, Place, Severity, because
from steadygo.rules.rule import Rule

_ANNOTATIONS = (
    "nginx.ingress.kubernetes.io/proxy-read-timeout",
    "haproxy.org/timeout-server",
    "haproxy-ingress.github.io/timeout-server",
    "ingress.kubernetes.io/timeout-server",
)
_ALB = "alb.ingress.kubernetes.io/load-balancer-attributes"
_IDLE = re.compile(r"idle_timeout\.timeout_seconds=(\d+)")
_BACKEND = re.compile(r"\.(?:service\.name|serviceName)\Z")
_ROUTE = re.compile(r"spec\.http(?:\[\d+\]|\.\d+)\.timeout\Z")
_SPAN = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)?\Z")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def check(facts: Repository) -> Iterator[Finding]:
    proxies = [(o, limits) for o in facts.others if o.kind in ("Ingress", "VirtualService") and (limits := _limits(o))]
    if not proxies:
        return
    seen: set[tuple[Place, Place]] = set()
    for service in facts.services:
        for running in service.running if service.main is not None else ():
            for proxy, limits in proxies:
                server = _behind(facts, service, running, proxy)
                if server is None:
                    continue
                write = dict(server.fields).get("WriteTimeout", "")
                waits = facts.go.seconds(server.file, write, server.block) if write else None
                for seconds, text, line in limits:
                    at = Place(proxy.path, line)
                    if waits is None or seconds >= waits or (at, server.at) in seen:
                        continue
                    seen.add((at, server.at))
                    yield Finding(
                        f"the proxy gives up after {seconds:g} s, but {service.name} goes on for up to {waits:g} s",
                        at,
                        (because(server.at, f"WriteTimeout is {waits:g} s"),),
                        f"Set WriteTimeout below {seconds:g} s, or let the proxy wait longer than {waits:g} s (it says {text}).",
                        service.name,
                    )


def _limits(proxy: OtherObject) -> list[tuple[float, str, int]]:
    """(seconds, text, line) of every limit that the proxy states for an answer."""
    found: list[tuple[float, str, int]] = []
    for path, text, line in proxy.settings:
        name = path.removeprefix("metadata.annotations.")
        if name == _ALB:
            idle = _IDLE.search(text)
            if idle is not None:
                found.append((float(idle[1]), idle[0], line))
        elif (name in _ANNOTATIONS or (proxy.kind == "VirtualService" and _ROUTE.match(path))) and (span := _SPAN.match(text.strip())):
            found.append((float(span[1]) * _UNITS[span[2] or "s"], text, line))
    return [limit for limit in found if limit[0] > 0]


def _behind(facts: Repository, service: Service, running: Running, proxy: OtherObject) -> Server | None:
    """The one server with a WriteTimeout that the proxy's backends lead to in this workload."""
    if proxy.environment != running.workload.environment:
        return None
    names = {text for path, text, _ in proxy.settings if _BACKEND.search(path)}
    names |= {text.partition(".")[0] for path, text, _ in proxy.settings if path.endswith("destination.host")}
    chosen = [s for s in selecting.services_of(facts, running.workload) if s.name in names]
    if not chosen:
        return None
    ports = {port for s in chosen for port in selecting.target_ports(s, running.container)}
    runtime = next((r for r in runtimes(facts, service) if r.running is running), None)
    limited = [s for s in servers.of(facts.go).of(service) if any(name == "WriteTimeout" for name, _ in s.fields)]
    words = servers.words_of(service, runtime) if runtime is not None else ()
    fitting = [s for s in limited if (known := s.ports(runtime, words)) is None or known & ports]
    return fitting[0] if len(fitting) == 1 else None


_MOD = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}
_FILES = {
    **_MOD,
    "cmd/orders/main.go": """package main

import ("net/http"; "time")

func main() {
    s := &http.Server{Addr: ":8080", WriteTimeout: 60 * time.Second}
    s.ListenAndServe()
}
""",
    "Dockerfile": 'FROM golang\nRUN go build -o /orders ./cmd/orders\nCMD ["/orders"]\n',
    "deploy/orders.yaml": """apiVersion: apps/v1
kind: Deployment
metadata: {name: orders}
spec:
  selector: {matchLabels: {app: orders}}
  template:
    metadata: {labels: {app: orders}}
    spec:
      containers:
        - name: orders
          image: example.com/orders
          ports: [{name: http, containerPort: 8080}]
---
apiVersion: v1
kind: Service
metadata: {name: orders}
spec:
  selector: {app: orders}
  ports: [{port: 80, targetPort: http}]
""",
}
_INGRESS = """apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: orders
  annotations:
    nginx.ingress.kubernetes.io/proxy-read-timeout: "10" # want
spec:
  rules:
    - http:
        paths:
          - path: /
            pathType: Prefix
            backend: {service: {name: orders, port: {number: 80}}}
"""

RULE = Rule(
    severity=Severity.DEGRADED,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    needs=("go", "kubernetes"),
    fails=(
        {**_FILES, "deploy/ingress.yaml": _INGRESS},
        {
            **_FILES,
            "deploy/ingress.yaml": """apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: orders}
spec:
  http:
    - timeout: 15s # want
      route: [{destination: {host: orders}}]
""",
        },
    ),
    passes=(
        {**_FILES, "deploy/ingress.yaml": _INGRESS.replace('"10"', '"75"')},
        {**_FILES, "deploy/ingress.yaml": _INGRESS.replace("name: orders, port", "name: other, port")},
        {**_FILES, "deploy/ingress.yaml": _INGRESS.replace("proxy-read-timeout", "proxy-body-size")},
        {
            **_FILES,
            "deploy/ingress.yaml": _INGRESS,
            "cmd/orders/main.go": _FILES["cmd/orders/main.go"].replace("60 * time.Second", "5 * time.Second"),
        },
    ),
)
