"""The image builds with another Go than the module asks for or CI tests with: what was tested is not what runs.

When the image's Go is older than the go line of go.mod, the image cannot be built at all: the official golang images set
GOTOOLCHAIN=local. When its minor version differs from every Go that CI tests with, the tests prove another runtime, another scheduler,
other TLS and timer defaults than those that ship. Another patch of the same minor version is not reported.

Only stages that compile a service count; Dockerfiles of tests and tools are left out, and so are jobs that do not name a Go. A toolchain
line that makes both fetch the same Go, or GOTOOLCHAIN set in the image, counts as agreement.

Fix: state Go once (the toolchain line of go.mod), let CI read it with go-version-file, and build the image from the same minor version.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts import gocommand, goversions
from steadygo.facts.compilations import Compilation, of_service, stage_settings
from steadygo.facts.goversions import Used
from steadygo.facts.images import Image, Stage
from steadygo.facts.pipelines import Job
from steadygo.facts.repository import Repository, Service
from steadygo.findings import Because, Confidence, Finding, Severity, because
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    tested = [
        used
        for pipeline in facts.pipelines
        for job, used in goversions.in_pipeline(facts, pipeline)
        if used.version is not None and _tests(job)
    ]
    seen = set()
    for service in facts.services:
        module = service.module
        least = goversions.of_module(module) if module else None
        for image, stage, at_build in _stages(facts, service):
            used = goversions.in_stage(image, stage)
            if used is None or used.version is None or used.at in seen or service.tool or not facts.ships(image.path):
                continue
            seen.add(used.at)
            name = goversions.shown(used.version)
            fetches = _fetches(image, stage, at_build)
            if least is not None and module is not None and goversions.older(used.version, least):
                line = module.go.line if module.go else 1
                proof = Because(module.path, line, f"the module needs Go {goversions.shown(least)} or newer")
                if fetches:
                    continue
                message = (
                    f"the image of {service.name} is built with Go {name}, the module needs {goversions.shown(least)}: the build stops"
                )
                yield Finding(message, used.at, (proof,), f"Build from golang:{goversions.shown(least)} or newer.", service.name)
            elif tested and not fetches and all(t.version is not None and t.version[:2] != used.version[:2] for t in tested):
                versions = sorted({goversions.shown(t.version) for t in tested if t.version})
                message = f"the image of {service.name} ships Go {name}, CI tests with Go {', '.join(versions)}"
                proofs = tuple(
                    because(t.at, f"CI tests with Go {goversions.shown(t.version) if t.version else t.text}") for t in _distinct(tested)[:3]
                )
                fix = f"Test with Go {name} too, or build the image from the Go that CI tests with."
                yield Finding(message, used.at, proofs, fix, service.name, severity=Severity.HAZARD)


def _name(used: goversions.Used) -> str:
    return goversions.shown(used.version) if used.version else used.text


def _distinct(tested: list[Used]) -> list[Used]:
    return list({t.at: t for t in tested}.values())


def _stages(facts: Repository, service: Service) -> Iterator[tuple[Image, Stage, Compilation | None]]:
    """Stages that compile the service; where none is seen to, the only stage of its image that has Go and runs a build of some kind."""
    for shipped in service.images:
        compiled = [c for c in of_service(facts, service) if c.image is shipped.image and c.stage is not None]
        for compilation in compiled:
            if compilation.stage is not None:
                yield shipped.image, compilation.stage, compilation
        with_go = [s for s in shipped.image.stages if goversions.in_stage(shipped.image, s) is not None]
        if not compiled and len(with_go) == 1 and any(_builds(c.words) for c in with_go[0].commands):
            yield shipped.image, with_go[0], None


def _builds(words: tuple[str, ...]) -> bool:
    return bool(words) and words[0].rpartition("/")[2] in ("make", "go", "mage", "task", "just")


def _fetches(image: Image, stage: Stage, compilation: Compilation | None) -> bool:
    """Whether the go command there may fetch the Go that the module asks for."""
    settings = {**stage_settings(image, stage), **(compilation.settings if compilation else {})}
    stated = settings.get("GOTOOLCHAIN")
    return stated is not None and (stated.value or "auto") != "local"


def _tests(job: Job) -> bool:
    commands = [c for step in job.steps for c in step.commands]
    go = [g for c in commands if (g := gocommand.parse(c)) is not None]
    return any(g.verb == "test" for g in go) or any(
        c.words[0] in ("make", "task", "just", "mage", "gotestsum") and any("test" in w for w in c.words) for c in commands if c.words
    )


_MAIN = {"cmd/orders/main.go": "package main\n\nfunc main() {}\n"}
_CI = "on: push\njobs:\n  test:\n    runs-on: ubuntu-24.04\n    steps:\n      - uses: actions/setup-go@v5\n        with:\n"
_TEST = "      - run: go test ./...\n"
_IMAGE = 'RUN go build -o /orders ./cmd/orders\nFROM scratch\nCOPY --from=0 /orders /orders\nENTRYPOINT ["/orders"]\n'
_TOOLS = "FROM golang:1.22 AS tools\nRUN go install golang.org/x/tools/cmd/stringer@v0.24.0\n"

RULE = Rule(
    severity=Severity.OUTAGE,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    needs=("image", "module"),
    fails=(
        {**_MAIN, "go.mod": "module example.com/orders\n\ngo 1.24\n", "Dockerfile": "# want below\nFROM golang:1.22-bookworm\n" + _IMAGE},
        {
            **_MAIN,
            "go.mod": "module example.com/orders\n\ngo 1.24.3\n",
            "Dockerfile": "# want below\nARG GO_VERSION=1.24.1\nFROM golang:${GO_VERSION}\n" + _IMAGE,
        },
        {
            **_MAIN,
            "go.mod": "module example.com/orders\n\ngo 1.23\n",
            "Dockerfile": "# want below\nFROM golang:1.25\n" + _IMAGE,
            ".github/workflows/ci.yml": _CI + '          go-version: "1.24"\n' + _TEST,
        },
    ),
    passes=(
        {
            **_MAIN,
            "go.mod": "module example.com/orders\n\ngo 1.23\n",
            "Dockerfile": "FROM golang:1.25.3\n" + _IMAGE,
            ".github/workflows/ci.yml": _CI + '          go-version: "1.25"\n' + _TEST,
        },
        {**_MAIN, "go.mod": "module example.com/orders\n\ngo 1.24.3\n", "Dockerfile": "FROM golang:1.24\n" + _IMAGE},
        {**_MAIN, "go.mod": "module example.com/orders\n\ngo 1.24\n", "test/Dockerfile": "FROM golang:1.22\n" + _IMAGE},
        {
            **_MAIN,
            "go.mod": "module example.com/orders\n\ngo 1.24\n",
            "Dockerfile": _TOOLS + "FROM golang:1.24\n" + _IMAGE.replace("from=0", "from=1"),
        },
        {**_MAIN, "go.mod": "module example.com/orders\n\ngo 1.24\n", "Dockerfile": "FROM golang:1.22\nENV GOTOOLCHAIN=auto\n" + _IMAGE},
        {
            **_MAIN,
            "go.mod": "module example.com/orders\n\ngo 1.23\n",
            "Dockerfile": "FROM golang:1.25\n" + _IMAGE,
            ".github/workflows/ci.yml": _CI.replace("    steps:", '    strategy:\n      matrix:\n        go: ["1.24", "1.25"]\n    steps:')
            + "          go-version: ${{ matrix.go }}\n"
            + _TEST,
        },
    ),
)
