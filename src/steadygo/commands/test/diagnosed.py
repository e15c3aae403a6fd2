"""A diagnosis as text and as JSON, with the lines of source behind it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec

from steadygo.read import go
from steadygo.report.escaping import clean
from steadygo.testing.diagnosis.case import Diagnosis, counted
from steadygo.testing.suspects import Suspect, find_suspects

_MOST_BYTES = 8 << 20  # of one file


def suspects(directory: Path, found: Diagnosis) -> tuple[Suspect, ...]:
    """The lines in a package's directory that are most likely at fault; paths are relative to the current directory."""
    files = [p for p in sorted(directory.glob("*.go")) if p.is_file() and p.stat().st_size <= _MOST_BYTES]
    texts = {os.path.relpath(p): p.read_bytes() for p in files}
    return find_suspects(
        [go.read(path, data) for path, data in texts.items()],
        {path: data.decode("utf-8", "replace") for path, data in texts.items()},
        test=found.test,
        kind=found.kind,
        role=found.role,
        others=found.cleaners if found.role == "brittle" else found.polluters,
        factor=found.factor,
        race=" ".join(sentence for sentence in found.because if "race detector" in sentence),
    )


def document(package: str, found: Diagnosis, lines: tuple[Suspect, ...]) -> dict[str, Any]:
    """What --json prints of one diagnosis (docs/schema/test-diagnose.schema.json)."""
    return {"package": package, **msgspec.to_builtins(found), "suspects": msgspec.to_builtins(lines)}


def headline(found: Diagnosis) -> str:
    """The kind with what belongs to it."""
    return found.kind + (f" ({found.role})" if found.role else "") + (f": {found.factor}" if found.factor else "")


def others(found: Diagnosis) -> list[str]:
    """Which other tests have to do with it."""
    beside = "disturbed by" if found.kind == "parallel" else "polluted by"
    said = [f"{beside} {', '.join(found.polluters)}"] if found.polluters else []
    return said + ([f"{'needs' if found.role == 'brittle' else 'cleaned by'} {', '.join(found.cleaners)}"] if found.cleaners else [])


def text(found: Diagnosis, lines: tuple[Suspect, ...]) -> str:
    """For people."""
    said = [f"{found.test}: {headline(found)}", *(f"  {sentence}" for sentence in found.because)]
    said += [f"  not tried: {one.factor}: {one.because}" for one in found.not_tried]
    said += [f"  {sentence}" for sentence in others(found)]
    said += ["", "Lines most likely at fault:"] if lines else []
    for one in lines:
        said += [f"  {one.path}:{one.line}  {clean(one.source)}", f"      {one.why}"]
    said += ["", found.reproduce] if found.reproduce else []
    said += [found.steadygo] if found.steadygo else []
    return "\n".join([*said, "", counted(found.runs, "run")])
