"""Two builds of one commit use two compilers: nothing in the repository says which patch of Go builds the service.

With a go line only, and builds that say `1.24`, each machine takes the newest patch it happens to have: security fixes arrive unseen or
not at all, and a regression of the compiler cannot be tied to a commit. The toolchain line of go.mod states the exact Go for everybody
who builds with GOTOOLCHAIN=auto, and one place to update.

A go line with a patch above zero counts as stated when builds read it, and so does an image that is pinned to a patch or a digest.

Fix: add a toolchain line (`go get toolchain@go1.24.3`) and let CI and the image follow it.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts import goversions, jobs
from steadygo.facts.compilations import of_service
from steadygo.facts.goversions import Used
from steadygo.facts.modules import GoMod
from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Place, Severity, because
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    for module in facts.modules:
        if module.go is None or module.toolchain is not None or not facts.ships(module.path):
            continue
        services = [s for s in facts.services if s.module is module and not s.tool]
        least = goversions.of_module(module)
        floating = [u for u in _builders(facts, module) if services and u.version is not None and u.version[2] < 0 and "@" not in u.text]
        images = [
            u for s in services for c in of_service(facts, s) if c.image and c.stage for u in [goversions.in_stage(c.image, c.stage)] if u
        ]
        pinned = [u for u in images if (u.version is not None and u.version[2] >= 0) or "@" in u.text]
        if not floating or pinned or (least is not None and least[2] > 0 and not images):
            continue
        texts = ", ".join(sorted({u.text for u in floating})[:3])
        message = f"nothing says which patch of Go builds this: the go line is {module.go.value}, builds say {texts}"
        reasons = tuple(because(u.at, f"any patch of Go {goversions.shown(u.version)}") for u in floating[:3] if u.version)
        fix = "Add a toolchain line with the exact Go and let CI and the image follow it."
        yield Finding(message, Place(module.path, module.go.line, module.go.column), reasons, fix)


def _builders(facts: Repository, module: GoMod) -> list[Used]:
    """Go of stages and jobs that compile a service of the module."""
    found: dict[Place, Used] = {}
    for service in facts.services:
        if service.module is module and not service.tool:
            for c in of_service(facts, service):
                used = goversions.in_stage(c.image, c.stage) if c.image is not None and c.stage is not None else None
                if used is not None:
                    found.setdefault(used.at, used)
    compiling = {(r.pipeline.path, r.job.name) for r in jobs.ran(facts) if r.verb in ("build", "test")}
    for pipeline in facts.pipelines:
        for job, used in goversions.in_pipeline(facts, pipeline):
            if (pipeline.path, job.name) in compiling and not used.follows:
                found.setdefault(used.at, used)
    return list(found.values())


_MAIN = {"cmd/orders/main.go": "package main\n\nfunc main() {}\n"}
_IMAGE = 'COPY . .\nRUN go build -o /orders ./cmd/orders\nFROM scratch\nCOPY --from=0 /orders /orders\nENTRYPOINT ["/orders"]\n'
_MOD = "module example.com/orders\n\ngo 1.24.0"

RULE = Rule(
    severity=Severity.NOTE,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("module",),
    fails={**_MAIN, "go.mod": _MOD + " // want\n", "Dockerfile": "FROM golang:1.24-bookworm\n" + _IMAGE},
    passes=(
        {**_MAIN, "go.mod": _MOD + "\n\ntoolchain go1.24.3\n", "Dockerfile": "FROM golang:1.24\n" + _IMAGE},
        {**_MAIN, "go.mod": _MOD + "\n", "Dockerfile": "FROM golang:1.24.3\n" + _IMAGE},
        {**_MAIN, "go.mod": _MOD + "\n", "Dockerfile": "FROM golang:1.24@sha256:" + "0" * 64 + "\n" + _IMAGE},
        {**_MAIN, "go.mod": _MOD + "\n"},
    ),
)
