"""The service behaves like an older Go than the one that builds it: its go line, not the toolchain, chooses the defaults.

The go line of go.mod sets the defaults of GODEBUG. A service with `go 1.23` built by Go 1.26 keeps the TLS versions, key exchanges,
GOMAXPROCS and URL parsing of 1.23: the update brought the fixes of the runtime, not the safer defaults. People look for a new default in
the release notes and do not find it in their service, until somebody raises the go line for another reason and gets all of them at once.

Only settings of packages that the binary holds are named; `godebug` lines of go.mod count as a decision.

Fix: raise the go line to the Go that builds the service, and read the named settings in the release notes first.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts import goversions, jobs
from steadygo.facts.compilations import builds_with
from steadygo.facts.godebug import SETTINGS, Setting
from steadygo.facts.goversions import Used
from steadygo.facts.modules import GoMod
from steadygo.facts.repository import Repository, Service
from steadygo.facts.runtimes import runtimes
from steadygo.findings import Confidence, Finding, Place, Severity, because
from steadygo.rules.rule import Rule

_NOT_IN_SERVICES = {"cmd/go", "go/types", "os"}
_MOST_NAMED = 8
_SHOWS_ONLY = {"decoratemappings", "tracebacklabels"}  # they change what people see, not what the service does
_BROUGHT_BY = {
    "net/http": ("net/http",),
    "net": ("net", "net/http", "google.golang.org/grpc"),
    "net/url": ("net/url", "net/http"),
    "crypto/tls": ("crypto/tls", "net/http", "google.golang.org/grpc"),
    "crypto/x509": ("crypto/x509", "crypto/tls", "net/http", "google.golang.org/grpc"),
    "time": ("time", "net/http", "context"),
}


def check(facts: Repository) -> Iterator[Finding]:
    for service in facts.services:
        module = service.module
        least = goversions.of_module(module) if module is not None else None
        if service.tool or module is None or module.go is None or least is None:
            continue
        used = _compiler(facts, service, module)
        if used is None or used.version is None or used.version[1] <= least[1] or least[0] != 1 or least[1] < 20:
            continue
        held = _held(facts, service, module, least[1], used.version[1])
        if not held:
            continue
        names = ", ".join(f"{s.name} ({s.package})" for s in held[:_MOST_NAMED])
        names += f" and {len(held) - _MOST_NAMED} more" if len(held) > _MOST_NAMED else ""
        reasons = [because(used.at, f"it is compiled with Go {goversions.shown(used.version)}")]
        severity = None
        if any(s.name == "containermaxprocs" for s in held):
            limits = [(r, r.cpus) for r in runtimes(facts, service) if r.cpus is not None and "GOMAXPROCS" not in r.variables]
            for runtime, limit in limits[:1]:
                severity = Severity.HAZARD
                reasons.append(because(limit[1], f"{runtime.label} limits it to {limit[0]:g} CPUs, which the old default does not see"))
        message = f"{service.name} is built with Go {goversions.shown(used.version)} but keeps the defaults of Go 1.{least[1]}: {names}"
        fix = f"Raise the go line to 1.{used.version[1]} when these changes are wanted, or state each one with a godebug line."
        yield Finding(message, Place(module.path, module.go.line, module.go.column), tuple(reasons), fix, service.name, severity=severity)


def _compiler(facts: Repository, service: Service, module: GoMod) -> Used | None:
    """The newest Go that compiles or tests the service: of its image, else of CI."""
    used = builds_with(facts, service)
    least = goversions.of_module(module) or (0, 0, 0)
    if used is not None and used.version is not None and goversions.older(used.version, least):
        used = None  # that build stops anyway: go-version-drift says so
    if used is not None and used.follows == "":
        found = [used]
    else:
        found = [used] if used is not None else []
        compiling = {(r.pipeline.path, r.job.name) for r in jobs.ran(facts) if r.verb in ("build", "test")}
        found += [
            u for p in facts.pipelines for j, u in goversions.in_pipeline(facts, p) if (p.path, j.name) in compiling and not u.follows
        ]
        found = [u for u in found if u.version is not None and facts.ships(u.at.path)]
    return max(found, key=lambda u: u.version or (0, 0, 0), default=None)


def _held(facts: Repository, service: Service, module: GoMod, least: int, builds: int) -> list[Setting]:
    stated = {t.value.partition("=")[0].strip() for t in module.godebug}
    if "default" in stated:
        return []
    imported = {i.path for d in service.packages for f in facts.go.packages[d].files for i in f.imports}
    return [
        s
        for s in SETTINGS
        if least < s.changed <= builds
        and not (0 < s.removed <= builds)
        and s.name not in stated
        and s.package not in _NOT_IN_SERVICES
        and s.name not in _SHOWS_ONLY
        and (s.package == "runtime" or imported & set(_BROUGHT_BY.get(s.package, (s.package,))))
    ]


_MAIN = {"cmd/orders/main.go": 'package main\n\nimport "net/http"\n\nfunc main() { _ = http.ListenAndServe(":80", nil) }\n'}
_IMAGE = 'RUN go build -o /orders ./cmd/orders\nFROM scratch\nCOPY --from=0 /orders /orders\nENTRYPOINT ["/orders"]\n'

RULE = Rule(
    severity=Severity.NOTE,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    needs=("module",),
    fails=(
        {
            **_MAIN,
            "go.mod": "module example.com/orders\n\ngo 1.23 // want\n",
            "Dockerfile": "FROM golang:1.26\nCOPY . .\n" + _IMAGE,
        },
        {
            **_MAIN,
            "go.mod": "module example.com/orders\n\n// want below\ngo 1.23.0\n\ntoolchain go1.25.1\n",
        },
    ),
    passes=(
        {**_MAIN, "go.mod": "module example.com/orders\n\ngo 1.26.0\n", "Dockerfile": "FROM golang:1.26.3\nCOPY . .\n" + _IMAGE},
        {
            **_MAIN,
            "go.mod": "module example.com/orders\n\ngo 1.23\n\ngodebug default=go1.23\n",
            "Dockerfile": "FROM golang:1.26\nCOPY . .\n" + _IMAGE,
        },
        {
            "cmd/orders/main.go": "package main\n\nfunc main() {}\n",
            "go.mod": "module example.com/orders\n\ngo 1.22\n",
            "Dockerfile": "FROM golang:1.24\nCOPY . .\n" + _IMAGE,
        },
    ),
)
