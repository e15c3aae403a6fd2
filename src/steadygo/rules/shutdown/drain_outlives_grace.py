"""The program is killed while it still drains: its own time limits add up to more than the platform grants it after SIGTERM.

After SIGTERM Kubernetes waits terminationGracePeriodSeconds (30 s unless set, the preStop hook included), Docker and compose wait
stop_grace_period (10 s unless set), systemd waits TimeoutStopSec (90 s unless set). Then SIGKILL: requests in flight are cut, buffers are
lost, leases stay taken. The program's waits are read one after the other from the place where the signal arrives: sleeps, time limits of
Shutdown and of what else it closes, `time.After` in a drain; what runs side by side counts once.

Errs on the side of silence: waits without a limit or with a limit that cannot be followed count as nothing.

Fix: make the grace period longer than the sum, or the drains shorter, and keep some seconds between them.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts import drains, servers
from steadygo.facts.repository import Repository, Service
from steadygo.facts.runtimes import Runtime, shipped_runtimes
from steadygo.facts.units import seconds
from steadygo.findings import Because, Confidence, Finding, Place, Severity, because
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    late: dict[str, tuple[Service, drains.Drain, list[tuple[float, float, Because]]]] = {}
    for service, runtime in shipped_runtimes(facts):
        drain = drains.of(facts, service)
        if drain is None or not drain.waits:
            continue
        here = drains.given(drain, {n: g.value for n, g in runtime.variables.items()}, servers.words_of(service, runtime))
        if here is None:
            continue
        granted, hook, said, at = _grace(runtime)
        if here.seconds + hook > granted:
            kept = late.setdefault(service.name, (service, here, []))
            kept[2].append((granted, hook, because(at, said)))
    for service, drain, graces in late.values():
        granted, hook, first = min(graces, key=lambda g: g[0] - g[1])
        parts = " + ".join(f"{w.seconds:g} s" for w in drain.waits)
        total = f"{parts} = {drain.seconds:g} s" if len(drain.waits) > 1 else f"{drain.seconds:g} s"
        after = f" after {hook:g} s of preStop" if hook else ""
        yield Finding(
            f"{service.name} takes up to {total} to stop{after}, but is killed after {granted:g} s",
            drain.waits[0].at,
            (
                *dict.fromkeys(g[2] for g in sorted(graces, key=lambda g: g[0])),
                *(because(w.at, f"{w.what} up to {w.seconds:g} s") for w in drain.waits[1:]),
            ),
            f"Grant more than {drain.seconds + hook:g} s ({first.path}), or shorten the drain below {granted - hook:g} s.",
            service=service.name,
        )


def _grace(runtime: Runtime) -> tuple[float, float, str, Place]:
    """(granted seconds, preStop seconds, what stands there, where)."""
    if runtime.unit is not None:
        directive = runtime.unit.find("Service", "TimeoutStopSec") or runtime.unit.find("Service", "TimeoutSec")
        value = seconds(directive.value) if directive is not None else None
        if directive is None or value is None:
            return 90.0, 0.0, f"{runtime.label} sets no TimeoutStopSec: 90 s", runtime.at
        granted = value or float("inf")
        return granted, 0.0, f"{runtime.label} grants {granted:g} s", Place(directive.path or runtime.unit.path, directive.line)
    running = runtime.running
    if running is None:
        return float("inf"), 0.0, "", runtime.at
    hook = running.container.prestop_seconds
    grace = running.workload.grace
    default = 10.0 if running.workload.kind == "compose" else 30.0
    if grace is None:
        return default, hook.value if hook else 0.0, f"{runtime.label} sets no grace period: {default:g} s", running.at()
    return grace.value, hook.value if hook else 0.0, f"{runtime.label} grants {grace.value:g} s", running.at(grace)


_MAIN = """package main

import (
	"context"
	"net/http"
	"os/signal"
	"syscall"
	"time"
)

const limit = 30 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	srv := &http.Server{Addr: ":8080"}
	go srv.ListenAndServe()
	<-ctx.Done()
	deadline, cancel := context.WithTimeout(context.Background(), limit) // want
	defer cancel()
	srv.Shutdown(deadline)
	drain()
}

func drain() {
	select {
	case <-done():
	case <-time.After(15 * time.Second):
	}
}

func done() chan bool { return nil }
"""
_SHORT = _MAIN.replace("30 *", "5 *").replace("15 *", "2 *").replace(" // want", "")
_TREE = {
    "go.mod": "module example.com/orders\n\ngo 1.24\n",
    "cmd/orders/main.go": _MAIN,
    "Dockerfile": 'FROM golang:1.24 AS b\nRUN go build -o /orders ./cmd/orders\nFROM scratch\nCOPY --from=b /orders /\nCMD ["/orders"]\n',
}
_POD = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: orders
spec:
  template:
    spec:
      terminationGracePeriodSeconds: 40
      containers:
        - name: orders
          image: orders
"""
_UNIT = "[Unit]\nDescription=Orders\n\n[Service]\nExecStart=/usr/bin/orders\n"
_HOOK = '          lifecycle:\n            preStop:\n              exec:\n                command: ["sleep", "10"]\n'
_ONE = _MAIN.replace("\tdrain()\n", "")

RULE = Rule(
    severity=Severity.DEGRADED,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("go", "environment"),
    fails=(
        {**_TREE, "deploy/orders.yaml": _POD},
        {**_TREE, "compose.yaml": "services:\n  orders:\n    build: .\n    stop_grace_period: 20s\n"},
        {**_TREE, "compose.yaml": "services:\n  orders:\n    build: .\n"},
        {**_TREE, "deploy/orders.service": _UNIT + "TimeoutStopSec=15\n"},
        {**_TREE, "cmd/orders/main.go": _ONE, "deploy/orders.yaml": _POD.replace("40", "35") + _HOOK},
    ),
    passes=(
        {**_TREE, "deploy/orders.yaml": _POD.replace("40", "60")},
        {**_TREE, "cmd/orders/main.go": _SHORT, "deploy/orders.yaml": _POD},
        {**_TREE, "deploy/orders.service": _UNIT},
        {**_TREE, "cmd/orders/main.go": _SHORT, "compose.yaml": "services:\n  orders:\n    build: .\n"},
        {
            **_TREE,
            "cmd/orders/main.go": _MAIN.replace("\tsrv.Shutdown", "\tgo drain()\n\tsrv.Shutdown").replace("\n\tdrain()\n", "\n"),
            "deploy/orders.yaml": _POD.replace("40", "31"),
        },
    ),
)
