"""From a file's kind to what its reader states."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from steadygo.facts.contracts import Unread
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
