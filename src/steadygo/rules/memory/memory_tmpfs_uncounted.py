"""Files fill the service's memory until it is killed: a tmpfs mount counts against the container's limit, and Go is not told.

An emptyDir with `medium: Memory` or a tmpfs mount holds its files in the container's memory. The runtime does not see them: with
GOMEMLIMIT (or automemlimit) set from the whole limit, the heap may grow into what the files already took; without it there is no
bound at all. The same holds for TemporaryFileSystem= of a unit with MemoryMax=.

Reported when the heap's limit and the mount's size do not fit into the limit together; without a GOMEMLIMIT when files may take more
than a tenth. A mount without a size may fill all of it. Read-only mounts are left out.

Fix: give the mount a small sizeLimit, and set GOMEMLIMIT to the limit less that size less 10 %; or put the files on disk.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts import gomemory
from steadygo.facts.repository import Repository
from steadygo.facts.runtimes import Runtime, shipped_runtimes
from steadygo.facts.units import size
from steadygo.findings import Confidence, Finding, Place, Severity, because
from steadygo.rules.rule import Rule

_USUAL_PART = 0.9  # of the limit, for the heap, when nothing says it


def check(facts: Repository) -> Iterator[Finding]:
    seen = set()
    for service, runtime in shipped_runtimes(facts):
        if runtime.memory is None:
            continue
        limit, at = runtime.memory
        known = gomemory.limit_of(facts, service, runtime)
        heap = known.size if known is not None and known.size not in (None, float("inf")) else limit * _USUAL_PART
        for path, taken, place in _held_in_memory(runtime):
            if place in seen or heap is None or (taken and heap + taken <= limit):
                continue
            seen.add(place)
            files = f"{gomemory.shown(taken)} of files in {path}" if taken else f"files in {path} (no size is set)"
            told = f"the {gomemory.shown(heap)} of {known.by}" if known is not None else "a heap that nothing limits"
            proofs = [because(at, f"the limit of {runtime.label}: {gomemory.shown(limit)}")]
            if known is not None:
                proofs.append(because(known.at, f"Go may use {known.text}"))
            else:
                proofs.append(because(gomemory.main_place(facts, service), "the program sets no memory limit of its own"))
            room = f"GOMEMLIMIT={int((limit - taken) * _USUAL_PART) >> 20}MiB" if taken and taken < limit else "GOMEMLIMIT to what is left"
            yield Finding(
                f"{runtime.label} is killed at {gomemory.shown(limit)}, and {files} count as much as {told}",
                place,
                tuple(proofs),
                f"Set {room}{'' if taken else ' and give the mount a size'}, or keep the files on disk.",
                service.name,
            )


def _held_in_memory(runtime: Runtime) -> Iterator[tuple[str, float, Place]]:
    """(path, size in bytes or 0, place) of what the runtime mounts as tmpfs for writing."""
    if runtime.running is not None:
        for mount in runtime.running.container.mounts:
            if mount.kind in ("memory", "tmpfs") and not mount.read_only:
                yield mount.path, mount.size, runtime.running.at(mount)
    for directive in runtime.unit.find_all("Service", "TemporaryFileSystem") if runtime.unit else ():
        for word in directive.value.split():
            path, _, options = word.partition(":")
            if "ro" in options.split(",") or runtime.unit is None:
                continue
            stated = re.search(r"\bsize=(\d+[KMGkmg]?)\b", options)
            yield path, (size(stated[1].upper()) or 0.0) if stated else 0.0, Place(directive.path or runtime.unit.path, directive.line)


_MAIN = {
    "go.mod": "module example.com/orders\n\ngo 1.24.0\n",
    "main.go": "package main\n\nfunc main() {}\n",
    "Dockerfile": "FROM golang:1.25 AS build\nRUN go build -o /orders .\nFROM scratch\nCOPY --from=build /orders /\n"
    'ENTRYPOINT ["/orders"]\n',
}
_POD = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: orders
spec:
  template:
    spec:
      containers:
        - name: orders
          image: example.com/orders
          resources:
            limits:
"""
_LIMIT = "              memory: 512Mi\n"
_MOUNT = "          volumeMounts:\n            - {name: scratch, mountPath: /tmp}"
_VOLUME = "\n      volumes:\n        - name: scratch\n          emptyDir: {medium: Memory, sizeLimit: 256Mi}\n"

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("go", "environment"),
    fails=(
        {**_MAIN, "deploy/orders.yaml": _POD + _LIMIT + _MOUNT + " # want" + _VOLUME},
        {
            **_MAIN,
            "compose.yaml": "services:\n  orders:\n    build: .\n    mem_limit: 512m\n    environment:\n      GOMEMLIMIT: 460MiB\n"
            "    tmpfs:\n      - /tmp:size=100m # want\n",
        },
        {
            **_MAIN,
            "orders.service": "[Service]\nExecStart=/usr/bin/orders\nMemoryMax=512M\n# want below\nTemporaryFileSystem=/var/cache/orders\n",
        },
    ),
    passes=(
        {**_MAIN, "deploy/orders.yaml": _POD + _LIMIT + _MOUNT + _VOLUME.replace("256Mi", "16Mi")},
        {**_MAIN, "deploy/orders.yaml": _POD + _LIMIT + _MOUNT + _VOLUME.replace("medium: Memory, ", "")},
        {
            **_MAIN,
            "deploy/orders.yaml": _POD + _LIMIT + "          env:\n            - {name: GOMEMLIMIT, value: 200MiB}\n" + _MOUNT + _VOLUME,
        },
        {**_MAIN, "compose.yaml": "services:\n  orders:\n    build: .\n    tmpfs:\n      - /tmp\n"},
        {**_MAIN, "orders.service": "[Service]\nExecStart=/usr/bin/orders\nMemoryMax=512M\nTemporaryFileSystem=/var:ro\nPrivateTmp=yes\n"},
    ),
)
