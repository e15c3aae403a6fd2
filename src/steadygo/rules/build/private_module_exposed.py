"""The build tells the public proxy the name of a private module, and stops when nobody vouches for its checksum.

Without GOPRIVATE the go command asks proxy.golang.org for every module, private ones too: the name is in somebody else's log. The proxy
answers "not found", go tries the host itself, and asks sum.golang.org for every checksum that go.sum does not hold: there the build
stops, unless the module happens to be in a cache. So it works on the machine that has it and not in a fresh image. Often CI sets
GOPRIVATE and the Dockerfile does not: nothing of a job's environment reaches `docker build`.

A path counts as private when some artefact lists it in GOPRIVATE, or when its host is an inner one (`.internal`, `.corp`, the team's own
forge). With its checksum in go.sum it is a hazard. Errs on the side of silence with a GOPROXY of one's own, vendored or replaced modules,
and mounted secrets or caches that bring the modules.

Fix: set GOPRIVATE wherever modules are downloaded (`ENV GOPRIVATE=git.example.com` in the build stage), or vendor them.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts import gocommand, privacy
from steadygo.facts.commands import Command
from steadygo.facts.compilations import Setting, of_service, stage_settings, step_settings
from steadygo.facts.images import Image, Stage
from steadygo.facts.modules import GoMod, Requirement
from steadygo.facts.repository import Repository, Service
from steadygo.findings import Because, Confidence, Finding, Place, Severity, because
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    wishes = list(_wishes(facts))
    said: set[Place] = set()
    for service in facts.services:
        module = service.module
        if service.tool or module is None or module.module is None:
            continue
        needed = privacy.fetched(facts, module)
        listed = {r.path: w for r in needed for w in wishes if w.covers(r.path)}
        private = [r for r in needed if r.path in listed or privacy.looks_private(r.path, module.module.value)]
        for where, at, settings in _downloads(facts, service) if private else ():
            kept = privacy.patterns(settings)
            if at in said or kept is None or settings.get("GOFLAGS", _NOTHING).value == "-mod=vendor":
                continue
            open_ones = [r for r in private if not any(privacy.covers(p, r.path) for p in kept)]
            if open_ones:
                said.add(at)
                yield _finding(facts, service, module, where, at, open_ones, listed.get(open_ones[0].path))


_NOTHING = Setting("", Place(""))


def _finding(
    facts: Repository, service: Service, module: GoMod, where: str, at: Place, open_ones: list[Requirement], wish: privacy.Wish | None
) -> Finding:
    first = open_ones[0]
    more = f" and {len(open_ones) - 1} more" if len(open_ones) > 1 else ""
    summed = any(
        s.path.rpartition("/")[0] == module.directory and (first.path, first.version) in {e[:2] for e in s.entries} for s in facts.sums
    )
    ends = "its name leaks" if summed else "sum.golang.org knows no checksum for it and the build stops"
    message = f"{where} asks proxy.golang.org for the private module {first.path}{more}: {ends}"
    reasons = [Because(module.path, first.line, f"the module requires {first.path} {first.version}")]
    if wish is not None:
        reasons.append(because(wish.setting.at, f"{wish.by} sets GOPRIVATE={wish.setting.value}; it does not reach this build"))
    held = privacy.held_by_workspace(facts, first.path)
    if held is not None:
        reasons.append(because(held, "only this keeps the build from asking for it"))
        message = f"{where} does not keep the private module {first.path}{more} from the public proxy: only go.work stands between them"
    host = first.path.partition("/")[0]
    name = (wish.setting.value if wish is not None else host) or host
    severity = Severity.HAZARD if held is not None or summed else None
    sure = None if wish is not None else Confidence.LIKELY
    return Finding(message, at, tuple(reasons), f"Set GOPRIVATE={name} here.", service.name, severity=severity, confidence=sure)


def _wishes(facts: Repository) -> Iterator[privacy.Wish]:
    places: list[tuple[str, dict[str, Setting]]] = []
    for pipeline in facts.pipelines:
        for job in pipeline.jobs:
            places += [(f"the job {job.name}", step_settings(pipeline, job, step.variables)) for step in job.steps]
    places += [("the image", stage_settings(image, stage)) for image in facts.images for stage in image.stages]
    for makefile in facts.makefiles:
        exported = {v.name: Setting(v.value, Place(makefile.path, v.line)) for v in makefile.variables if v.name in makefile.exported}
        places.append((makefile.path, exported))
    for script in facts.scripts:
        places.append((script.path, {v.name: Setting(v.value, Place(script.path, v.line)) for v in script.variables}))
        for command in script.commands:
            written = gocommand.written(command).items()
            places.append((script.path, {n: Setting(v, Place(script.path, command.line)) for n, v in written}))
    for by, settings in places:
        for name in ("GOPRIVATE", "GONOPROXY"):
            setting = settings.get(name)
            if setting is not None and setting.value and "$" not in setting.value:
                yield privacy.Wish(tuple(p.strip() for p in setting.value.split(",") if p.strip()), setting, by)


def _downloads(facts: Repository, service: Service) -> Iterator[tuple[str, Place, dict[str, Setting]]]:
    """Where modules of the service are downloaded first: stages of its images and jobs that run go without a workspace of their own."""
    for shipped in service.images:
        for stage in shipped.image.stages:
            compiles = any(c.stage is stage for c in of_service(facts, service))
            command = next((c for c in stage.commands if _fetches(c)), None)
            if command is not None and (compiles or not _builds_elsewhere(facts, service)) and not _brought(shipped.image, stage):
                settings = {**stage_settings(shipped.image, stage), **_own(command, shipped.image.path)}
                yield f"the image of {service.name}", Place(shipped.image.path, command.line, command.column), settings
    for pipeline in facts.pipelines:
        for job in pipeline.jobs:
            if job.container is not None or any("self-hosted" in label.value for label in job.runs_on):
                continue
            for step in job.steps:
                command = next((c for c in step.commands if _fetches(c)), None)
                if command is not None:
                    settings = {**step_settings(pipeline, job, step.variables), **_own(command, pipeline.path)}
                    yield f"the job {job.name}", Place(pipeline.path, command.line, command.column), settings
                    break


def _builds_elsewhere(facts: Repository, service: Service) -> bool:
    return any(c.image is not None for c in of_service(facts, service))


def _own(command: Command, path: str) -> dict[str, Setting]:
    return {name: Setting(value, Place(path, command.line)) for name, value in command.variables}


def _fetches(command: Command) -> bool:
    go = gocommand.parse(command)
    if go is None or any("@" in p for p in go.packages):
        return False
    return go.verb in ("build", "install", "test", "vet", "get", "list") or (go.verb == "mod" and go.packages[:1] == ("download",))


def _brought(image: Image, stage: Stage) -> bool:
    """Whether the modules come from a mount or another stage."""
    mounted = any("type=secret" in m.value and ("goenv" in m.value or "go.env" in m.value or "go/env" in m.value) for m in stage.mounts)
    return mounted or any("pkg/mod" in c.target for c in stage.copies)


_MAIN = {
    "go.mod": "module git.acme.example/shop/orders\n\ngo 1.24\n\nrequire git.acme.example/platform/envelope v0.4.0\n",
    "cmd/orders/main.go": "package main\n\nfunc main() {}\n",
}
_CI = "on: push\nenv:\n  GOPRIVATE: git.acme.example\njobs:\n  test:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: go test ./...\n"
_DOWNLOAD = "RUN go mod download\nRUN go build -o /orders ./cmd/orders\n"
_REST = 'FROM scratch\nCOPY --from=0 /orders /orders\nENTRYPOINT ["/orders"]\n'

RULE = Rule(
    severity=Severity.DEGRADED,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    needs=("module",),
    fails=(
        {
            **_MAIN,
            ".github/workflows/ci.yml": _CI,
            "Dockerfile": "FROM golang:1.24\nCOPY . .\n# want below\n" + _DOWNLOAD + _REST,
        },
        {
            **_MAIN,
            "go.mod": "module github.com/acme/orders\n\ngo 1.24\n\nrequire github.com/acme/secrets v0.4.0\n",
            ".github/workflows/ci.yml": _CI.replace("git.acme.example", "github.com/acme/*")
            + "  lint:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: go vet ./...\n",
            "Dockerfile": "FROM golang:1.24\nCOPY . .\n# want below\n" + _DOWNLOAD + _REST,
        },
        {**_MAIN, "Dockerfile": "FROM golang:1.24\nCOPY . .\n# want below\n" + _DOWNLOAD + _REST},
    ),
    passes=(
        {
            **_MAIN,
            ".github/workflows/ci.yml": _CI,
            "Dockerfile": "FROM golang:1.24\nARG GOPRIVATE=git.acme.example\nCOPY . .\n" + _DOWNLOAD + _REST,
        },
        {
            **_MAIN,
            ".github/workflows/ci.yml": _CI,
            "Dockerfile": "FROM golang:1.24\nENV GOPROXY=https://goproxy.acme.example\nCOPY . .\n" + _DOWNLOAD + _REST,
        },
        {
            "go.mod": "module github.com/acme/orders\n\ngo 1.24\n\nrequire go.uber.org/zap v1.27.0\n",
            "cmd/orders/main.go": "package main\n\nfunc main() {}\n",
            ".github/workflows/ci.yml": _CI,
            "Dockerfile": "FROM golang:1.24\nCOPY . .\n" + _DOWNLOAD + _REST,
        },
        {
            **_MAIN,
            "vendor/modules.txt": "# git.acme.example/platform/envelope v0.4.0\n## explicit; go 1.24\ngit.acme.example/platform/envelope\n",
            "Dockerfile": "FROM golang:1.24\nCOPY . .\nRUN go build -o /orders ./cmd/orders\n" + _REST,
        },
    ),
)
