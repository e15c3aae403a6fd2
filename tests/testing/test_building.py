"""What go says while it builds several packages finds its package."""

from __future__ import annotations

import os
from pathlib import Path

from steadygo.testing import engine
from steadygo.testing.building import Building
from steadygo.testing.flags import Flags
from steadygo.testing.plan import Planned
from steadygo.testing.rerun import compiled
from steadygo.testing.verdict import own_complaint, refused

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


def test_a_link_error_is_the_reason_of_its_own_package() -> None:
    said = """# example.com/a [example.com/a.test]
a/a_test.go:2:32: undefined: missing
# example.com/shop.test
/usr/lib/go/link: cannot write $WORK/b001/shop.test: no space left on device
"""
    what, complaint = own_complaint(said, "example.com/shop")
    assert what == "It does not compile"
    assert refused(Planned("example.com/shop", Path(), ""), what, complaint).why.endswith("no space left on device")
    assert "undefined" not in complaint


def test_a_heading_of_go_is_no_reason() -> None:
    package = refused(Planned("example.com/shop", Path(), ""), "It does not compile", "# example.com/lib\nlib.go:1:1: expected 'package'\n")
    assert package.why == "It does not compile: lib.go:1:1: expected 'package'"
    assert refused(Planned("p", Path(), ""), "It does not compile", "# alone").why == "It does not compile: # alone"


def test_packages_that_a_killed_go_did_not_build_say_that_it_was_killed(tmp_path: Path) -> None:
    go = tmp_path / "go"
    go.write_text("#!/bin/sh\nkill -KILL $$\n")
    go.chmod(0o755)
    setting = engine.Setting(go, "", tmp_path, {**os.environ, "GOTMPDIR": str(tmp_path)}, Flags(), Path("/bin/cat"))
    plan = [Planned("example.com/shop", tmp_path, "", ("TestA",))]
    found = [one.package for one in engine.run(plan, setting) if isinstance(one, engine.Finished)]
    assert [(p.path, p.outcome, p.why) for p in found] == [
        ("example.com/shop", "failed", "It was not built: go test was killed by SIGKILL")
    ]


def test_a_killed_go_is_no_error_of_the_code_where_it_compiles_one_package(tmp_path: Path) -> None:
    go = tmp_path / "go"
    go.write_text("#!/bin/sh\nkill -KILL $$\n")
    go.chmod(0o755)
    setting = engine.Setting(go, "", tmp_path, os.environ, Flags(), Path("/bin/cat"))
    package = Planned("example.com/shop", tmp_path, "", ("TestA",))
    assert compiled(package, setting, tmp_path / "out").complaint == "It was not built: go test was killed by SIGKILL"
