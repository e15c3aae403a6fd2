"""Anybody who reaches the port can profile, stall and read the program: pprof is served where others can connect.

`/debug/pprof/` shows command lines, source paths and goroutine stacks with their arguments, and a CPU profile or trace slows the program
for as long as the caller likes. Importing net/http/pprof registers it on the default mux, so it is served by whichever server has no
handler of its own, whether or not anybody meant to.

Found by the router that really serves it. Worst where a Kubernetes Service, an Ingress or a published compose port leads to that port;
otherwise everybody inside the network can still connect. Errs on the side of silence when the address cannot be followed, when it is this
host only, or when the server starts only under a condition.

Fix: serve pprof from a server of its own on 127.0.0.1, or behind authentication.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts import routes, selecting, servers
from steadygo.facts.repository import Repository, Service
from steadygo.facts.routers import DEFAULT
from steadygo.facts.runtimes import shipped_runtimes
from steadygo.facts.servers import Server
from steadygo.findings import Because, Confidence, Finding, Place, Severity, because
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    for service in facts.services:
        if not service.delivered or service.main is None:
            continue
        roots = _roots(facts, service)
        for server in servers.of(facts.go).of(service) if roots else ():
            why = next((roots[r] for r in server.roots if r in roots), None)
            if why is None or server.loopback or not any(server.address.texts) or not facts.ships(server.at.path):
                continue
            if facts.go.enclosing(server.file, server.block, "if", within_function=False) is not None:
                continue
            public = _public(facts, service, server)
            ports = sorted(server.ports() or ())
            port = f"port {ports[0]}" if len(ports) == 1 else "this server's port"
            reach = f"which {public.note}" if public else "on every interface"
            yield Finding(
                f"{service.name} serves /debug/pprof/ on {port}, {reach}: anybody who connects can profile and stall it",
                server.at,
                (because(why, "pprof is registered here"), *((public,) if public else ())),
                "Serve pprof from a server of its own on 127.0.0.1.",
                service=service.name,
                severity=Severity.DEGRADED if public else None,
            )


def _roots(facts: Repository, service: Service) -> dict[str, Place]:
    """Routers that serve pprof, and where that is registered."""
    found: dict[str, Place] = {}
    for directory in sorted(service.packages):
        for file in facts.go.packages[directory].files if directory in facts.go.packages else ():
            for each in file.imports:
                if each.path == "net/http/pprof":
                    found.setdefault(DEFAULT, Place(file.path, each.line))
    for route in routes.of(facts.go).of(service):
        guarded = facts.go.enclosing(route.file, route.block, "if") is not None
        if "/debug/pprof" in route.path and not guarded and "pprof." in route.handler:
            for root in route.roots:
                found.setdefault(root, route.at)
    return found


def _public(facts: Repository, service: Service, server: Server) -> Because | None:
    """What leads from outside to the server's port."""
    for owner, runtime in shipped_runtimes(facts):
        running = runtime.running
        if owner is not service or running is None:
            continue
        ports = server.ports(runtime, servers.words_of(service, runtime)) or frozenset()
        if running.workload.kind == "compose":
            port = next((p for p in running.container.ports if p.number in ports and p.published), None)
            if port is not None:
                return because(running.at(port), f"compose publishes as {port.published}")
            continue
        for selected in selecting.services_of(facts, running.workload):
            if selecting.target_ports(selected, running.container) & ports:
                return because(selected.at, f"Service {selected.name} leads to")
    return None


_GO = """package main

import (
	"net/http"
	_ "net/http/pprof"
)

func main() {
	mux := http.NewServeMux()
	go http.ListenAndServe(":9091", nil) // want
	http.ListenAndServe(":8080", mux)
}
"""
_PLAIN = _GO.replace(" // want", "")
_DOCKERFILE = 'FROM golang:1.24 AS b\nRUN go build -o /orders ./cmd/orders\nFROM scratch\nCOPY --from=b /orders /\nENTRYPOINT ["/orders"]\n'
_TREE = {"go.mod": "module example.com/orders\n\ngo 1.24\n", "Dockerfile": _DOCKERFILE}
_OWN = """package main

import (
	"net/http"
	"net/http/pprof"
)

func main() {
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	http.ListenAndServe(":8080", mux) // want
}
"""

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("import:net/http/pprof", "delivery"),
    fails=({**_TREE, "cmd/orders/main.go": _GO}, {**_TREE, "cmd/orders/main.go": _OWN}),
    passes=(
        {**_TREE, "cmd/orders/main.go": _PLAIN.replace(":9091", "127.0.0.1:9091")},
        {**_TREE, "cmd/orders/main.go": _PLAIN.replace('go http.ListenAndServe(":9091", nil)', "")},
        {**_TREE, "cmd/orders/main.go": _PLAIN.replace("go http.", "if debug() {\n\t\tgo http.").replace("nil)\n", "nil)\n\t}\n")},
        {"go.mod": _TREE["go.mod"], "cmd/orders/main.go": _PLAIN},
    ),
)
