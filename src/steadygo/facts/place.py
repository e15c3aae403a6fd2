"""Values that remember where they stand."""

from __future__ import annotations

import msgspec

from steadygo.findings import Place

__all__ = ["Amount", "Gap", "Place", "Text"]


class Text(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A piece of text and where it stands (line and column count from 1). `path` as in Tree: "" is the artefact's own file."""

    value: str
    line: int
    column: int = 1
    path: str = ""


class Amount(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A quantity in base units (seconds, bytes, cores, pieces), as it was written, and where."""

    value: float
    text: str
    line: int
    column: int = 1
    path: str = ""


class Gap(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A part of an artefact that could not be understood."""

    line: int
    reason: str
