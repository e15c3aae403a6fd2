"""What go says while it builds several packages finds its package."""

from __future__ import annotations

from pathlib import Path

from steadygo.testing.building import Building
from steadygo.testing.plan import Planned

SAID = """\
ok  \texample.com/a\t0.005s
# example.com/b [example.com/b.test]
b/b_test.go:2:32: undefined: missing
ok  \texample.com/c\t0.005s [no tests to run]
\texample.com/none\t\tcoverage: 0.0% of statements
FAIL\texample.com/b [build failed]
# example.com/v
# [example.com/v]
v/v_test.go:2:32: (*testing.common).Errorf format %d has arg "x" of wrong type string
FAIL\texample.com/v [build failed]
FAIL
"""


def test_each_package_gets_its_own_complaint_when_its_result_is_printed() -> None:
    refused: list[tuple[str, str, str]] = []
    names = ("a", "b", "c", "v", "lost")
    building = Building(
        [Planned(f"example.com/{n}", Path("/m") / n, "") for n in names], lambda p, what, text: refused.append((p.path[-1], what, text))
    )
    taken = building.take("/m/a"), building.take("/m/c"), building.take("/elsewhere")
    assert [p and p.path for p in taken] == ["example.com/a", "example.com/c", None]
    lines = SAID.splitlines()
    for number, line in enumerate(lines):
        building.hear(line)
        assert len(refused) == sum("failed]" in x for x in lines[: number + 1])
    assert refused[0] == ("b", "It does not compile", "b/b_test.go:2:32: undefined: missing")
    assert refused[1][:2] == ("v", "go vet refuses it")
    assert len(building) == 1
    building.end("")
    assert refused[2][0] == "t"
    assert "ok  " not in refused[2][2]
    assert len(building) == 0
