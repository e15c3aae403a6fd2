"""The lines that are named for each seeded fault."""

from __future__ import annotations

import pytest
from seeded_faults import Fault, load

from steadygo.read import go
from steadygo.testing.suspects import Suspect, find_suspects


def _named(fault: Fault, kind: str = "faulty") -> tuple[Suspect, ...]:
    texts = {p: t for p, t in fault.files(kind).items() if p.endswith(".go")}
    files = [go.read(path, text.encode()) for path, text in texts.items()]
    right = fault.accept[0]
    others = right.get("polluters") if right.get("role") != "brittle" else right.get("cleaners")
    factor = (fault.environment.keys() & set(right.get("factors", ()))) or right.get("factors", [""])
    return find_suspects(
        files, texts, test=fault.test, kind=right["kind"], role=right.get("role", ""), others=others or (), factor=next(iter(factor))
    )


@pytest.mark.parametrize("fault", load(), ids=lambda f: f.name)
def test_a_marked_line_is_among_the_first_three(fault: Fault) -> None:
    named = _named(fault)
    assert len(named) <= 5
    assert {(s.path, s.line) for s in named[:3]} & fault.lines_at_fault(), named
