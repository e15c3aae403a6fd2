"""What ships is not what go.mod says: the release is built inside a workspace, with whatever lies in its directories.

A go.work in the tree wins over go.mod: modules that it uses are taken from their directories, at whatever state those have, and its
replacements hold for all. go.mod names a released version that was reviewed and tested; the binary says "(devel)" instead. Anybody who
builds the same module outside of the workspace gets other code.

Only modules count that the service requires at a version and that the workspace takes from elsewhere; where go.mod itself replaces them
by the directory, both agree. GOWORK=off and -mod=vendor at the build are fine.

Fix: build releases with GOWORK=off, or leave go.work out of the image (.dockerignore).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from steadygo.facts.compilations import Compilation, of_service
from steadygo.facts.modules import GoMod, GoWork
from steadygo.facts.repository import Repository
from steadygo.findings import Because, Confidence, Finding, Place, Severity, because
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    said: set[Place] = set()
    for work in facts.workspaces:
        folder = posixpath.dirname(work.path)
        for service in facts.services:
            module = service.module
            if (
                service.tool
                or module is None
                or not (module.directory == folder or f"{module.directory}/".startswith(f"{folder}/".lstrip("/")))
            ):
                continue
            release = next((c for c in of_service(facts, service) if _releases(facts, c, work)), None)
            found = _taken(facts, work, folder, module) if release is not None else None
            if release is None or found is None or found[0] in said:
                continue
            at, path, line, version, directory = found
            said.add(at)
            message = f"{service.name} ships {path} from {directory}, go.mod says {version}: the workspace wins"
            reasons = (
                Because(module.path, line, f"requires {path} {version}"),
                because(release.outer, "the build that ships sees go.work"),
            )
            yield Finding(message, at, reasons, "Build what ships with GOWORK=off.", service.name)


def _releases(facts: Repository, compilation: Compilation, work: GoWork) -> bool:
    """Whether a build of what ships runs inside the workspace."""
    off = compilation.value("GOWORK") == "off" or compilation.flag("mod") in ("vendor", "mod") or compilation.unclear
    if off or not facts.ships(compilation.outer.path):
        return False
    if compilation.image is None or compilation.stage is None:
        return compilation.origin == "release"
    sources = [s for c in compilation.stage.copies if not c.origin for s in c.sources]
    return any(s.rstrip("/") in (".", "", "*", "./") or s.endswith((work.path, "go.work", "go.*")) for s in sources)


def _taken(facts: Repository, work: GoWork, folder: str, module: GoMod) -> tuple[Place, str, int, str, str] | None:
    """(place in go.work, module path, line in go.mod, version there, directory) of a module that the workspace takes from elsewhere."""
    own = {r.path for r in module.replacements}
    required = {r.path: r for r in module.requirements if r.path not in own}
    for each in work.replacements:
        if each.path in required and not each.by_version:
            r = required[each.path]
            return Place(work.path, each.line), each.path, r.line, r.version, each.by
    directories = {m.directory: m for m in facts.modules}
    used = {posixpath.normpath(posixpath.join(folder or ".", u.value)).removeprefix("./"): u for u in work.uses}
    if (module.directory or ".") not in used:
        return None
    for directory, use in used.items():
        other = directories.get("" if directory == "." else directory)
        if other is None or other.module is None or other is module:
            continue
        asked = required.get(other.module.value)
        if asked is not None and not re.match(r"v0\.0\.0(-0+.*)?$", asked.version):
            return Place(work.path, use.line, use.column), asked.path, asked.line, asked.version, use.value
    return None


_MOD = "module example.com/orders\n\ngo 1.24\n\nrequire example.com/lib v0.4.0\n"
_MAIN = {
    "cmd/orders/main.go": "package main\n\nfunc main() {}\n",
    "lib/go.mod": "module example.com/lib\n\ngo 1.24\n",
    "lib/lib.go": "package lib\n",
}
_BUILD = "RUN go build -o /orders ./cmd/orders\n"
_REST = 'FROM scratch\nCOPY --from=0 /orders /orders\nENTRYPOINT ["/orders"]\n'

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    needs=("module", "image"),
    fails=(
        {
            **_MAIN,
            "go.mod": _MOD,
            "go.work": "go 1.24\n\nuse .\nuse ./lib // want\n",
            "Dockerfile": "FROM golang:1.24\nCOPY . .\n" + _BUILD + _REST,
        },
        {
            **_MAIN,
            "go.mod": _MOD,
            "go.work": "go 1.24\n\nuse .\n\nreplace example.com/lib => ./lib // want\n",
            "Dockerfile": "FROM golang:1.24\nCOPY . .\n" + _BUILD + _REST,
        },
    ),
    passes=(
        {
            **_MAIN,
            "go.mod": _MOD,
            "go.work": "go 1.24\n\nuse .\nuse ./lib\n",
            "Dockerfile": "FROM golang:1.24\nENV GOWORK=off\nCOPY . .\n" + _BUILD + _REST,
        },
        {
            **_MAIN,
            "go.mod": _MOD + "\nreplace example.com/lib => ./lib\n",
            "go.work": "go 1.24\n\nuse .\nuse ./lib\n",
            "Dockerfile": "FROM golang:1.24\nCOPY . .\n" + _BUILD + _REST,
        },
        {
            **_MAIN,
            "go.mod": _MOD.replace("v0.4.0", "v0.0.0"),
            "go.work": "go 1.24\n\nuse (\n\t.\n\t./lib\n)\n",
            "Dockerfile": "FROM golang:1.24\nCOPY . .\n" + _BUILD + _REST,
        },
        {
            **_MAIN,
            "go.mod": _MOD,
            "go.work": "go 1.24\n\nuse .\nuse ./lib\n",
            "Dockerfile": "FROM golang:1.24\nCOPY go.mod ./\nCOPY cmd ./cmd\n" + _BUILD + _REST,
        },
    ),
)
