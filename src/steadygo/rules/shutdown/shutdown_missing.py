"""Every deploy cuts requests in flight: the program serves HTTP or gRPC and is never told to stop serving gracefully.

On SIGTERM a Go program without handler dies at once. Clients see reset connections, transactions are cut in the middle, and whatever was
deferred does not run. Nothing that the program can reach calls Shutdown, GracefulStop or Close of a server.

Errs on the side of silence for frameworks that stop by themselves (fx, kratos, go-zero, controller-runtime and others), for programs that
do not ship, and for servers that listen on this host only or answer nothing but metrics, profiles and health.

Fix: wait for SIGTERM with signal.NotifyContext and call `server.Shutdown(ctx)` with a time limit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts import probing, servers
from steadygo.facts.gocode import GoCode
from steadygo.facts.repository import Repository, Service
from steadygo.findings import Confidence, Finding, Severity
from steadygo.rules.rule import Rule

_ASIDE = re.compile(r"/(?:debug|metrics|status|_?health|ready|live|alive|ping|version|-/)")
_STOPS = (".Shutdown", ".GracefulStop", ".ShutdownWithTimeout", ".ShutdownWithContext", ".GracefulShutdown")
_FRAMEWORKS = (
    "go.uber.org/fx", "github.com/go-kratos/kratos", "github.com/zeromicro/go-zero", "sigs.k8s.io/controller-runtime", "k8s.io/apiserver",
    "github.com/fvbock/endless", "github.com/cloudflare/tableflip", "github.com/tylerb/graceful", "gopkg.in/tylerb/graceful",
    "github.com/grafana/dskit", "github.com/weaveworks/common", "github.com/ory/graceful", "goa.design", "github.com/beego",
    "github.com/gofiber/fiber", "gofr.dev", "github.com/gogf/gf", "encore.dev", "github.com/aws/aws-lambda-go", "github.com/cloudwego",
    "github.com/shutdown", "github.com/oklog/run", "google.golang.org/appengine", "github.com/GoogleCloudPlatform/functions-framework",
    "github.com/caddyserver", "github.com/facebookgo/grace",
)  # fmt: skip


def check(facts: Repository) -> Iterator[Finding]:
    for service in facts.services:
        if not service.delivered or service.main is None:
            continue
        serving = [s for s in servers.of(facts.go).of(service) if not s.loopback and (s.kind != "listener" or _grpc(s))]
        if not serving or _stops(facts.go, service) or not facts.ships(serving[0].at.path):
            continue
        first = next((s for s in serving if not _is_aside(facts, service, s)), None)
        if first is None:
            continue
        yield Finding(
            f"{service.name} serves here and nothing ever stops it gracefully: each deploy cuts the requests in flight",
            first.at,
            fix="Wait for SIGTERM with signal.NotifyContext, then call Shutdown with a time limit.",
            service=service.name,
        )


def _is_aside(facts: Repository, service: Service, server: servers.Server) -> bool:
    """Whether a server answers nothing but metrics, profiles and questions about health."""
    routes = probing.routes_of(facts, service, [server]) or []
    return bool(routes) and all(_ASIDE.match(r.path) for r in routes)


def _grpc(server: servers.Server) -> bool:
    return any(i.path == "google.golang.org/grpc" for i in server.file.imports)


def _stops(code: GoCode, service: Service) -> bool:
    for directory in service.packages:
        for file in code.packages[directory].files if directory in code.packages else ():
            if any(i.path.startswith(_FRAMEWORKS) for i in file.imports):
                return True
            if any(f.name in ("Shutdown", "GracefulStop") for f in file.functions):
                return True
    if any(service.has(file.directory) for file, _ in code.calls(*_STOPS)):
        return True
    return any(
        service.has(f.directory)
        for f, c in code.calls(".Close", ".Stop")
        if c.name in ("net/http.Server.Close", "google.golang.org/grpc.Server.Stop")
    )


_SERVE = """package main

import "net/http"

func main() {
	http.ListenAndServe(":8080", nil) // want
}
"""
_DOCKERFILE = 'FROM golang:1.24 AS b\nRUN go build -o /orders ./cmd/orders\nFROM scratch\nCOPY --from=b /orders /\nENTRYPOINT ["/orders"]\n'
_TREE = {"go.mod": "module example.com/orders\n\ngo 1.24\n", "Dockerfile": _DOCKERFILE}
_PLAIN = _SERVE.replace(" // want", "")

RULE = Rule(
    severity=Severity.DEGRADED,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("go", "delivery"),
    fails={**_TREE, "cmd/orders/main.go": _SERVE},
    passes=(
        {**_TREE, "cmd/orders/main.go": _PLAIN.replace("http.Listen", "s := &http.Server{}\n\tdefer s.Shutdown(nil)\n\thttp.Listen")},
        {"go.mod": _TREE["go.mod"], "cmd/orders/main.go": _PLAIN},
        {**_TREE, "cmd/orders/main.go": _PLAIN.replace(":8080", "127.0.0.1:8080")},
        {
            **_TREE,
            "cmd/orders/main.go": _PLAIN.replace('import "net/http"', 'import (\n\t"net/http"\n\t"go.uber.org/fx"\n)\n\nvar _ = fx.New'),
        },
    ),
)
