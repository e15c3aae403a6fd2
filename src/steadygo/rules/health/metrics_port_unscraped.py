"""Prometheus scrapes a port on which the program serves no metrics: every series of the service is missing, and its alerts are silent.

The path of the metrics (`/metrics` unless the scrape job says otherwise) is served by one of the program's servers, and what names the
port to scrape (`prometheus.io/port`, a ServiceMonitor's or PodMonitor's port, a static target of prometheus.yml) names another port.

Errs on the side of silence when a port, a router or the scraped name cannot be followed, or when the scraped port has a server whose
routes were not seen.

Fix: scrape the port that serves the metrics.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts import probing, selecting, servers
from steadygo.facts.repository import Repository, Service
from steadygo.facts.runtimes import Runtime, shipped_runtimes
from steadygo.facts.selecting import Selected
from steadygo.facts.servers import Server
from steadygo.facts.workloads import Container, OtherObject
from steadygo.findings import Confidence, Finding, Place, Severity, because
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    told: set[tuple[str, int]] = set()
    for service, runtime in shipped_runtimes(facts):
        if runtime.running is None or probing.opens_more(facts, service):
            continue
        for port, path, at, who in _scraped(facts, runtime):
            if (at.path, at.line) in told:
                continue
            right = _right(facts, service, runtime, port, path)
            if right is None:
                continue
            told.add((at.path, at.line))
            ports = sorted(right.ports(runtime, servers.words_of(service, runtime)) or ())
            where = f"port {ports[0]}" if ports else "another port"
            yield Finding(
                f"{who} port {port}, but {service.name} serves {path} on {where}: none of its metrics arrive",
                at,
                (because(right.at, f"{where}, which serves {path}"),),
                f"Scrape port {ports[0]}." if ports else "Scrape the port that serves the metrics.",
                service=service.name,
            )


def _right(facts: Repository, service: Service, runtime: Runtime, port: int, path: str) -> Server | None:
    """The server that serves `path` when what listens on `port` surely does not; None when it does, or was not seen."""
    serving: list[Server] = []
    for server in servers.of(facts.go).of(service):
        routes = probing.routes_of(facts, service, [server])
        if routes is None and server.kind == "listener" and any(i.path == "google.golang.org/grpc" for i in server.file.imports):
            continue
        answers = {r.serves(path) for r in routes} if routes is not None else {None}
        if True in answers:
            serving.append(server)
        elif None in answers:
            return None
    asked = probing.answering(facts, service, probing.Asked("", "", runtime.at, port, path, runtime))
    if asked is None or any(s in serving for s in asked):
        return None
    return serving[0] if serving else None


def _scraped(facts: Repository, runtime: Runtime) -> Iterator[tuple[int, str, Place, str]]:
    """(port, path, place, sentence's start) of everything that says where this container is scraped."""
    running = runtime.running
    if running is None:
        return
    workload, container = running.workload, running.container
    if workload.kind == "compose":
        yield from _targets(facts, {workload.name, container.name})
        return
    annotations = dict(workload.annotations)
    port = annotations.get("prometheus.io/port", "")
    mains = [c for c in workload.containers if c.role == "main"]
    if annotations.get("prometheus.io/scrape") == "true" and port.isdigit() and len(mains) == 1:
        path = annotations.get("prometheus.io/path", "/metrics")
        yield int(port), path, Place(workload.path, workload.line), f"{runtime.label}: the annotation prometheus.io/port names"
    selected = selecting.services_of(facts, workload)
    for one in selected:
        ports = selecting.target_ports(one, container)
        for number, path, at, _ in _targets(facts, {one.name}):
            named = next((t for _, p, t, _ in one.fact.ports if p == number), None)
            if named is not None and len(ports) == 1:
                yield next(iter(ports)), path, at, f"the target {one.name}:{number} leads to"
    for other in facts.others:
        if other.kind in ("ServiceMonitor", "PodMonitor") and selected:
            yield from _monitored(other, selected, container)


def _targets(facts: Repository, names: set[str]) -> Iterator[tuple[int, str, Place, str]]:
    for config in facts.scrapes:
        for job in config.jobs:
            for target in job.targets:
                host, _, port = target.value.rpartition(":")
                if host.partition(".")[0] in names and port.isdigit():
                    at = Place(target.path or config.path, target.line, target.column)
                    yield int(port), job.path, at, f"the scrape job {job.name} asks"


def _monitored(monitor: OtherObject, selected: list[Selected], container: Container) -> Iterator[tuple[int, str, Place, str]]:
    """Endpoints of a ServiceMonitor whose selector matches one of the Services."""
    settings = monitor.settings
    wanted = {(k.rpartition("matchLabels.")[2], v) for k, v, _ in settings if "selector.matchLabels." in k}
    matched = [s for s in selected if wanted and wanted <= set(s.fact.labels)]
    if not matched:
        return
    scraped_path = next((v for k, v, _ in settings if k.endswith(".path") and "ndpoints" in k), "/metrics")
    for key, value, line in settings:
        if "ndpoints" in key and key.endswith(".port"):
            for one in matched:
                for name, number, target, _ in one.fact.ports:
                    if name != value:
                        continue
                    named = [p.number for p in container.ports if p.name == target]
                    port = int(target) if target.isdigit() else named[0] if named else number if not target else 0
                    if port:
                        yield port, scraped_path, Place(monitor.path, line), f"the endpoint {value} leads to"


_GO = """package main

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

func main() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /orders", nil)
	http.Handle("/metrics", promhttp.Handler())
	go http.ListenAndServe(":9091", nil)
	http.ListenAndServe(":8080", mux)
}
"""
_TREE = {
    "go.mod": "module example.com/orders\n\ngo 1.24\n",
    "cmd/orders/main.go": _GO,
    "Dockerfile": 'FROM golang:1.24 AS b\nRUN go build -o /orders ./cmd/orders\nFROM scratch\nCOPY --from=b /orders /\nCMD ["/orders"]\n',
}
_COMPOSE = "services:\n  orders:\n    build: .\n"


def _pod(port: int) -> str:
    return f"""apiVersion: apps/v1
kind: Deployment
metadata:
  name: orders
spec:
  template:
    metadata:
      annotations:
        prometheus.io/scrape: "true"
        prometheus.io/port: "{port}"
    spec:
      containers:
        - name: orders
          image: orders
"""


def _prometheus(port: int, mark: str = "") -> str:
    return f'scrape_configs:\n  - job_name: orders\n    static_configs:\n{mark}      - targets: ["orders:{port}"]\n'


RULE = Rule(
    severity=Severity.DEGRADED,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("go", "workload"),
    fails=(
        {**_TREE, "compose.yaml": _COMPOSE, "prometheus.yml": _prometheus(8080, "      # want below\n")},
        {**_TREE, "deploy/orders.yaml": _pod(8080).replace("kind:", "# want below\nkind:", 1)},
    ),
    passes=(
        {**_TREE, "compose.yaml": _COMPOSE, "prometheus.yml": _prometheus(9091)},
        {**_TREE, "deploy/orders.yaml": _pod(9091)},
        {**_TREE, "compose.yaml": _COMPOSE, "prometheus.yml": _prometheus(8080).replace("orders:", "payments:")},
        {
            **_TREE,
            "cmd/orders/main.go": _GO.replace('ListenAndServe(":8080"', "ListenAndServe(read()"),
            "deploy/orders.yaml": _pod(8080),
        },
        {
            **_TREE,
            "cmd/orders/main.go": _GO.replace('mux.HandleFunc("GET /orders"', 'mux.HandleFunc("/"'),
            "deploy/orders.yaml": _pod(8080),
        },
    ),
)
