"""The container never starts: its command is written in shell form, and the image has no shell.

`CMD /orders` without brackets means `/bin/sh -c "/orders"`. scratch and the distroless images (but for their debug variants) have no
/bin/sh, so every start ends with `exec: "/bin/sh": stat /bin/sh: no such file or directory`. An image that copies a shell or sets SHELL
is left out, and so is one whose base is a variable.

Fix: write the exec form: `CMD ["/orders"]`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts.images import Stage
from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Place, Severity, because
from steadygo.rules.rule import Rule

_WITHOUT_SHELL = re.compile(r"^scratch$|(^|/)distroless/(static|base|base-nossl|cc)(-debian\d+)?(:(?!.*debug)[\w.-]+)?(@.*)?$")


def check(facts: Repository) -> Iterator[Finding]:
    seen = set()
    for service in facts.services:
        for shipped in service.images:
            final = shipped.lineage()
            base = final[-1]
            start = next((s for stage in final for s in (stage.entrypoint, stage.command) if s is not None), None)
            if start is None or not start.shell or not _WITHOUT_SHELL.search(base.base) or any(_brings_shell(s) for s in final):
                continue
            at = Place(shipped.image.path, start.line, start.column)
            if at not in seen:
                seen.add(at)
                yield Finding(
                    f"the image of {service.name} starts `{' '.join(start.words)[:60]}` through /bin/sh, which {base.base} does not have",
                    at,
                    (because(Place(shipped.image.path, base.line), f"{base.base} holds no shell"),),
                    f"Write the exec form: [{', '.join(chr(34) + w + chr(34) for w in start.words[:6])}].",
                    service.name,
                )


def _brings_shell(stage: Stage) -> bool:
    copied = any(c.target.rstrip("/").endswith(("/bin", "/sh", "/busybox")) or c.target in ("/", "/./") for c in stage.copies)
    return bool(stage.shell) or copied


_MAIN = {"go.mod": "module example.com/orders\n\ngo 1.24\n", "cmd/orders/main.go": "package main\n\nfunc main() {}\n"}
_BUILD = "FROM golang:1.24\nCOPY . .\nRUN CGO_ENABLED=0 go build -o /orders ./cmd/orders\n"

RULE = Rule(
    severity=Severity.OUTAGE,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    needs=("image",),
    fails=(
        {**_MAIN, "Dockerfile": _BUILD + "FROM scratch\nCOPY --from=0 /orders /orders\n# want below\nCMD /orders\n"},
        {
            **_MAIN,
            "Dockerfile": _BUILD
            + "FROM gcr.io/distroless/static-debian12:nonroot\nCOPY --from=0 /orders /orders\n# want below\nENTRYPOINT /orders -v\n",
        },
    ),
    passes=(
        {**_MAIN, "Dockerfile": _BUILD + 'FROM scratch\nCOPY --from=0 /orders /orders\nCMD ["/orders"]\n'},
        {**_MAIN, "Dockerfile": _BUILD + "FROM gcr.io/distroless/base:debug\nCOPY --from=0 /orders /orders\nCMD /orders\n"},
        {**_MAIN, "Dockerfile": _BUILD + "FROM alpine:3.22\nCOPY --from=0 /orders /orders\nCMD /orders\n"},
        {
            **_MAIN,
            "Dockerfile": _BUILD + "FROM scratch\nCOPY --from=busybox:1.37 /bin/sh /bin/sh\nCOPY --from=0 /orders /orders\nCMD /orders\n",
        },
    ),
)
