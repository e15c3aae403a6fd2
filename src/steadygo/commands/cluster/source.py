"""Which folders and files of this machine a run's tests need elsewhere."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from steadygo.errors import UserError
from steadygo.facts.modules import GoMod, GoWork, Replacement
from steadygo.read import gomod
from steadygo.testing import settings
from steadygo.testing.cluster.gathering import Gathered, gather


def source(directory: Path, environment: Mapping[str, str], files: Iterable[Path] = ()) -> Gathered:
    """The modules that go uses in `directory` from this disk, with go.work, steadygo.toml and its data, and `files` that go named.

    These are the main module or those of the workspace, and what their `replace` lines point at. Raises UserError.
    """
    directory = Path(os.path.abspath(directory))
    workspace = _workspace(directory, environment)
    replaced: list[Path] = []
    if workspace is None:
        modules = [_module(directory)]
    else:
        work = gomod.read(str(workspace), _text(workspace))
        modules = [_joined(workspace.parent, use.value) for use in work.uses] if isinstance(work, GoWork) else []
        replaced += _local(workspace.parent, work.replacements) if isinstance(work, GoWork) else ()
    for module in modules:
        found = gomod.read(str(module / "go.mod"), _text(module / "go.mod"))
        replaced += _local(module, found.replacements) if isinstance(found, GoMod) else ()
    beside = [workspace, workspace.with_name("go.work.sum")] if workspace is not None else []
    missing = [folder for folder in replaced if not folder.is_dir()]
    if missing:
        raise UserError(f"{missing[0]}, which go.mod or go.work names, is not there.", "Mend the line; go needs the folder too.")
    named = [file for file in (*beside, settings.find(directory), *files) if file is not None and file.is_file()]
    return gather([*modules, *replaced], [*named, *_data(directory)])


def _data(directory: Path) -> Iterator[Path]:
    """What [test.data] names below steadygo.toml's directory, whatever git says of it. An absolute path is each machine's own."""
    stated = settings.load(directory)
    for one in stated.data.values():
        template = one.template if one.kind in ("sqlite", "directory") else ""
        for text in (template, one.snapshot):
            if text and not os.path.isabs(text):
                place = _joined(stated.at, text)
                yield from (p for p in (place, place.with_name(f"{place.name}-wal")) if p.exists())
                yield from place.rglob("*")


def _workspace(directory: Path, environment: Mapping[str, str]) -> Path | None:
    said = environment.get("GOWORK", "")
    if said:
        return None if said == "off" else Path(said)
    return next((p / "go.work" for p in (directory, *directory.parents) if (p / "go.work").is_file()), None)


def _module(directory: Path) -> Path:
    found = next((p for p in (directory, *directory.parents) if (p / "go.mod").is_file()), None)
    if found is None:
        raise UserError(f"{directory} is in no module.", "Tests on other machines need a go.mod.")
    return found


def _text(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.", "go needs it too.") from None


def _local(at: Path, replacements: Iterable[Replacement]) -> Iterator[Path]:
    for one in replacements:
        if not one.by_version and one.by.startswith((".", "/")):
            yield _joined(at, one.by)


def _joined(at: Path, path: str) -> Path:
    return Path(os.path.normpath(at / path))
