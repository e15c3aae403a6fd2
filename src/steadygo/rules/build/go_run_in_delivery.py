"""Production starts the program with `go run`: it compiles at start, needs a toolchain and sources there, and hides the program's exit.

`go run` builds into a temporary directory and runs the result as a child. On a host or in an image this means: a start takes as long as
a build, a missing module or a changed toolchain stops it, signals reach `go` and not the service, and nobody knows which build runs.
Only commands in the way of what ships count: an image's CMD and ENTRYPOINT, a unit's Exec lines, a container's command, and the scripts
they start. `go run` of a tool at a pinned version (`go run golang.org/x/tools/cmd/stringer@v0.24.0`) while building is fine.

Fix: build the main package once (`go build -trimpath -o /app/orders ./cmd/orders`) and start the binary.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from steadygo.facts import gocommand
from steadygo.facts.commands import Command
from steadygo.facts.repository import Repository
from steadygo.facts.units import exec_words
from steadygo.findings import Because, Confidence, Finding, Place, Severity
from steadygo.rules.rule import Rule

_FIX = "Build the main package once with `go build -o` and start the binary."


def check(facts: Repository) -> Iterator[Finding]:
    scripts = {posixpath.basename(s.path): s for s in facts.scripts}
    for what, at, words in _starts(facts):
        if _is_go_run(words):
            yield Finding(f"{what} starts the program with `{' '.join(words)[:80]}`", at, fix=_FIX)
        for word in words:
            script = scripts.get(posixpath.basename(word)) if word.endswith(".sh") else None
            for command in script.commands if script else ():
                if _is_go_run(command.words):
                    place = Place(script.path, command.line, command.column) if script else at
                    started = Because(at.path, at.line, f"{what} starts this script")
                    yield Finding(f"{what} ends in `{command.text[:80]}`", place, (started,), _FIX)


def _starts(facts: Repository) -> Iterator[tuple[str, Place, tuple[str, ...]]]:
    for image in facts.images:
        for stage in image.stages[-1:]:
            for start in (stage.entrypoint, stage.command):
                if start is not None and facts.ships(image.path):
                    yield "The image", Place(image.path, start.line, start.column), start.words
    for unit in facts.units:
        for name in ("ExecStartPre", "ExecStart", "ExecReload"):
            for directive in unit.find_all("Service", name):
                yield f"{unit.name}", Place(directive.path or unit.path, directive.line), exec_words(directive.value)[1]
    for workload in facts.workloads:
        for container in workload.containers:
            words = (*(container.command or ()), *(container.args or ()))
            if words and facts.ships(workload.path):
                yield f"{workload.kind} {workload.name}", Place(workload.path, container.command_line or container.line), words


def _is_go_run(words: tuple[str, ...]) -> bool:
    text = " ".join(words)
    if words and posixpath.basename(words[0]) in ("sh", "bash") and "-c" in words:
        words = tuple(text.partition(" -c ")[2].split())
    go = gocommand.parse(Command(words, 1))
    return go is not None and go.verb == "run" and not any("@v" in p for p in go.packages)


_MAIN = {"go.mod": "module example.com/orders\n\ngo 1.24\n", "cmd/orders/main.go": "package main\n\nfunc main() {}\n"}
_UNIT = "[Unit]\nDescription=Orders\n\n[Service]\n"

RULE = Rule(
    severity=Severity.OUTAGE,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    needs=("environment",),
    fails=(
        {**_MAIN, "orders.service": _UNIT + "# want below\nExecStart=/usr/local/go/bin/go run ./cmd/orders\n"},
        {**_MAIN, "Dockerfile": 'FROM golang:1.24\nCOPY . .\n# want below\nCMD ["go", "run", "./cmd/orders"]\n'},
        {
            **_MAIN,
            "Dockerfile": 'FROM golang:1.24\nCOPY . .\nENTRYPOINT ["/scripts/start.sh"]\n',
            "scripts/start.sh": "#!/bin/sh\nset -e\ngo run ./cmd/orders # want\n",
        },
    ),
    passes=(
        {**_MAIN, "Dockerfile": 'FROM golang:1.24\nRUN go run golang.org/x/tools/cmd/stringer@v0.24.0\nCMD ["/orders"]\n'},
        {**_MAIN, "Makefile": "dev:\n\tgo run ./cmd/orders\n"},
        {**_MAIN, "scripts/demo.sh": "#!/bin/sh\ngo run ./cmd/orders\n"},
    ),
)
