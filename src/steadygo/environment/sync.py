"""Editors, CI and images in step with one place: go.mod and `[env.sync]` of steadygo.toml.

Only the value that drifted is replaced, so comments, order and foreign keys stay. A value that is written shorter than the source
(`1.26` for 1.26.6) is in step as long as what it says fits.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec

from steadygo.environment import jsonc
from steadygo.facts import goversions
from steadygo.facts.images import Image
from steadygo.facts.modules import GoMod
from steadygo.facts.pipelines import Pipeline
from steadygo.facts.repository import Repository

_NUMBER = re.compile(r"(?<![\w.])(v?)(\d+(?:\.\d+){1,2})((?:\.x)?)(?![\w.])")
_GO_IMAGE = re.compile(r"((?:^|/)(?:golang|go):(?:\d+-)?)(1\.\d+(?:\.\d+)?)")
_GO_FEATURE = re.compile(r"/features/go(?::|$)")
_SECTION = re.compile(r"\s*\[(.*)\]\s*$")
_PAIR = re.compile(r"(\s*indent_style\s*=\s*)([^\s#;]+)", re.IGNORECASE)


class Wanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[env.sync]`: what go.mod does not say. `go` pins the toolchain ("1.26.6"), `golangci` the linter ("2.5.0")."""

    go: str = ""
    golangci: str = ""


@dataclass(frozen=True)
class Source:
    """The one place. `exact`: a toolchain is named; else the go line is only the least that will do, and newer ones are in step."""

    go: str
    go_from: str
    exact: bool
    module: str
    golangci: str = ""


@dataclass(frozen=True)
class Edit:
    """`path`:`line` says `found` where the source says `wanted`. `start`, `end` are offsets into the file's text."""

    path: str
    line: int
    what: str
    found: str
    wanted: str
    start: int
    end: int


def source_of(module: GoMod, wanted: Wanted) -> Source:
    """The version to keep step with: [env.sync] go, else the toolchain line, else the go line (then newer ones are in step too)."""
    path = module.module.value if module.module else ""
    golangci = wanted.golangci.removeprefix("v")
    if wanted.go:
        return Source(wanted.go.removeprefix("go"), "steadygo.toml", True, path, golangci)
    if module.toolchain and module.toolchain.value != "default":
        return Source(module.toolchain.value.removeprefix("go"), f"toolchain line, go.mod:{module.toolchain.line}", True, path, golangci)
    line = module.go
    return Source(
        line.value if line else "1.16", f"go line, go.mod:{line.line}" if line else "go.mod without a go line", False, path, golangci
    )


def templates(source: Source) -> dict[str, str]:
    """{path: text} of the files that can be made from the one place alone."""
    minor = ".".join(source.go.split(".")[:2])
    container = {"image": f"mcr.microsoft.com/devcontainers/go:1-{minor}"}
    editor: dict[str, object] = {"[go]": {"editor.insertSpaces": False, "editor.formatOnSave": True}}
    if source.module:
        editor = {"gopls": {"formatting.local": source.module}} | editor
    return {
        ".devcontainer/devcontainer.json": json.dumps(container, indent=2) + "\n",
        ".editorconfig": "root = true\n\n[*]\nend_of_line = lf\ninsert_final_newline = true\n\n[*.go]\nindent_style = tab\n",
        ".vscode/settings.json": json.dumps(editor, indent=2) + "\n",
    }


def fits(found: str, source: Source) -> bool:
    """Whether a version as written is in step: the same as far as both say, or with a mere go line not older."""
    a, b = _parts(found), _parts(source.go)
    both = min(len(a), len(b))
    if both < 2:
        return False
    return a[:both] == b[:both] or (not source.exact and a[:both] > b[:both])


def like(found: str, wanted: str) -> str:
    """`wanted` written as `found` is: as many numbers, with its `v`, `go` or `.x`."""
    head = re.match(r"(?:v|go)?", found)
    tail = ".x" if found.endswith(".x") else ""
    count = len(_parts(found))
    parts = wanted.split(".")
    return (head[0] if head else "") + ".".join(parts[:count] if len(parts) >= count else parts) + tail


def _parts(version: str) -> list[int]:
    return [int(n) for n in re.findall(r"\d+", version.removesuffix(".x"))][:3]


def of_pipeline(repository: Repository, pipeline: Pipeline, text: str, source: Source) -> Iterator[Edit]:
    """setup-go steps and containers; a matrix that tests several versions is left alone. golangci-lint-action's version."""
    by_job: dict[int, list[goversions.Used]] = {}
    for job, used in goversions.in_pipeline(repository, pipeline):
        by_job.setdefault(job.line, []).append(used)
    seen: set[int] = set()
    for found in by_job.values():
        if len({u.text for u in found}) > 1:
            continue
        for used in found[:1]:
            if used.at.path == pipeline.path and not used.follows and used.version and used.at.line not in seen:
                seen.add(used.at.line)
                yield from _on_line(pipeline.path, text, used.at.line, "Go of CI", goversions.shown(used.version), source)
    if not source.golangci:
        return
    for job in pipeline.jobs:
        for step in job.steps:
            if step.uses and step.uses.value.startswith("golangci/golangci-lint-action@"):
                for given in step.inputs:
                    if (
                        given.name == "version"
                        and given.value
                        and _NUMBER.fullmatch(given.value)
                        and _parts(given.value) != _parts(source.golangci)[: len(_parts(given.value))]
                    ):
                        yield from _replace(
                            pipeline.path, text, given.line, "golangci-lint of CI", given.value, like(given.value, source.golangci)
                        )


