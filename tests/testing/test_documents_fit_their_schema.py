"""`test --json` is what docs/schema/test.schema.json says, however a run ends."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from go_tests import Bench

Give = Callable[..., Bench]
pytestmark = pytest.mark.slow
SCHEMA = json.loads((Path(__file__).parents[2] / "docs/schema/test.schema.json").read_text())
CLOSED = {**SCHEMA, "additionalProperties": False}
for _part in ("packages", "tests"):  # nothing that the schema does not describe
    CLOSED["properties"][_part]["items"]["additionalProperties"] = False

ENDINGS = {
    "pass": ("func TestA(t *testing.T) {}", "passed", ""),
    "fail": ('func TestA(t *testing.T) { t.Run("sub", func(t *testing.T) { t.Error("no") }) }', "failed", ""),
    "skip": ('func TestA(t *testing.T) { t.Skip("later") }', "skipped", ""),
    "crash": ('func TestA(t *testing.T) { panic("boom") }', "failed", "panic: boom"),
    "exit": ("func TestA(t *testing.T) { os.Exit(0) }", "failed", "os.Exit(0)"),
    "timeout": ("func TestA(t *testing.T) { time.Sleep(time.Hour) }", "", "timed out after 1s"),
    "compile": ("func TestA(t *testing.T) { missing() }", "", "undefined: missing"),
    "import": ('import _ "example.com/svc/nowhere"\nfunc TestA(t *testing.T) {}', "", "nowhere"),
}


def _checked(document: dict[str, Any]) -> dict[str, Any]:
    jsonschema.Draft202012Validator(CLOSED).validate(document)
    return document


@pytest.mark.parametrize("ending", ENDINGS)
def test_each_ending_has_its_place_in_the_document(bench: Give, ending: str) -> None:
    body, outcome, why = ENDINGS[ending]
    imports = "\n".join(f'import "{p}"' for p in ("os", "testing", "time") if f"{p}." in body)
    here = bench({"p/p_test.go": f"{imports}\n{body}\n"})
    good = outcome in ("passed", "skipped")
    found = _checked(here.test("./p", "--", "-timeout=1s", code=0 if good else 1))
    assert found == _checked(json.loads(here.run("test", "show", "--json")))
    assert (found["failed"] == 0, found["missing"], found["stale"]) == (good, [], 0)
    assert why in found["packages"][0]["why"]
    assert found["packages"][0]["outcome"] == ("passed" if good else "failed")
    if outcome:
        assert {t["outcome"] for t in found["tests"] if t["test"] == "TestA"} == {outcome}


def test_an_interrupted_run_names_what_is_missing(bench: Give) -> None:
    files = {"a/a_test.go": 'import "testing"\nfunc TestA(t *testing.T) {}\n'}
    files |= {f"{n}/x_test.go": 'import ("testing"; "time")\nfunc TestX(t *testing.T) { time.Sleep(time.Hour) }\n' for n in "bcdefg"}
    here = bench(files)
    process = here.start("test", "./...", "--json")
    deadline = time.monotonic() + 60
    while b"passed" not in here.start("test", "list", "--json").communicate()[0] and time.monotonic() < deadline:
        time.sleep(0.2)
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    found = _checked(json.loads(out))
    assert found["missing"]
    assert found["failed"] >= len(found["missing"])
    assert found == _checked(json.loads(here.run("test", "show", "--json")))


def test_an_imported_log_counts_its_passes_out_of_the_cache(bench: Give, tmp_path: Path) -> None:
    here = bench({"p/p_test.go": 'import "testing"\nfunc TestA(t *testing.T) {}\n'})
    here.go("test", "-json", "./p")
    (tmp_path / "log").write_text(here.go("test", "-json", "./p").stdout)
    found = _checked(json.loads(here.run("test", "import", str(tmp_path / "log"), "--json")))
    assert (found["stale"], found["packages"][0]["stale"], found["passed"]) == (1, True, 1)
    assert _checked(json.loads(here.run("test", "show", "--json"))) == found
