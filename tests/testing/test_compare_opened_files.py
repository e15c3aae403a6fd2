"""A file that a differing test opened, and whose content differs between two runs, is named before all that merely differs."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from go_tests import Bench

from steadygo.testing import testlog
from steadygo.testing.filestate import WRITTEN

Give = Callable[..., Bench]
SCHEMA = json.loads((Path(__file__).parents[2] / "docs/schema/test-compare.schema.json").read_text())
LIMITS = """
import ("os"; "strings"; "testing"; "time")
func TestLimits(t *testing.T) {
	os.WriteFile("testdata/written.log", []byte(time.Now().String()), 0o600)
	os.ReadFile("testdata/same.json")
	if b, _ := os.ReadFile("testdata/limits.json"); !strings.Contains(string(b), "10") { t.Fatalf("%s", b) }
	if _, err := os.Stat("testdata/absent"); err == nil { t.Fatal("it is there") }
}
"""
OTHER = """
import ("os"; "testing")
func TestOther(t *testing.T) { os.ReadFile("../p/testdata/limits.json") }
"""


def compared(here: Bench, *runs: str) -> dict[str, Any]:
    """What `test compare` says, which fits its schema."""
    document: dict[str, Any] = json.loads(here.run("test", "compare", *runs, "--json", code=1))
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    return document


@pytest.mark.slow
def test_ranks_the_file_that_the_test_opened_above_what_merely_differs(bench: Give) -> None:
    here = bench({"p/p_test.go": LIMITS, "q/q_test.go": OTHER, "p/testdata/limits.json": "10", "p/testdata/same.json": "{}"})
    here.test("./...", COLOUR="red")
    here.write({"p/testdata/limits.json": "99"})
    here.test("./...", COLOUR="blue", code=1)
    found = compared(here, "last~1", "last")
    assert [(o["test"], o["a"], o["b"]) for o in found["tests"]] == [("TestLimits", "passed", "failed")]
    ranked = {d["key"]: d for d in found["context"]}
    assert next(iter(ranked)) == "file.testdata/limits.json"
    limits = ranked["file.testdata/limits.json"]
    assert (limits["packages"], limits["because"]) == (["example.com/svc/p"], "example.com/svc/p opened it")
    assert limits["evidence"] == "a differing test's package looked at it" and limits["a"] != limits["b"]
    assert ranked["file.../p/testdata/limits.json"]["evidence"] == ranked["env.COLOUR"]["evidence"] == "differs"
    assert not {"file.testdata/same.json", "file.testdata/written.log"} & set(ranked)
    written = "Tests of example.com/svc/p looked at testdata/written.log: whether it was the same for both runs is not known."
    assert found["not_known"] == [written]


@pytest.mark.slow
def test_a_file_that_is_only_there_in_one_run_differs(bench: Give) -> None:
    here = bench({"p/p_test.go": LIMITS, "p/testdata/limits.json": "10"})
    here.test("./p")
    here.write({"p/testdata/absent": ""})
    here.test("./p", code=1)
    (first, *_) = compared(here, "last~1", "last")["context"]
    assert (first["key"], first["a"], first["b"]) == ("file.testdata/absent", "absent", "a file of 0 bytes")
    assert first["because"] == "example.com/svc/p asked about it"
    shown = here.run("test", "compare", "last~1", code=1)
    assert "file.testdata/absent: absent → a file of 0 bytes" in shown and "1 test ended otherwise." in shown


@pytest.mark.slow
def test_what_the_tests_of_a_foreign_log_opened_is_not_known(bench: Give, tmp_path: Path) -> None:
    here = bench({"p/p_test.go": LIMITS, "p/testdata/limits.json": "99"})
    (tmp_path / "log").write_text(here.go("test", "-json", "./p").stdout)
    imported = json.loads(here.run("test", "import", str(tmp_path / "log"), "--json", code=1))["run"]
    here.write({"p/testdata/limits.json": "10"})
    here.test("./p")
    found = compared(here, imported, "last")
    assert found["not_known"] == [f"Run {imported} is a foreign log: which files and variables its tests looked at is not known."]
    assert found["not_known"][0] in here.run("test", "compare", imported, code=1)
    assert not [d for d in found["context"] if d["key"].startswith("file.")]


def _states(log: str, at: Path, began: float = float("inf")) -> dict[tuple[str, str], str]:
    return {(one.what, one.name): one.found for one in testlog.parse(log.encode(), at, began)}


def test_a_look_says_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "sub/inner").mkdir(parents=True)
    (tmp_path / "sub/inner/a.txt").write_text("one")
    (tmp_path / "link").symlink_to("sub/inner/a.txt")
    log = f"open sub/inner/a.txt\nopen link\nstat link\nopen none\nstat sub\nchdir {tmp_path}/sub\nopen inner\nopen inner/a.txt\ngetenv A\n"
    found = _states(log, tmp_path)
    content = found["open", "sub/inner/a.txt"]
    assert content.startswith("3 bytes, sha256 ") and content == found["open", "link"] == found["open", "inner/a.txt"]
    assert (found["stat", "link"], found["open", "none"], found["stat", "sub"]) == ("a file of 3 bytes", "absent", "a directory")
    assert found["open", "inner"].startswith("a directory of 1, sha256 ")
    assert found["getenv", "A"] == ""
    assert _states("open link\n", tmp_path, began=0.0) == {("open", "link"): WRITTEN}
    late = (tmp_path / "link").stat().st_mtime + 0.004  # written after that, by a kernel whose clock ticks every 4 ms
    assert _states("open link\n", tmp_path, began=late) == {("open", "link"): WRITTEN}


def test_of_a_large_file_both_ends_are_read_and_a_pipe_is_not(tmp_path: Path) -> None:
    large, pipe = tmp_path / "large", tmp_path / "pipe"
    large.write_bytes(bytes(3_000_000))
    os.mkfifo(pipe)
    before = _states("open large\nopen pipe\n", tmp_path)
    assert before["open", "pipe"] == "a device, pipe or socket"
    with open(large, "r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"x")
    assert _states("open large\n", tmp_path)["open", "large"] != before["open", "large"]


def test_one_name_with_two_states_is_not_known(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "f").write_text(name)
    assert _states(f"chdir {tmp_path}/a\nopen f\nchdir {tmp_path}/b\nopen f\n", tmp_path)["open", "f"] == ""