def of_image(image: Image, text: str, source: Source) -> Iterator[Edit]:
    """Go base images, and the ARG that holds their version."""
    seen: set[int] = set()
    for stage in image.stages:
        used = goversions.in_stage(image, stage)
        if used and used.version and used.at.line not in seen:
            seen.add(used.at.line)
            yield from _on_line(image.path, text, used.at.line, "Go of the image", goversions.shown(used.version), source)


def of_devcontainer(path: str, text: str, source: Source) -> Iterator[Edit]:
    """The image's tag, the Go feature's version, and gopls' local prefix. Nothing for a file that is no JSON."""
    try:
        found = jsonc.scalars(text)
    except jsonc.NotJson:
        return
    for keys, scalar in found.items():
        if not isinstance(scalar.value, str):
            continue
        new: str | None = None
        if keys == ("image",) and (tag := _GO_IMAGE.search(scalar.value)) and not fits(tag[2], source):
            new = scalar.value[: tag.start(2)] + like(tag[2], source.go) + scalar.value[tag.end(2) :]
        elif len(keys) == 3 and keys[0] == "features" and _GO_FEATURE.search(keys[1]) and keys[2] == "version":
            if _NUMBER.fullmatch(scalar.value) and not fits(scalar.value, source):
                new = like(scalar.value, source.go)
        elif keys[-1] in ("formatting.local", "local") and "gopls" in keys and _is_foreign(scalar.value, source):
            new = source.module
        if new is not None:
            yield Edit(path, text.count("\n", 0, scalar.start) + 1, ".".join(keys), scalar.value, new, scalar.start, scalar.end)


def of_golangci(path: str, text: str, go: tuple[str, int] | None, source: Source) -> Iterator[Edit]:
    """run.go of .golangci.yml: (value, line)."""
    if go and _NUMBER.fullmatch(go[0]) and not fits(go[0], source):
        yield from _replace(path, text, go[1], "run.go", go[0], like(go[0], source.go))


def of_editorconfig(path: str, text: str) -> Iterator[Edit]:
    """gofmt indents with tabs: what .editorconfig says about *.go must not fight it."""
    offset = 0
    glob = ""
    last: tuple[int, int, int, str] | None = None
    for number, line in enumerate(text.split("\n"), 1):
        if section := _SECTION.match(line):
            glob = section[1]
        elif (pair := _PAIR.match(line)) and _covers_go(glob):
            last = (number, offset + pair.start(2), offset + pair.end(2), pair[2]) if _names_go(glob) else (number, -1, -1, pair[2])
        offset += len(line) + 1
    if last is None or last[3].lower() in ("tab", "unset"):
        return
    number, start, end, value = last
    if start >= 0:
        yield Edit(path, number, "indent_style of *.go", value, "tab", start, end)
    else:
        addition = ("" if text.endswith("\n") or not text else "\n") + "\n[*.go]\nindent_style = tab\n"
        yield Edit(path, number, "indent_style of *.go", value, addition, len(text), len(text))


def _covers_go(glob: str) -> bool:
    return glob in ("*", "**") or _names_go(glob)


def _names_go(glob: str) -> bool:
    return bool(re.search(r"\*\.go\b(?!\.)|\*\.\{(?:[^}]*,)?\s*go\s*[,}]", glob))


def _is_foreign(prefix: str, source: Source) -> bool:
    return bool(source.module) and not any(source.module == p or source.module.startswith(p.rstrip("/") + "/") for p in prefix.split(","))


def _on_line(path: str, text: str, line: int, what: str, version: str, source: Source) -> Iterator[Edit]:
    if not fits(version, source):
        yield from _replace(path, text, line, what, version, like(version, source.go))


def _replace(path: str, text: str, line: int, what: str, found: str, wanted: str) -> Iterator[Edit]:
    """The edit of one word on a line; none when it does not stand there as such (put together from variables)."""
    rows = text.split("\n")
    if not 0 < line <= len(rows):
        return
    place = re.search(rf"(?<![\w.]){re.escape(found)}(?![\w]|\.\d)", rows[line - 1])
    if place:
        start = sum(len(r) + 1 for r in rows[: line - 1]) + place.start()
        yield Edit(path, line, what, found, wanted, start, start + len(found))


def applied(text: str, edits: Iterable[Edit]) -> str:
    """`text` with the edits made; a JSON string keeps its quotes."""
    for edit in sorted(edits, key=lambda e: e.start, reverse=True):
        old = text[edit.start : edit.end]
        new = json.dumps(edit.wanted, ensure_ascii=False) if old.startswith('"') else edit.wanted
        text = text[: edit.start] + new + text[edit.end :]
    return text
