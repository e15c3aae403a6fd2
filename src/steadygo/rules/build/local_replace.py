"""The build works on one machine only: go.mod takes a module from a directory that others, or the image, do not have.

`replace example.com/lib => ../lib` points at a directory beside the checkout. Where that is missing every go command stops with "reading
../lib/go.mod: no such file or directory". It also hides which version ships, since a directory has none.

A directory inside the repository is fine for a checkout. It is not fine for an image that copies go.mod and downloads modules before it
copies that directory. Errs on the side of silence for submodules and for modules of tests, tools and examples.

Fix: require a released version of the module, or copy the replaced directory's go.mod before `go mod download`.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from steadygo.facts import gocommand
from steadygo.facts.commands import Command
from steadygo.facts.images import Image, Stage
from steadygo.facts.modules import GoMod, Replacement
from steadygo.facts.repository import Repository
from steadygo.findings import Because, Confidence, Finding, Place, Severity
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    known = {m.directory for m in facts.modules}
    for module in facts.modules:
        services = [s for s in facts.services if s.module is module and not s.tool]
        if not services or not facts.ships(module.path):
            continue
        for each in module.replacements:
            if each.by_version or not each.by.startswith((".", "/")):
                continue
            target = posixpath.normpath(posixpath.join(module.directory or ".", each.by))
            at = Place(module.path, each.line)
            if each.by.startswith("/") or target.startswith(".."):
                message = f"{each.path} is taken from {each.by}, outside of this repository: every other machine fails to build"
                yield Finding(message, at, fix=f"Require a released version of {each.path}.")
            elif ("" if target == "." else target) not in known and ".gitmodules" not in facts.paths:
                message = f"{each.path} is taken from {each.by}, where no go.mod is: the build stops"
                yield Finding(message, at, fix=f"Put the module into {target}, or require a released version of {each.path}.")
            else:
                for image in {i.image.path: i.image for s in services for i in s.images}.values():
                    yield from _in_image(image, module, each, target)


def _in_image(image: Image, module: GoMod, each: Replacement, target: str) -> Iterator[Finding]:
    for stage in image.stages:
        download = next((c for c in stage.commands if _downloads(c)), None)
        if download is None or stage.parent is not None or any("type=bind" in m.value for m in stage.mounts):
            continue
        before = [s for c in stage.copies if c.line < download.line for s in c.sources]
        own = module.directory or "."
        if not any(s.endswith(("go.mod", "go.*")) for s in before) or _there(before, target, own) or _there_by_origin(stage, download):
            continue
        message = f"the image runs `go mod download` before {each.by} is copied, but go.mod takes {each.path} from there: the build stops"
        reason = Because(module.path, each.line, f"replaces {each.path} by {each.by}")
        fix = f"COPY {target} before `go mod download`."
        yield Finding(message, Place(image.path, download.line, download.column), (reason,), fix)
        return


def _there(sources: list[str], target: str, own: str) -> bool:
    """Whether a copied path is, holds or lies in the replaced directory, seen from the root or from the module."""
    wanted = {target, posixpath.relpath(target, own)}
    for source in sources:
        path = posixpath.normpath(source.lstrip("/") or ".")
        if path == "." or "$" in path or any(w == path or w.startswith(path + "/") or path.startswith(w + "/") for w in wanted):
            return True
        if "*" in path and not path.endswith(("go.*", ".mod", ".sum")):
            return True
    return False


def _there_by_origin(stage: Stage, download: Command) -> bool:
    return any(c.origin and c.line < download.line for c in stage.copies)


def _downloads(command: Command) -> bool:
    go = gocommand.parse(command)
    return go is not None and go.verb == "mod" and go.packages[:1] == ("download",)


_MOD = "module example.com/orders\n\ngo 1.24\n\nrequire example.com/lib v0.1.0\n\n"
_MAIN = {"cmd/orders/main.go": "package main\n\nfunc main() {}\n"}
_LIB = {"lib/go.mod": "module example.com/lib\n\ngo 1.24\n", "lib/lib.go": "package lib\n"}
_REST = 'RUN go build -o /orders ./cmd/orders\nFROM scratch\nCOPY --from=0 /orders /orders\nENTRYPOINT ["/orders"]\n'

RULE = Rule(
    severity=Severity.OUTAGE,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    needs=("module",),
    fails=(
        {**_MAIN, "go.mod": _MOD + "replace example.com/lib => ../lib // want\n"},
        {**_MAIN, "go.mod": _MOD + "replace example.com/lib => ./lib // want\n"},
        {
            **_MAIN,
            **_LIB,
            "go.mod": _MOD + "replace example.com/lib => ./lib\n",
            "Dockerfile": "FROM golang:1.24\nCOPY go.mod go.sum ./\n# want below\nRUN go mod download\nCOPY . .\n" + _REST,
        },
    ),
    passes=(
        {
            **_MAIN,
            **_LIB,
            "go.mod": _MOD + "replace example.com/lib => ./lib\n",
            "Dockerfile": "FROM golang:1.24\nCOPY go.mod go.sum ./\nCOPY lib ./lib\nRUN go mod download\nCOPY . .\n" + _REST,
        },
        {**_MAIN, **_LIB, "go.mod": _MOD + "replace example.com/lib => ./lib\n", "Dockerfile": "FROM golang:1.24\nCOPY . .\n" + _REST},
        {**_MAIN, "go.mod": _MOD + "replace example.com/lib => github.com/acme/lib v0.1.1\n"},
        {**_MAIN, "go.mod": _MOD + "replace example.com/lib => ./lib\n", ".gitmodules": "[submodule]\n"},
    ),
)
