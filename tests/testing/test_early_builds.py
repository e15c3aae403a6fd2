"""go builds while it is still being found out what there is to test: the answers are those of `go test` all the same."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from go_tests import Bench

Give = Callable[..., Bench]
pytestmark = pytest.mark.slow

SLOW = 'import ("testing"; "time")\nfunc TestA(t *testing.T) { time.Sleep(700 * time.Millisecond) }\n'
LOOKS = """
import ("os"; "path/filepath"; "testing")
func TestA(t *testing.T) {
	there, err := filepath.Glob(os.Getenv("NONE"))
	if len(there) > 0 || err != nil { t.Fatal("what began too early still works", there, err) }
}
"""
QUICK = 'import "testing"\nfunc TestA(t *testing.T) {}\n'


def test_a_package_without_tests_fails_when_it_does_not_compile(bench: Give) -> None:
    here = bench({"a/a_test.go": QUICK, "b/b.go": "func F() { missing() }\n", "c/c.go": "func F() {}\n"})
    assert here.go("test", "./...").returncode == 1
    found = here.test("./...", code=1)
    packages = {p["package"].rpartition("/")[2]: (p["outcome"], p["why"]) for p in found["packages"]}
    assert packages["a"] == ("passed", "")
    assert packages["b"] == ("failed", "It does not compile: b/b.go:2:12: undefined: missing")
    assert packages["c"] == ("skipped", "no test files")


def test_a_checkout_may_have_a_tab_in_its_path(bench: Give) -> None:
    here = bench({"a/a_test.go": QUICK})
    odd = here.root / "x\ty"
    odd.mkdir()
    for name in ("go.mod", "a"):
        (here.root / name).rename(odd / name)
    found = replace(here, root=odd).test("./...")
    assert [(test["test"], test["outcome"]) for test in found["tests"]] == [("TestA", "passed")]


def test_long_packages_of_the_last_run_start_first(bench: Give) -> None:
    here = bench({f"{name}/{name}_test.go": SLOW if name == "z" else QUICK for name in "abcz"})
    here.test("./...", "--", "-p=1")
    lines = [line for line in here.run("test", "./...", "--", "-p=1").splitlines() if "tests" in line or "test " in line]
    assert lines[0].split()[1].endswith("/z")


def test_a_package_of_the_last_run_that_is_gone_is_not_missed(bench: Give, tmp_path: Path) -> None:
    here = bench({"a/a_test.go": LOOKS, "z/z_test.go": SLOW})
    assert here.test("./...")["passed"] == 2
    (here.root / "z" / "z_test.go").unlink()
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    found = here.test("./...", NONE=f"{temporary}/steadygo-go-*", TMPDIR=str(temporary))
    assert [p["package"].rpartition("/")[2] for p in found["packages"]] == ["a"]
    assert (found["passed"], found["failed"]) == (1, 0)


def test_nothing_stays_when_there_is_nothing_to_test(bench: Give, tmp_path: Path) -> None:
    here = bench({"a/a_test.go": QUICK, "none/README": ""})
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    said = here.run("test", "./none/...", code=2, TMPDIR=str(temporary))
    assert "matches no packages" in said
    until = time.monotonic() + 60
    while os.listdir(temporary) and time.monotonic() < until:
        time.sleep(0.05)
    assert os.listdir(temporary) == []
