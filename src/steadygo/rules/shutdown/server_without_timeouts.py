"""Slow or silent clients use up the program's connections: the server waits for request headers without a limit.

Without ReadHeaderTimeout or ReadTimeout a client that sends one byte a minute holds a connection, its goroutine and its buffers for ever;
a few thousand of them (or a broken proxy) use up file descriptors, and the server refuses everybody. http.ListenAndServe has no limits and
offers none.

Errs on the side of silence for servers on this host only, when fields are set where it cannot be seen, and when a framework makes
the server.

Fix: use an http.Server with ReadHeaderTimeout (a few seconds) and IdleTimeout.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts import servers
from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Severity
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    told: set[tuple[str, int]] = set()
    for service in facts.services:
        if service.tool or not (service.delivered or service.builds):
            continue
        for server in servers.of(facts.go).of(service):
            fields = {name for name, _ in server.fields}
            limited = fields & {"ReadHeaderTimeout", "ReadTimeout"}
            place = (server.at.path, server.at.line)
            if server.kind != "http" or server.wrapped or limited or server.loopback or place in told or not facts.ships(server.at.path):
                continue
            told.add(place)
            what = "This http.Server has neither ReadHeaderTimeout nor ReadTimeout" if server.fields else "This server has no time limits"
            yield Finding(
                f"{what}: clients that send slowly hold its connections for ever",
                server.at,
                fix="Set ReadHeaderTimeout (and IdleTimeout) on an http.Server.",
            )


_DOCKERFILE = 'FROM golang:1.24 AS b\nRUN go build -o /orders ./cmd/orders\nFROM scratch\nCOPY --from=b /orders /\nENTRYPOINT ["/orders"]\n'


def _main(body: str) -> dict[str, str]:
    text = f'package main\n\nimport (\n\t"net/http"\n\t"time"\n)\n\nvar _ = time.Second\n\nfunc main() {{\n\t{body}\n}}\n'
    return {"go.mod": "module example.com/orders\n\ngo 1.24\n", "Dockerfile": _DOCKERFILE, "cmd/orders/main.go": text}


RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("go", "delivery"),
    fails=(
        _main('http.ListenAndServe(":8080", nil) // want'),
        _main('s := &http.Server{Addr: ":8080", WriteTimeout: time.Second} // want\n\ts.ListenAndServe()'),
    ),
    passes=(
        _main('s := &http.Server{Addr: ":8080", ReadHeaderTimeout: time.Second}\n\ts.ListenAndServe()'),
        _main('s := &http.Server{Addr: ":8080"}\n\ts.ReadTimeout = time.Second\n\ts.ListenAndServe()'),
        _main('http.ListenAndServe("localhost:6060", nil)'),
        _main('s := withDefaults(&http.Server{Addr: ":8080"})\n\ts.ListenAndServe()'),
        {
            "go.mod": "module example.com/orders\n\ngo 1.24\n",
            "lib.go": 'package lib\n\nimport "net/http"\n\nvar S = http.Server{Addr: ":1"}\n',
        },
    ),
)
