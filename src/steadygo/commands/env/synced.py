"""Read the files that must keep step, and write those that drifted."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from steadygo.commands.env.around import find_around
from steadygo.commands.env.workflows import pipeline_repository
from steadygo.environment.gate import load_table
from steadygo.environment.sync import (
    Edit,
    Source,
    Wanted,
    applied,
    of_devcontainer,
    of_editorconfig,
    of_golangci,
    of_image,
    of_pipeline,
    source_of,
    templates,
)
from steadygo.errors import UserError
from steadygo.read import dockerfile
from steadygo.read.yaml_nodes import load

_SKIPPED = frozenset({"vendor", "testdata", "node_modules", "examples", "example", "third_party"})
_MOST_DEPTH = 4
_EDITORS = (".devcontainer/devcontainer.json", ".devcontainer.json", ".vscode/settings.json")


def find_edits(directory: Path) -> tuple[Path, Source, list[Edit]]:
    """(root, the one place, what drifted from it). Raises UserError without a go.mod."""
    module = find_around(directory).module
    if module is None:
        raise UserError(f"There is no go.mod at or above {directory}.", "Run it in a Go module.")
    root = Path(module.path).parent
    source = source_of(module, load_table(root, "sync", Wanted))
    return root, source, sorted(_edits(root, source), key=lambda e: (e.path, e.line, e.start))


def find_missing(root: Path, source: Source) -> list[str]:
    """Files that `create` would make. A devcontainer in another of its places counts as there."""
    has_container = (root / ".devcontainer.json").is_file() or any(root.glob(".devcontainer/**/devcontainer.json"))
    return [n for n in templates(source) if not os.path.lexists(root / n) and not (has_container and n.endswith("devcontainer.json"))]


def create(root: Path, source: Source, names: list[str]) -> None:
    """Make these files from the one place. A file that is there by now stays."""
    for name in names:
        path = root / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileExistsError), path.open("x", encoding="utf-8") as out:
                out.write(templates(source)[name])
        except OSError as error:
            raise UserError(f"{path} cannot be written: {error.strerror}.", "Check its permissions.") from error


def _edits(root: Path, source: Source) -> Iterator[Edit]:
    for name in (*_EDITORS, *(str(p.relative_to(root)) for p in sorted(root.glob(".devcontainer/*/devcontainer.json")))):
        if (root / name).is_file():
            yield from of_devcontainer(name, _text(root / name), source)
    if (root / ".editorconfig").is_file():
        yield from of_editorconfig(".editorconfig", _text(root / ".editorconfig"))
    for name in (".golangci.yml", ".golangci.yaml"):
        if (root / name).is_file():
            node = load((root / name).read_bytes()).first.get("run", "go")
            yield from of_golangci(name, _text(root / name), (node.text, node.line) if node is not None and node.text else None, source)
    for path in (*sorted((root / ".github/workflows").glob("*.y*ml")), root / ".gitlab-ci.yml"):
        if path.is_file():
            repository, pipeline = pipeline_repository(path, root)
            yield from of_pipeline(repository, pipeline, _text(path), source)
    for path in _dockerfiles(root):
        name = str(path.relative_to(root))
        yield from of_image(dockerfile.read(name, path.read_bytes()), _text(path), source)


def _dockerfiles(root: Path) -> Iterator[Path]:
    for directory, folders, files in os.walk(root):
        depth = len(Path(directory).relative_to(root).parts)
        folders[:] = sorted(f for f in folders if f not in _SKIPPED and not f.startswith(".") and depth < _MOST_DEPTH)
        for name in sorted(files):
            if name.startswith(("Dockerfile", "Containerfile")) or name.lower().endswith((".dockerfile", ".containerfile")):
                yield Path(directory, name)


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "surrogateescape")


def write(root: Path, edits: list[Edit]) -> None:
    """Make the edits, each file by one rename."""
    for name in sorted({e.path for e in edits}):
        path = root / name
        text = applied(_text(path), [e for e in edits if e.path == name])
        descriptor, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "wb") as out:
                out.write(text.encode("utf-8", "surrogateescape"))
            os.chmod(part, path.stat().st_mode & 0o7777)
            os.replace(part, path)
        except OSError as error:
            Path(part).unlink(missing_ok=True)
            raise UserError(f"{path} cannot be written: {error.strerror}.", "Check its permissions.") from error
