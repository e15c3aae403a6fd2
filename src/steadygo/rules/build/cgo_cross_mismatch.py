"""What runs was built with another cgo than its code needs: the database driver is a stub, or the build stops at the C compiler.

Three ways lead there. A driver such as mattn/go-sqlite3 compiles without cgo into a stub that fails on the first query: "Binary was
compiled with 'CGO_ENABLED=0', go-sqlite3 requires cgo to work". Tests pass, since they run where gcc is. Or cgo is on for another
architecture and no cross compiler is named: the host's gcc cannot assemble for it. Or cgo is on and the build image has no C compiler.

Errs on the side of silence when CC or a cross-compiling wrapper is set anywhere near, or when settings come from expressions.

Fix: take a driver without C (modernc.org/sqlite) and set CGO_ENABLED=0; or keep cgo, and install and name (CC) the compiler for the
target.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts import cgo, libc
from steadygo.facts.cgo import Need
from steadygo.facts.compilations import Compilation, compilations, of_service
from steadygo.facts.go import Function, GoFile
from steadygo.facts.repository import Repository, Service
from steadygo.findings import Because, Confidence, Finding, Place, Severity, because
from steadygo.rules.rule import Rule

_GORM = ("gorm.io/driver/sqlite.Open",)
_MOST_CALLERS = 200
_NAMES_COMPILER = ("CC", "CC_FOR_TARGET", "CXX", "CROSS_COMPILE", "CC_FOR_BUILD")


def check(facts: Repository) -> Iterator[Finding]:
    for service in facts.services:
        if service.tool:
            continue
        seen: set[Place] = set()
        for compilation in of_service(facts, service):
            if compilation.outer in seen or not facts.ships(compilation.outer.path) or compilation.go.verb == "test":
                continue
            for finding in (
                _stub(facts, service, compilation) or _without_compiler(facts, service, compilation) or _cross(facts, service, compilation)
            ):
                seen.add(compilation.outer)
                yield finding


def _stub(facts: Repository, service: Service, compilation: Compilation) -> list[Finding]:
    if compilation.origin not in ("image", "release") or cgo.enabled(compilation) is not False:
        return []
    need = next((n for n in cgo.needs(facts, service, compilation.tags) if n.kind == "module"), None)
    if need is None:
        return []
    stated = compilation.settings.get("CGO_ENABLED")
    off = because(stated.at, "CGO_ENABLED=0") if stated else _base(compilation, "has no C compiler, so cgo is off")
    tested = next((c for c in compilations(facts) if c.origin == "pipeline" and c.value("CGO_ENABLED") == "1"), None)
    reasons = [because(need.at, f"imports {need.what}, which is a stub without cgo"), *([off] if off else [])]
    reasons += [because(tested.outer, "here it is built with cgo")] if tested else []
    message = f"{service.name} ships without cgo, but {need.what} requires it: its first use fails"
    used = _opened(facts, service)
    if used is not None:
        reasons.append(because(used, "the database is opened here"))
    severity = None if used is not None or need.what == "librdkafka" else Severity.NOTE
    if need.what == "librdkafka":
        message = f"{service.name} is built without cgo, but its Kafka client is C code: the build stops"
    fix = f"Build this with CGO_ENABLED=1 and a C compiler, or replace {need.what} by a module in pure Go."
    return [Finding(message, compilation.outer, tuple(reasons), fix, service.name, severity=severity)]


def _opened(facts: Repository, service: Service) -> Place | None:
    """Where SQLite is opened through the driver that needs cgo, by code that the main package calls step by step."""
    for file, call in facts.go.calls("database/sql.Open", "github.com/jmoiron/sqlx.Open", "github.com/jmoiron/sqlx.Connect", *_GORM):
        if call.name not in _GORM and (not call.args or facts.go.text(file, call.args[0], call.block) != "sqlite3"):
            continue
        function = facts.go.declared_function_at(file, call.block)
        if function is not None and service.has(file.directory) and _called_from(facts, service.main or "", file, function):
            return file.at(call)
    return None


def _called_from(facts: Repository, main: str, file: GoFile, function: Function) -> bool:
    pending, seen = [(file, function)], {(file.path, function.block)}
    while pending and len(seen) < _MOST_CALLERS:
        file, function = pending.pop(0)
        if file.directory == main:
            return True
        for caller, call in facts.go.callers(file, function):
            outer = facts.go.declared_function_at(caller, call.block)
            if outer is not None and not caller.is_test and (caller.path, outer.block) not in seen:
                seen.add((caller.path, outer.block))
                pending.append((caller, outer))
    return False


def _without_compiler(facts: Repository, service: Service, compilation: Compilation) -> list[Finding]:
    stated = compilation.settings.get("CGO_ENABLED")
    if compilation.image is None or compilation.stage is None or stated is None or stated.value != "1":
        return []
    if libc.has_compiler(compilation.image, compilation.stage) is not False or _compiler_named(compilation):
        return []
    needs = cgo.needs(facts, service, compilation.tags)
    base = _base(compilation, "brings no C compiler")
    if not needs or base is None:
        return []
    message = f"the image of {service.name} asks for cgo, but its build stage has no C compiler: the build stops"
    reasons = (base, because(stated.at, "CGO_ENABLED=1"), because(needs[0].at, f"imports {needs[0].what}"))
    fix = "Install gcc and musl-dev in the build stage, or set CGO_ENABLED=0."
    return [Finding(message, compilation.outer, reasons, fix, service.name, severity=Severity.DEGRADED)]


def _cross(facts: Repository, service: Service, compilation: Compilation) -> list[Finding]:
    stated, machine = compilation.settings.get("CGO_ENABLED"), compilation.settings.get("GOARCH")
    if stated is None or stated.value != "1" or _compiler_named(compilation):
        return []
    target = machine.value if machine else None
    foreign = target in ("arm64", "arm", "386", "s390x", "ppc64le", "riscv64", "mips64le") and not _runs_on_arm(compilation)
    foreign = foreign or compilation.value("GOOS") == "windows"
    platforms: Because | None = None
    if not foreign and compilation.image is not None and compilation.stage is not None:
        root = libc.root_of(compilation.image, compilation.stage)
        if "BUILDPLATFORM" in root.platform and target is not None and "TARGETARCH" in target:
            platforms = _several_platforms(facts, compilation.image.path)
            foreign, target = platforms is not None, "the other platform"
    needs: list[Need] = cgo.needs(facts, service, compilation.tags) if foreign else []
    if not needs:
        return []
    target = target if machine else "windows"
    message = f"{service.name} is built for {target} with cgo, but no C compiler for {target} is named: the build stops in runtime/cgo"
    reasons = [because(stated.at, "CGO_ENABLED=1"), because(needs[0].at, f"imports {needs[0].what}, which uses cgo when it is on")]
    reasons += [platforms] if platforms else []
    severity = Severity.DEGRADED if compilation.origin in ("image", "release") else Severity.HAZARD
    fix = "Set CGO_ENABLED=0 for this build, or name the cross compiler in CC."
    return [Finding(message, compilation.outer, tuple(reasons), fix, service.name, severity=severity, confidence=Confidence.LIKELY)]


def _several_platforms(facts: Repository, image: str) -> Because | None:
    for pipeline in facts.pipelines:
        for job in pipeline.jobs:
            for step in job.steps:
                for given in step.inputs:
                    if given.name == "platforms" and (given.value or "").count("linux/") > 1:
                        return Because(pipeline.path, given.line, f"the image is built for {' '.join((given.value or '').split())[:80]}")
    return None


def _compiler_named(compilation: Compilation) -> bool:
    named = any(name in _NAMES_COMPILER or name.startswith("CC_") for name in compilation.settings)
    wrapped = compilation.command.text.startswith(("xx-", "goxx", "garble")) or "xx-" in compilation.command.text
    return named or wrapped


def _runs_on_arm(compilation: Compilation) -> bool:
    return compilation.job is not None and any("arm" in label.value or "macos" in label.value for label in compilation.job.runs_on)


def _base(compilation: Compilation, note: str) -> Because | None:
    if compilation.image is None or compilation.stage is None:
        return None
    root = libc.root_of(compilation.image, compilation.stage)
    return Because(compilation.image.path, root.line, f"{root.base} {note}")


_MOD = {"go.mod": "module example.com/orders\n\ngo 1.24\n"}
_SQLITE = {
    **_MOD,
    "cmd/orders/main.go": 'package main\n\nimport (\n\t"database/sql"\n\n\t_ "github.com/mattn/go-sqlite3"\n)\n\n'
    'func main() { _, _ = sql.Open("sqlite3", "orders.db") }\n',
}
_HTTP = {**_MOD, "cmd/orders/main.go": 'package main\n\nimport "net/http"\n\nfunc main() { _ = http.ListenAndServe(":80", nil) }\n'}
_REST = 'FROM scratch\nCOPY --from=0 /orders /orders\nENTRYPOINT ["/orders"]\n'

RULE = Rule(
    severity=Severity.OUTAGE,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    fails=(
        {
            **_SQLITE,
            "Dockerfile": "FROM golang:1.24\nCOPY . .\nENV CGO_ENABLED=0\n# want below\nRUN go build -o /orders ./cmd/orders\n" + _REST,
        },
        {**_SQLITE, "Dockerfile": "FROM golang:1.24-alpine\nCOPY . .\n# want below\nRUN go build -o /orders ./cmd/orders\n" + _REST},
        {
            **_HTTP,
            "Dockerfile": "FROM golang:1.24-alpine\nCOPY . .\n# want below\nRUN CGO_ENABLED=1 go build -o /orders ./cmd/orders\n" + _REST,
        },
        {
            **_HTTP,
            "Dockerfile": "FROM golang:1.24\nCOPY . .\nRUN CGO_ENABLED=0 go build -o /orders ./cmd/orders\n" + _REST,
            "Makefile": "release:\n\t# want below\n\tCGO_ENABLED=1 GOOS=linux GOARCH=arm64 go build -o bin/orders ./cmd/orders\n",
        },
    ),
    passes=(
        {**_SQLITE, "Dockerfile": "FROM golang:1.24\nCOPY . .\nRUN CGO_ENABLED=1 go build -o /orders ./cmd/orders\n" + _REST},
        {
            **_SQLITE,
            "Dockerfile": "FROM golang:1.24-alpine\nRUN apk add --no-cache build-base\nCOPY . .\nRUN go build -o /orders ./cmd/orders\n"
            + _REST,
        },
        {
            **_MOD,
            "cmd/orders/main.go": "package main\n\nfunc main() {}\n",
            "cmd/orders/sqlite.go": '//go:build sqlite\n\npackage main\n\nimport _ "github.com/mattn/go-sqlite3"\n',
            "Dockerfile": "FROM golang:1.24\nCOPY . .\nRUN CGO_ENABLED=0 go build -o /orders ./cmd/orders\n" + _REST,
        },
        {
            **_HTTP,
            "Dockerfile": "FROM golang:1.24\nCOPY . .\nRUN CGO_ENABLED=0 go build -o /orders ./cmd/orders\n" + _REST,
            "Makefile": "release:\n\tCC=aarch64-linux-gnu-gcc CGO_ENABLED=1 GOARCH=arm64 go build -o bin/orders ./cmd/orders\n"
            "arm:\n\tCGO_ENABLED=0 GOARCH=arm64 go build -o bin/orders ./cmd/orders\n",
        },
    ),
)
