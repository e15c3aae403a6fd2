"""The log is gone when it is needed: it is written to a file inside the container, which dies with it.

A container's file system lasts as long as the container. A crash, a new version or an eviction deletes the file with the last lines
before the fault; until then it grows inside the layer and can fill the node's disk, and no collector reads it.

Reported are files below a log directory, or ending in .log, that the code opens for writing at a constant path, in services that run in a
container where no volume is mounted over that path. Confidence is lower where no manifest shows the mounts, only an image.

Fix: write to stdout; where a file is required (audit) mount a volume there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts.go import GoFile
from steadygo.facts.repository import Repository, Service
from steadygo.findings import Because, Confidence, Finding, Place, Severity
from steadygo.rules.rule import Rule

_LOG = re.compile(r"\A/(?:.*/)?logs?/[^/]|\A/.*\.log\Z")
_ROTATED = ("gopkg.in/natefinch/lumberjack.v2.Logger", "github.com/natefinch/lumberjack.Logger")
_KEPT = ("volume", "bind", "pvc", "hostpath", "other", "nfs", "emptydir")


def check(facts: Repository) -> Iterator[Finding]:
    files = list(_log_files(facts))
    for service in facts.services if files else ():
        if service.main is None or service.tool or not (service.running or service.images):
            continue
        for file, at, block, path in files:
            if not service.has(file.directory):
                continue
            function = facts.go.declared_function_at(file, block)
            if function is not None and (file.path, function.block) not in facts.go.reachable_functions(service.main):
                continue
            proof = _not_kept(service, path)
            if proof is not None:
                yield Finding(
                    f"{path} lies inside the container and is lost with it",
                    at,
                    (proof,),
                    "Write to stdout, or mount a volume over " + path.rpartition("/")[0] + ".",
                    service.name,
                    confidence=None if service.running else Confidence.LIKELY,
                )


def _log_files(facts: Repository) -> Iterator[tuple[GoFile, Place, int, str]]:
    """(file, place, block, path) of every log file that is opened for writing at a path that is known."""
    for file, call in facts.go.calls("os.OpenFile", "os.Create"):
        writes = call.name == "os.Create" or (len(call.args) > 1 and re.search(r"O_WRONLY|O_RDWR|O_APPEND", call.args[1]))
        path = facts.go.text(file, call.args[0], call.block) if call.args and writes else None
        if path and _LOG.search(path):
            yield file, file.at(call), call.block, path
    for file, made in facts.go.composites(*_ROTATED):
        path = facts.go.text(file, dict(made.fields).get("Filename", ""), made.block)
        if path and _LOG.search(path):
            yield file, file.at(made), made.block, path


def _not_kept(service: Service, path: str) -> Because | None:
    """The container (or image) in which nothing keeps `path`; None when some volume does or the service does not run in one."""
    for running in service.running:
        mounts = [m.path.rstrip("/") for m in running.container.mounts if m.kind in _KEPT]
        if not any(path.startswith(f"{m}/") or path == m for m in mounts):
            at = running.at()
            return Because(at.path, at.line, f"no volume is mounted over {path.rpartition('/')[0]} here")
    if service.running:
        return None
    for image in service.images:
        volumes = [v.value.rstrip("/") for stage in image.lineage() for v in stage.volumes]
        if not any(path.startswith(f"{v}/") for v in volumes):
            return Because(image.image.path, image.final.line, f"{service.name} runs in this image")
    return None


_FILES = {
    "go.mod": "module example.com/orders\n\ngo 1.24\n",
    "main.go": """package main

import "os"

const folder = "/var/log/orders"

func main() {
    f, _ := os.OpenFile(folder+"/audit.log", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644) // want
    println(f)
}
""",
    "Dockerfile": 'FROM golang\nRUN go build -o /orders .\nCMD ["/orders"]\n',
}
_COMPOSE = "services:\n  orders:\n    build: .\n    volumes:\n      - data:/data\nvolumes:\n  data: {}\n"

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    needs=("go", "image"),
    fails=({**_FILES, "compose.yaml": _COMPOSE}, _FILES),
    passes=(
        {**_FILES, "compose.yaml": _COMPOSE.replace("data:/data", "data:/var/log")},
        {**_FILES, "compose.yaml": _COMPOSE, "main.go": _FILES["main.go"].replace("/var/log/orders", "/data")},
        {**_FILES, "main.go": _FILES["main.go"].replace("O_APPEND|os.O_CREATE|os.O_WRONLY", "O_RDONLY")},
        {"go.mod": _FILES["go.mod"], "main.go": _FILES["main.go"], "orders.service": "[Service]\nExecStart=/usr/bin/orders\n"},
        {**_FILES, "Dockerfile": _FILES["Dockerfile"] + "VOLUME /var/log/orders\n"},
    ),
)
