"""What asks a service how it is: HTTP probes of pods, health checks of compose files and images, and which of its servers answer there."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from steadygo.facts import routes, servers
from steadygo.facts.go import GoFile
from steadygo.facts.gocode import GoCode
from steadygo.facts.repository import Repository, Service, ShippedImage
from steadygo.facts.routes import Route
from steadygo.facts.runtimes import Given, Runtime, shipped_runtimes
from steadygo.facts.servers import Server
from steadygo.facts.starting import start_words
from steadygo.findings import Place

_URL = re.compile(r"(https?://)?(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1?\])(?::(\d+))?(/[^\s'\"?;|)]*)?(?=[\s'\"?;|)]|\Z)")

_SERVED_ELSEWHERE = (
    "sigs.k8s.io/controller-runtime", "k8s.io/apiserver", "github.com/go-kratos/kratos", "github.com/zeromicro/go-zero",
    "github.com/heptiolabs/healthcheck", "github.com/hellofresh/health-go", "github.com/grafana/dskit/server",
    "github.com/weaveworks/common/server", "github.com/gobuffalo/buffalo", "github.com/beego/beego", "github.com/emicklei/go-restful",
    "goa.design/goa", "github.com/ory/x/healthx", "github.com/kataras/iris", "github.com/InVisionApp/go-health", "gofr.dev/pkg/gofr",
    "github.com/danielgtaylor/huma", "github.com/gogf/gf", "github.com/cloudwego/hertz", "go-micro.dev", "knative.dev/pkg",
    "github.com/labstack/echo-contrib", "encore.dev", "github.com/etherlabsio/healthcheck", "github.com/nelkinda/health-go",
    "github.com/prometheus/exporter-toolkit", "github.com/swaggest/rest", "github.com/valyala/fasthttp", "github.com/ServiceWeaver/weaver",
)  # fmt: skip
"""Libraries that open routes or servers of their own."""


@dataclass(frozen=True)
class Asked:
    """One request that something makes to learn how a service is. kind: liveness readiness startup healthcheck. `port` None: not known.

    `path` is "" for a probe that only connects. `label` is for people.
    """

    kind: str
    label: str
    at: Place
    port: int | None
    path: str
    runtime: Runtime


def asked(runtime: Runtime) -> list[Asked]:
    """Probes of the container that `runtime` is; exec probes count by the URL they name."""
    if runtime.running is None:
        return []
    container = runtime.running.container
    found: list[Asked] = []
    for probe in container.probes:
        at = runtime.running.at(probe)
        label = f"the {probe.kind} probe" if probe.kind != "healthcheck" else "the health check"
        if probe.handler in ("http", "tcp"):
            named = [p.number for p in container.ports if p.name and p.name == probe.port]
            port = int(probe.port) if probe.port.isdigit() else named[0] if named else None
            path = (probe.path or "/") if probe.handler == "http" else ""
            if "{{" not in path and "$" not in path:
                found.append(Asked(probe.kind, label, at, port, path, runtime))
        elif probe.handler == "exec":
            found += [Asked(probe.kind, label, at, port, path, runtime) for port, path in _urls(probe.words)]
    return found


def every_question(repository: Repository) -> Iterator[tuple[Service, Asked]]:
    """Probes wherever the repository's programs really run, and the HEALTHCHECK of their images (Kubernetes ignores those)."""
    for service, runtime in shipped_runtimes(repository):
        for question in asked(runtime):
            yield service, question
    for service in repository.services:
        for image in service.images if not service.tool and service.main is not None else ():
            health = next((s.healthcheck for s in image.lineage() if s.healthcheck is not None), None)
            path = image.image.path
            sharing = sum(any(i.image.path == path for i in s.images) for s in repository.services)
            if health is None or not repository.ships(path) or (sharing > 1 and not _starts(service, image)):
                continue
            if any(r.workload.kind != "compose" for r in service.running):
                continue
            variables = {
                v.name: Given(v.name, v.value, Place(path, v.line), "the image", v.source)
                for s in reversed(image.lineage())
                for v in s.variables
            }
            at = Place(path, health.line)
            runtime = Runtime("the image", at, service.name, variables=variables)
            for port, target in _urls(health.words):
                yield service, Asked("healthcheck", "the image's HEALTHCHECK", at, port, target, runtime)


def _starts(service: Service, image: ShippedImage) -> bool:
    """Whether the image's command names the service's program."""
    names = {posixpath.basename(b.output) for b in service.builds if b.output} | {posixpath.basename(service.main or ""), service.name}
    return any(posixpath.basename(part) in names for word in start_words(image) for part in word.split())


def _urls(words: tuple[str, ...]) -> list[tuple[int, str]]:
    """(port, path) of each URL of this host on a command line."""
    return [
        (int(url[2] or (443 if url[1] == "https://" else 80)), url[3] or "/")
        for url in _URL.finditer(" ".join(words))
        if url[1] or (url[2] and url[3])
    ]


def answering(repository: Repository, service: Service, question: Asked) -> list[Server] | None:
    """Servers of `service` that listen on the asked port; None when one that may was not seen well enough."""
    words = servers.words_of(service, question.runtime)
    if question.port is None:
        return None
    found: list[Server] = []
    sure, whole = False, True
    for server in servers.of(repository.go).of(service):
        ports = server.ports(question.runtime, words)
        if ports is None:
            whole = False
        elif question.port in ports:
            found.append(server)
            sure = sure or len(ports) == 1  # two servers of one program cannot share a port
    return found if whole or sure else None


def routes_of(repository: Repository, service: Service, found: list[Server]) -> list[Route] | None:
    """Routes that the routers of some servers serve; None when a router was not seen."""
    roots = {root for server in found for root in server.roots}
    if not roots or any(not server.roots or "" in server.roots for server in found):
        return None
    return [r for r in routes.of(repository.go).of(service) if roots & set(r.roots) or "" in r.roots]


def opens_more(repository: Repository, service: Service) -> bool:
    """Whether the service uses a library that opens routes or servers of its own."""
    code = repository.go
    return any(
        i.path.startswith(_SERVED_ELSEWHERE)
        for directory in service.packages
        if directory in code.packages
        for file in code.packages[directory].files
        for i in file.imports
    )


def mentioned(code: GoCode, service: Service, pattern: str, but: frozenset[Place] = frozenset()) -> bool:
    """Whether a regular expression is found in an expression of the service's code, the calls at `but` left out."""
    found = re.compile(pattern).search
    return any(
        found(expression)
        for directory in service.packages
        if directory in code.packages
        for file in code.packages[directory].files
        for expression in _expressions(file, but)
        if "func(" not in expression  # its statements are told on their own
    )


def _expressions(file: GoFile, but: frozenset[Place]) -> list[str]:
    found: list[str] = []
    for call in file.calls:
        if not but or file.at(call) not in but:
            found += call.args
    for assignment in file.assignments:
        found += assignment.values
    for composite in file.composites:
        found += (value for _, value in composite.fields)
    found += (d.value for d in file.declarations)
    found += (f.tag for t in file.types for f in t.fields if f.tag)
    found += (b.text for b in file.blocks if b.text and b.kind in ("case", "if", "switch"))
    found += (c.right for c in file.comparisons)
    found += (j.text for j in file.jumps)
    return found
