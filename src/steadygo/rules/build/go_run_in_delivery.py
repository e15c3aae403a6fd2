"""Production starts the program with `go run`: it compiles at start, needs a toolchain and sources there, and hides the program's exit.

`go run` builds into a temporary directory and runs the result as a child. On a host or in an image this means: a start takes as long as a
build, a missing module or a changed toolchain stops it, signals reach `go` and not the service, and nobody knows which build runs. A
deployment that migrates or checks production with `go run` does it with whatever compiles on the runner at that moment.

Only commands in the way of what ships count: an image's CMD and ENTRYPOINT, a unit's Exec lines, a container's command, the scripts they
start, and jobs that deploy (they call kubectl, helm and the like, or name an environment). `go run` of a tool at a pinned version (`go
run golang.org/x/tools/cmd/stringer@v0.24.0`), of a module's own tool (`go run ./tools/…`) and while developing is fine.

Fix: build the main package once (`go build -trimpath -o /app/orders ./cmd/orders`) and start the binary.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from steadygo.facts import gocommand, jobs
from steadygo.facts.commands import Command
from steadygo.facts.gocommand import GoCommand
from steadygo.facts.jobs import Ran
from steadygo.facts.repository import Repository
from steadygo.facts.roles import aside
from steadygo.facts.units import exec_words
from steadygo.findings import Because, Confidence, Finding, Place, Severity, because
from steadygo.rules.rule import Rule

_FIX = "Build the main package once with `go build -o` and start the binary."
_DEPLOYS = re.compile(
    r"^(kubectl (apply|set|rollout|replace|patch)|helm (upgrade|install)|helmfile (apply|sync)|argocd app|flyctl deploy|fly deploy"
    r"|gcloud (run|app) deploy|gcloud run services|aws (ecs|lambda) update|terraform apply|pulumi up|nomad (job )?run|ansible-playbook"
    r"|docker stack deploy|heroku|kubectl .* (apply|rollout))"
)


def check(facts: Repository) -> Iterator[Finding]:
    scripts = {posixpath.basename(s.path): s for s in facts.scripts}
    for what, at, words in _starts(facts):
        severity = Severity.HAZARD if what.startswith("compose") else None
        if _is_go_run(words):
            yield Finding(f"{what} starts the program with `{' '.join(words)[:80]}`", at, fix=_FIX, severity=severity)
        for word in words:
            script = scripts.get(posixpath.basename(word)) if word.endswith(".sh") else None
            for command in script.commands if script else ():
                if _is_go_run(command.words):
                    place = Place(script.path, command.line, command.column) if script else at
                    started = Because(at.path, at.line, f"{what} starts this script")
                    yield Finding(f"{what} ends in `{command.text[:80]}`", place, (started,), _FIX, severity=severity)
    yield from _deployments(facts)


def _starts(facts: Repository) -> Iterator[tuple[str, Place, tuple[str, ...]]]:
    for image in facts.images:
        for stage in image.stages[-1:]:
            for start in (stage.entrypoint, stage.command):
                if start is not None and facts.ships(image.path):
                    yield "the image", Place(image.path, start.line, start.column), start.words
    for unit in facts.units:
        for name in ("ExecStartPre", "ExecStart", "ExecReload"):
            for directive in unit.find_all("Service", name):
                yield f"{unit.name}", Place(directive.path or unit.path, directive.line), exec_words(directive.value)[1]
    for workload in facts.workloads:
        for container in workload.containers:
            words = (*(container.command or ()), *(container.args or ()))
            if words and facts.ships(workload.path):
                kind = "compose service" if workload.kind == "compose" else workload.kind
                yield f"{kind} {workload.name}", Place(workload.path, container.command_line or container.line), words


def _deployments(facts: Repository) -> Iterator[Finding]:
    """`go run` in jobs that deploy, and behind make in them."""
    by_job: dict[tuple[str, str], list[Ran]] = {}
    for each in jobs.ran(facts):
        by_job.setdefault((each.pipeline.path, each.job.name), []).append(each)
    said: set[Place] = set()
    for commands in by_job.values():
        job, path = commands[0].job, commands[0].pipeline.path
        deploying = next((c for c in commands if _DEPLOYS.match(c.command.text)), None)
        for each in commands:
            if each.go is None or not _runs_own(each.go) or each.at in said or not (deploying or job.environment):
                continue
            said.add(each.at)
            proof = because(deploying.outer, f"the job deploys: {deploying.command.text[:60]}") if deploying else None
            proof = proof or Because(path, job.line, f"the job works on the environment {job.environment}")
            message = f"the job {job.name}, which deploys, runs `{each.command.text[:80]}`: what compiles on the runner acts on production"
            fix = "Build it with the release, ship it in the image, and run that."
            yield Finding(message, each.at, (proof,), fix, severity=Severity.HAZARD, confidence=Confidence.LIKELY)


def _runs_own(go: GoCommand) -> bool:
    """`go run` of a program of this repository that is no tool by its place."""
    return go.verb == "run" and bool(go.packages) and not any("@" in p or aside(f"{p.removeprefix('./')}/x") for p in go.packages)


def _is_go_run(words: tuple[str, ...]) -> bool:
    text = " ".join(words)
    if words and posixpath.basename(words[0]) in ("sh", "bash") and "-c" in words:
        words = tuple(text.partition(" -c ")[2].split())
    go = gocommand.parse(Command(words, 1))
    return go is not None and go.verb == "run" and not any("@v" in p for p in go.packages)


_MAIN = {"go.mod": "module example.com/orders\n\ngo 1.24\n", "cmd/orders/main.go": "package main\n\nfunc main() {}\n"}
_UNIT = "[Unit]\nDescription=Orders\n\n[Service]\n"
_JOB = "on: push\njobs:\n  deploy:\n    runs-on: ubuntu-24.04\n    steps:\n"

RULE = Rule(
    severity=Severity.OUTAGE,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    needs=("environment",),
    fails=(
        {**_MAIN, "orders.service": _UNIT + "# want below\nExecStart=/usr/local/bin/go run ./cmd/orders\n"},
        {**_MAIN, "Dockerfile": 'FROM golang:1.24\nCOPY . .\n# want below\nCMD ["go", "run", "./cmd/orders"]\n'},
        {
            **_MAIN,
            "Dockerfile": 'FROM golang:1.24\nCOPY . .\nENTRYPOINT ["/scripts/start.sh"]\n',
            "scripts/start.sh": "#!/bin/sh\nset -e\ngo run ./cmd/orders # want\n",
        },
        {**_MAIN, ".github/workflows/ci.yml": _JOB + "      - run: go run ./cmd/migrate # want\n      - run: kubectl apply -k deploy\n"},
    ),
    passes=(
        {**_MAIN, "Dockerfile": 'FROM golang:1.24\nRUN go run golang.org/x/tools/cmd/stringer@v0.24.0\nCMD ["/orders"]\n'},
        {**_MAIN, "Makefile": "dev:\n\tgo run ./cmd/orders\n"},
        {**_MAIN, "scripts/demo.sh": "#!/bin/sh\ngo run ./cmd/orders\n"},
        {**_MAIN, ".github/workflows/ci.yml": _JOB + "      - run: go run ./cmd/orders -check\n      - run: go test ./...\n"},
        {**_MAIN, ".github/workflows/ci.yml": _JOB + "      - run: go run ./tools/changelog\n      - run: helm upgrade orders chart\n"},
    ),
)
