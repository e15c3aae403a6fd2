"""Sharing texts changes no fact."""

from __future__ import annotations

from pathlib import Path

from steadygo.facts.sharing import Sharing
from steadygo.read import go

ORDERS = Path(__file__).parents[2] / "examples" / "orders"


def test_facts_are_equal_and_texts_are_one_object() -> None:
    sharing = Sharing()
    files = [go.read(p.name, p.read_bytes()) for p in sorted(ORDERS.rglob("*.go"))]
    shared = [sharing.file(f) for f in files]
    assert shared == files
    names = [c.name for f in shared for c in f.calls if c.name == "context.Background"]
    assert len(names) > 1
    assert len({id(n) for n in names}) == 1
