"""CI tests with another Go than the module asks for: it proves a toolchain that nobody chose, or fetches a second one on every run.

When the job's Go is older than the go or toolchain line, the go command silently downloads the newer one (GOTOOLCHAIN=auto), so the
version that the workflow names is not the one that runs; with GOTOOLCHAIN=local, in a golang container, or with setup-go from v6 on, the
job stops instead. When it is newer than both, and the image does not ship that Go either, the tests prove a compiler that is in no build.

Matrices that also contain the module's Go are fine, and so are jobs that read the version from go.mod. Jobs that test nothing do not
count.

Fix: use `go-version-file: go.mod`, and state the Go that ships in the toolchain line.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts import goversions, jobs
from steadygo.facts.compilations import builds_with
from steadygo.facts.goversions import Used, Version
from steadygo.facts.jobs import Ran
from steadygo.facts.modules import GoMod
from steadygo.facts.pipelines import Job
from steadygo.facts.repository import Repository
from steadygo.findings import Because, Confidence, Finding, Place, Severity, because
from steadygo.rules.rule import Rule

_FIRST_THAT_FETCHES = (1, 21, -1)


def check(facts: Repository) -> Iterator[Finding]:
    shipped = {s.module.path for s in facts.services if s.module is not None and not s.tool}
    tests: dict[tuple[str, str], list[Ran]] = {}
    for each in jobs.ran(facts):
        if each.verb == "test":
            tests.setdefault((each.pipeline.path, each.job.name), []).append(each)
    for pipeline in facts.pipelines:
        stated: dict[str, tuple[Job, list[Used]]] = {}
        for job, used in goversions.in_pipeline(facts, pipeline):
            stated.setdefault(job.name, (job, []))[1].append(used)
        for name, (job, all_used) in stated.items():
            commands = tests.get((pipeline.path, name), [])
            module = _module(facts, commands[0]) if commands else None
            if module is not None and module.path in shipped and facts.ships(pipeline.path):
                yield from _judge(facts, job, all_used, module, commands[0])


def _judge(facts: Repository, job: Job, all_used: list[Used], module: GoMod, test: Ran) -> Iterator[Finding]:
    least, chosen = goversions.of_module(module), goversions.chosen_by(module)
    known = [u for u in all_used if u.version is not None]
    if least is None or chosen is None or module.go is None or len(known) < len(all_used) or any(u.follows for u in all_used):
        return
    toolchain = test.settings.get("GOTOOLCHAIN")
    go_line = Because(module.path, module.go.line, f"the module needs Go {goversions.shown(least)}")
    for used in known:
        if used.version is not None and goversions.older(used.version, least):
            name = goversions.shown(used.version)
            local = used.version < _FIRST_THAT_FETCHES or (used.local if toolchain is None else toolchain.value == "local")
            ends = "the job stops" if local else f"the go command fetches Go {goversions.shown(least)} on every run"
            message = f"the job {job.name} sets up Go {name}, the module needs {goversions.shown(least)}: {ends}"
            severity = Severity.DEGRADED if local else Severity.NOTE
            yield Finding(message, used.at, (go_line,), f"Use `go-version-file: {module.path}`.", severity=severity)
            return
    newest = chosen[0][:2]
    if any(u.version is not None and u.version[:2] <= newest for u in known) or _ships(facts, module, known):
        return
    names = ", ".join(sorted({goversions.shown(u.version) for u in known if u.version}))
    message = f"the job {job.name} tests with Go {names}, the module says {goversions.shown(chosen[0])} and no image ships that Go"
    at = known[0].at
    reasons = [because(Place(chosen[1].path, chosen[1].line), f"the module is built with Go {goversions.shown(chosen[0])} by its own word")]
    reasons += [because(u.at, f"{u.text} ships") for u in _of_images(facts, module)][:2]
    yield Finding(message, at, tuple(reasons), f"Use `go-version-file: {module.path}` and add a toolchain line.", severity=Severity.NOTE)


def _module(facts: Repository, test: Ran) -> GoMod | None:
    directory = test.go.directory if test.go else ""
    candidates = [directory] if directory and not directory.startswith(("/", "$")) else list(test.bases)
    for each in candidates:
        module = facts.go.module_of(each.removeprefix("./").strip("/"))
        if module is not None:
            return module
    return None


def _of_images(facts: Repository, module: GoMod) -> list[Used]:
    used = [builds_with(facts, s) for s in facts.services if s.module is module and s.images and not s.tool]
    return [u for u in used if u is not None and not u.follows]


def _ships(facts: Repository, module: GoMod, known: list[Used]) -> bool:
    """Whether an image, or the pipeline itself when there is no image, builds with a Go that is tested."""
    built: list[Version] = [u.version for u in _of_images(facts, module) if u.version is not None]
    return not built or any(u.version is not None and u.version[:2] == b[:2] for u in known for b in built)


_MAIN = {"cmd/orders/main.go": "package main\n\nfunc main() {}\n"}
_IMAGE = 'RUN go build -o /orders ./cmd/orders\nFROM scratch\nCOPY --from=0 /orders /orders\nENTRYPOINT ["/orders"]\n'


def _ci(version: str, action: str = "actions/setup-go@v5", marker: str = "          # want below\n") -> str:
    head = "on: push\njobs:\n  test:\n    runs-on: ubuntu-24.04\n    steps:\n"
    return f"{head}      - uses: {action}\n        with:\n{marker}          {version}\n      - run: go test ./...\n"


RULE = Rule(
    severity=Severity.DEGRADED,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    needs=("pipeline", "module"),
    fails=(
        {**_MAIN, "go.mod": "module example.com/orders\n\ngo 1.24\n", ".github/workflows/ci.yml": _ci('go-version: "1.22"')},
        {
            **_MAIN,
            "go.mod": "module example.com/orders\n\ngo 1.24.3\n",
            ".github/workflows/ci.yml": _ci("go-version: 1.24.1", "actions/setup-go@v6"),
        },
        {
            **_MAIN,
            "go.mod": "module example.com/orders\n\ngo 1.23\n",
            ".github/workflows/ci.yml": _ci('go-version: "1.26"'),
            "Dockerfile": "FROM golang:1.24\n" + _IMAGE,
        },
    ),
    passes=(
        {**_MAIN, "go.mod": "module example.com/orders\n\ngo 1.23\n", ".github/workflows/ci.yml": _ci('go-version: "1.26"', marker="")},
        {
            **_MAIN,
            "go.mod": "module example.com/orders\n\ngo 1.24\n",
            ".github/workflows/ci.yml": _ci("go-version-file: go.mod", marker=""),
        },
        {**_MAIN, "go.mod": "module example.com/orders\n\ngo 1.24.3\n", ".github/workflows/ci.yml": _ci('go-version: "1.24"', marker="")},
        {
            **_MAIN,
            "go.mod": "module example.com/orders\n\ngo 1.23\n",
            ".github/workflows/ci.yml": _ci('go-version: "1.26"', marker=""),
            "Dockerfile": "FROM golang:1.26\n" + _IMAGE,
        },
    ),
)
