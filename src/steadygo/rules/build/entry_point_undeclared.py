"""A program gets built or started that the team never declared: nobody owns it, and its change reaches production unreviewed.

`entry_points` in steadygo.toml lists the main packages that may be built and started, `tools` those that never ship. Every other main
package is a second way in: a forgotten experiment, a copy of main.go, a migration somebody starts by hand. With the list, each main
package outside of it is reported, with the artefact that builds or runs it.

Without the list only one thing is: an image that installs everything (`go install ./...`) and ships the whole directory, so that
generators and test programs lie beside the service. Main packages below tools, examples and tests are left out when there is a list.

Fix: add it to `entry_points` or `tools` in steadygo.toml, or delete it.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts.compilations import compilations
from steadygo.facts.repository import Repository, Service
from steadygo.facts.roles import aside
from steadygo.findings import Because, Confidence, Finding, Place, Severity, because
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    declared = {d.strip("/").removeprefix("./") or "." for d in facts.settings.entry_points + facts.settings.tools}
    if facts.settings.entry_points:
        for service in facts.services:
            main = service.main
            if main is None or (main or ".") in declared or aside(f"{main}/x"):
                continue
            reasons = [because(b.at, f"a {b.origin} builds or starts it") for b in service.builds][:3]
            reasons = reasons or [Because("steadygo.toml", 1, "entry_points does not name it")]
            message = f"the main package in {main or 'the root'} is not among the declared entry points"
            fix = f'Add "{main or "."}" to entry_points or tools in steadygo.toml, or delete it.'
            yield Finding(message, _main(facts, service), tuple(reasons), fix)
    else:
        yield from _swept_along(facts)


def _swept_along(facts: Repository) -> Iterator[Finding]:
    """Mains below tools, tests or examples that an image's wildcard build ships."""
    by_main = {s.main: s for s in facts.services if s.main is not None}
    for compilation in compilations(facts):
        image, stage = compilation.image, compilation.stage
        wild = [p for p in compilation.go.packages if p.endswith("...")]
        if image is None or stage is None or not wild or not facts.ships(image.path):
            continue
        output = (compilation.go.flag("o") or ("/go/bin" if compilation.go.verb == "install" else "")).rstrip("/")
        whole = next((c for c in image.stages[-1].copies if output and c.origin and any(s.rstrip("/*") == output for s in c.sources)), None)
        extra = sorted(m for m in compilation.mains if aside(f"{m}/x") and m in by_main)
        if whole is None or not extra or len(extra) == len(compilation.mains):
            continue
        reason = Because(image.path, whole.line, f"the whole of {output} is copied into the image")
        message = f"the image ships every program that {wild[0]} finds, also {', '.join(extra[:4])}"
        fix = "Name the main packages that ship, and list them as entry_points in steadygo.toml."
        reasons = (reason, because(_main(facts, by_main[extra[0]]), "one of them"))
        yield Finding(message, compilation.outer, reasons, fix, severity=Severity.NOTE, confidence=Confidence.LIKELY)


def _main(facts: Repository, service: Service) -> Place:
    package = facts.go.packages[service.main or ""]
    for file in package.files:
        for function in file.functions:
            if function.name == "main" and not function.receiver:
                return Place(file.path, function.line, function.column)
    return Place(package.files[0].path)


_MAIN = {"go.mod": "module example.com/orders\n\ngo 1.24\n", "cmd/orders/main.go": "package main\n\nfunc main() {}\n"}
_TOML = {"steadygo.toml": 'entry_points = ["cmd/orders"]\ntools = ["cmd/gen"]\n'}
_FORGOTTEN = "package main\n\nfunc main() {} // want\n"

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    fails=(
        {
            **_MAIN,
            **_TOML,
            "smoke.go": _FORGOTTEN,
            ".github/workflows/ci.yml": "on: push\njobs:\n  deploy:\n    runs-on: x\n    steps:\n      - run: go run smoke.go\n",
        },
        {**_MAIN, **_TOML, "cmd/orders2/main.go": _FORGOTTEN},
        {
            **_MAIN,
            "internal/tools/seed/main.go": "package main\n\nfunc main() {}\n",
            "Dockerfile": "FROM golang:1.24\nWORKDIR /src\nCOPY . .\n# want below\nRUN go install ./...\n"
            'FROM debian:12\nCOPY --from=0 /go/bin /usr/local/bin\nCMD ["orders"]\n',
        },
    ),
    passes=(
        {**_MAIN, **_TOML, "cmd/gen/main.go": "package main\n\nfunc main() {}\n"},
        {**_MAIN, **_TOML, "examples/client/main.go": "package main\n\nfunc main() {}\n"},
        {**_MAIN, "smoke.go": "package main\n\nfunc main() {}\n"},
        {**_MAIN, **_TOML, "gen.go": "//go:build ignore\n\npackage main\n\nfunc main() {}\n", "orders.go": "package orders\n"},
    ),
)
