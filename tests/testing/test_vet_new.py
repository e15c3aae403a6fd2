"""New and changed tests against a base, in real repositories with a real Go."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from go_tests import Bench
from hypothesis import given
from hypothesis import strategies as st

from steadygo.testing.engine import Setting
from steadygo.testing.flags import parse
from steadygo.testing.plan import Planned
from steadygo.testing.vetting import _command, changed_tests, runs_needed

Give = Callable[..., Bench]

OLD = 'import "testing"\nfunc TestOld(t *testing.T) {}\nfunc TestGone(t *testing.T) {}\nfunc TestEdited(t *testing.T) { t.Log(1) }\n'
EDITED = 'import "testing"\n// said anew\nfunc TestOld(t *testing.T) {}\nfunc TestEdited(t *testing.T) {\n\tt.Log(2)\n}\n'


def _git(here: Bench, *words: str) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(here.root), *who, *words], check=True, capture_output=True, env={**here.environment})


def _repository(give: Give, files: dict[str, str]) -> Bench:
    here = give(files)
    _git(here, "init", "-q", "-b", "main")
    _git(here, "add", "-A")
    _git(here, "commit", "-q", "-m", "one")
    return here


def _vetted(here: Bench, *words: str, code: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(here.run("test", "vet-new", "--base", "main", "--json", *words, code=code))
    return found


def _names(found: dict[str, Any]) -> dict[str, str]:
    return {t["test"]: t["change"] for t in found["tests"]}


@pytest.mark.slow
def test_new_and_changed_tests_run_as_often_as_it_takes(bench: Give) -> None:
    here = _repository(bench, {"p/p_test.go": OLD, "q/q_test.go": OLD})
    here.write({"p/p_test.go": EDITED, "p/more_test.go": 'import "testing"\nfunc TestNew(t *testing.T) {}\n'})
    found = _vetted(here)
    assert _names(found) == {"TestEdited": "changed", "TestNew": "new"}
    assert {t["runs"] for t in found["tests"]} == {29}
    assert not any(t["failed"] for t in found["tests"])
    assert {t["runs"] for t in _vetted(here, "--rate", "0.5", "--confidence", "0.9")["tests"]} == {4}
    assert _vetted(here, "./q")["tests"] == []


@pytest.mark.slow
def test_a_package_without_its_test_data_is_broken_and_ends_no_other(bench: Give) -> None:
    here = _repository(bench, {"steadygo.toml": '[test.data.d]\nkind = "directory"\nvariable = "D"\ntemplate = "seed"\n', "seed/a": ""})
    os.mkfifo(here.root / "seed" / "pipe")
    here.write({f"{name}/{name}_test.go": 'import "testing"\nfunc TestNew(t *testing.T) {}\n' for name in "pq"})
    found = _vetted(here, code=1)
    assert found["broken"].keys() == {"example.com/svc/p", "example.com/svc/q"}
    assert all("pipe is neither file, directory nor link" in why for why in found["broken"].values())


@pytest.mark.slow
def test_a_flaky_new_test_ends_the_runs_and_is_handed_over(bench: Give) -> None:
    here = _repository(bench, {"p/p_test.go": OLD})
    loop = 'for k := range map[int]int{1: 1, 2: 2, 3: 3} { if k != 1 { t.Fatal("not one") }; break }'
    flaky = f'import "testing"\nfunc TestFlaky(t *testing.T) {{ {loop} }}\n'
    here.write({"p/flaky_test.go": flaky})
    found = _vetted(here, code=1)
    (one,) = found["tests"]
    assert one["failed"]
    assert one["runs"] < 29
    assert "not one" in one["output"]
    assert one["diagnose"] == "steadygo test diagnose example.com/svc/p TestFlaky"
    assert "steadygo test diagnose example.com/svc/p TestFlaky" in here.run("test", "vet-new", "--base", "main", code=1)


@pytest.mark.slow
def test_a_new_test_that_breaks_an_old_one_is_seen(bench: Give) -> None:
    here = _repository(bench, {"p/p_test.go": 'import "testing"\nvar n int\nfunc TestOld(t *testing.T) { if n != 0 { t.Fatal(n) } }\n'})
    here.write({"p/new_test.go": 'import "testing"\nfunc TestNew(t *testing.T) { n = 1 }\n'})
    found = _vetted(here, code=1)
    assert _names(found) == {"TestNew": "new", "TestOld": "old"}
    assert {t["test"] for t in found["tests"] if t["failed"]} == {"TestOld"}


@pytest.mark.slow
def test_moved_and_deleted_tests_are_not_new_and_a_new_package_is(bench: Give) -> None:
    here = _repository(bench, {"p/p_test.go": OLD, "p/other_test.go": 'import "testing"\nfunc TestStays(t *testing.T) {}\n'})
    (here.root / "p/p_test.go").rename(here.root / "p/renamed_test.go")
    (here.root / "p/other_test.go").unlink()
    assert _vetted(here)["tests"] == []
    here.write({"fresh/f_test.go": 'import "testing"\nfunc TestFresh(t *testing.T) {}\n'})
    assert _names(_vetted(here)) == {"TestFresh": "new"}
    (here.root / "p").rename(here.root / "elsewhere")
    _git(here, "add", "-A")
    (here.root / "elsewhere/renamed_test.go").write_text(
        (here.root / "elsewhere/renamed_test.go").read_text().replace("package p", "package e")
    )
    assert _names(_vetted(here)) == {"TestFresh": "new"}


@pytest.mark.slow
def test_build_tags_decide_and_what_is_left_out_is_said(bench: Give) -> None:
    here = _repository(bench, {"p/p_test.go": OLD})
    here.write({"p/slow_test.go": '//go:build integration\n\npackage p\nimport "testing"\nfunc TestTagged(t *testing.T) {}\n'})
    found = _vetted(here)
    assert (found["tests"], found["left_out"]) == ([], ["example.com/svc/p TestTagged"])
    assert _names(_vetted(here, "--", "-tags=integration")) == {"TestTagged": "new"}


@pytest.mark.slow
def test_a_package_that_does_not_compile_fails(bench: Give) -> None:
    here = _repository(bench, {"p/p_test.go": OLD})
    here.write({"p/new_test.go": 'import "testing"\nfunc TestNew(t *testing.T) { undefined() }\n'})
    assert "undefined" in _vetted(here, code=1)["broken"]["example.com/svc/p"]


@pytest.mark.slow
def test_a_test_that_ends_the_process_is_told_apart_from_those_that_never_ran(bench: Give) -> None:
    here = _repository(bench, {"p/p_test.go": OLD})
    exits = 'import (\n"os"\n"testing"\n)\nfunc TestExits(t *testing.T) { os.Exit(0) }\nfunc TestLater(t *testing.T) {}\n'
    here.write({"p/new_test.go": exits})
    found = {t["test"]: (t["failed"], t["runs"]) for t in _vetted(here, code=1)["tests"]}
    assert found == {"TestExits": (True, 1), "TestLater": (False, 0)}


def test_a_bad_revision_and_a_directory_without_git_are_refused(bench: Give) -> None:
    here = bench({"p/p_test.go": OLD})
    assert "is not in a git work tree" in here.run("test", "vet-new", "--base", "main", code=2)
    _git(here, "init", "-q", "-b", "main")
    assert "does not know the revision 'nowhere'" in here.run("test", "vet-new", "--base", "nowhere", code=2)
    assert "does not know the revision '--help'" in here.run("test", "vet-new", "--base=--help", code=2)


def test_an_example_is_changed_by_what_it_expects() -> None:
    before = "func ExampleA() {\n\tprintln()\n\t// Output: 1\n}\n"
    assert changed_tests([before.replace("1", "2")], [before]) == {"ExampleA": "changed"}
    assert changed_tests([before], [before]) == {}


@given(st.floats(0.001, 0.9), st.floats(0.01, 0.999))
def test_the_runs_suffice_and_one_less_does_not(rate: float, confidence: float) -> None:
    runs = runs_needed(rate, confidence)
    assert 1 - (1 - rate) ** runs >= confidence - 1e-6
    assert runs == 1 or 1 - (1 - rate) ** (runs - 1) < confidence + 1e-6
    assert (runs_needed(0.1, 0.95), runs_needed(0.01, 0.95)) == (29, 299)


def test_the_command_is_quoted_for_a_shell() -> None:
    build = "-ldflags=-X 'main.a=b c'"
    setting = Setting(Path("/a b/go"), "", Path(), {"PATH": ""}, parse(["-short", "-cpu=1", "-args", "-integration"]), Path())
    command = _command(Planned("p", Path(), ""), [build], ["-shuffle=off", "-run=^(TestX)$"], setting)
    assert shlex.split(command) == ["/a b/go", "test", build, "-short=true", "-run=^(TestX)$", "p", "-args", "-integration"]


@pytest.mark.slow
def test_what_is_known_is_printed_when_it_is_interrupted(bench: Give) -> None:
    here = _repository(bench, {"p/p_test.go": OLD, "q/q_test.go": OLD})
    here.write({"p/new_test.go": 'import "testing"\nfunc TestNew(t *testing.T) { t.Fatal() }\n'})
    begun = here.root / "begun"
    waits = f'import ("os"; "testing")\nfunc TestWaits(t *testing.T) {{ os.WriteFile("{begun}", nil, 0o600); select {{}} }}\n'
    tick = "func init() { go func() { for { time.Sleep(time.Second) } }() }\n"
    here.write({"q/new_test.go": waits.replace('"testing"', '"testing"; "time"', 1) + tick})
    process = here.start("test", "vet-new", "--base", "main")
    for _ in range(1200):
        if begun.exists():
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"TestNew (new) failed in run 1" in out
