"""From a file's kind to what its reader states."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from steadygo.facts.contracts import Unread
from steadygo.facts.modules import GoMod
from steadygo.read.dispatch import KINDS, read_artefact


def test_a_reader_that_breaks_costs_only_its_file(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = ModuleType("steadygo.read.gomod")

    def read(path: str, data: bytes) -> None:
        raise ValueError(path)

    broken.read = read  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "steadygo.read.gomod", broken)
    assert read_artefact("go.mod", b"", "gomod") == Unread("go.mod", "the gomod reader failed: ValueError")


def test_an_unknown_kind_is_said() -> None:
    assert isinstance(read_artefact("x", b"", "poem"), Unread)
    assert "poem" not in KINDS


def test_keeps_the_first_gaps_and_their_number() -> None:
    artefact = read_artefact("go.mod", b"what\n" * 1000, "gomod")
    assert isinstance(artefact, GoMod)
    assert (len(artefact.gaps), artefact.gaps[-1].line) == (201, 201)
    assert artefact.gaps[-1].reason == "and 800 more from here on"
