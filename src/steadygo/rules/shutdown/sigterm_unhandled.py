"""The program drains on Ctrl-C only: Kubernetes, Docker and systemd send SIGTERM, which kills it on the spot.

The code listens for os.Interrupt (SIGINT) and shuts down properly, so it works at the desk. In production the signal is SIGTERM, for which
nobody listens: no drain, no deferred call, no last flush.

Only programs that ship in an image, a unit or a workload count. Errs on the side of silence when SIGTERM is named anywhere in the program's
packages, or when a unit or container sets its stop signal to SIGINT.

Fix: add syscall.SIGTERM to the signals (`signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)`).
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts import probing
from steadygo.facts.repository import Repository, Service
from steadygo.findings import Confidence, Finding, Severity
from steadygo.rules.rule import Rule

_INTERRUPT = {"os.Interrupt", "syscall.SIGINT", "unix.SIGINT"}


def check(facts: Repository) -> Iterator[Finding]:
    for service in facts.services:
        if not service.delivered or service.main is None or _interrupted(service):
            continue
        reached = facts.go.reachable_functions(service.main)
        for file, call in facts.go.calls("os/signal.Notify", "os/signal.NotifyContext"):
            function = facts.go.declared_function_at(file, call.block)
            if not service.has(file.directory) or function is None or (file.path, function.block) not in reached:
                continue
            signals = set(call.args[1:])
            if signals and signals <= _INTERRUPT and not probing.mentioned(facts.go, service, "SIGTERM"):
                yield Finding(
                    f"{service.name} listens for {', '.join(sorted(signals))} only: SIGTERM, which production sends, kills it on the spot",
                    file.at(call),
                    fix="Add syscall.SIGTERM.",
                    service=service.name,
                )


def _interrupted(service: Service) -> bool:
    """Whether something sends SIGINT in the place of SIGTERM."""
    stops = [s.stop_signal for i in service.images for s in i.lineage() if s.stop_signal]
    stops += [r.container.stop_signal for r in service.running if r.container.stop_signal]
    kills = [u.find("Service", "KillSignal") for u in service.units]
    return any("INT" in s.value or s.value == "2" for s in stops if s) or any("INT" in k.value for k in kills if k)


_MAIN = """package main

import (
	"context"
	"os"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt) // want
	defer stop()
	<-ctx.Done()
}
"""
_DOCKERFILE = 'FROM golang:1.24 AS b\nRUN go build -o /orders ./cmd/orders\nFROM scratch\nCOPY --from=b /orders /\nENTRYPOINT ["/orders"]\n'
_TREE = {"go.mod": "module example.com/orders\n\ngo 1.24\n", "Dockerfile": _DOCKERFILE}
_PLAIN = _MAIN.replace(" // want", "")

RULE = Rule(
    severity=Severity.DEGRADED,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("go", "delivery"),
    fails={**_TREE, "cmd/orders/main.go": _MAIN},
    passes=(
        {
            **_TREE,
            "cmd/orders/main.go": _PLAIN.replace("os.Interrupt)", "os.Interrupt, syscall.SIGTERM)").replace('"os"', '"os"\n\t"syscall"'),
        },
        {**_TREE, "cmd/orders/main.go": _PLAIN.replace(", os.Interrupt)", ")")},
        {**_TREE, "cmd/orders/main.go": _PLAIN, "Dockerfile": _DOCKERFILE + "STOPSIGNAL SIGINT\n"},
        {"go.mod": _TREE["go.mod"], "cmd/orders/main.go": _PLAIN},
    ),
)
