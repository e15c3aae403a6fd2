"""Runs side by side, kept here or imported from elsewhere."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from go_tests import Bench
from hypothesis import given
from hypothesis import strategies as st

from steadygo.errors import UserError
from steadygo.testing import foreign
from steadygo.testing.results import Outcome

Give = Callable[..., Bench]
FLAVOUR = """
import ("os"; "testing")
func TestFlavour(t *testing.T) { if os.Getenv("FLAVOUR") == "sour" { t.Fatal("sour") } }
func TestOther(t *testing.T) {}
"""


@pytest.mark.slow
def test_ranks_the_variable_that_the_test_read_first(bench: Give) -> None:
    here = bench({"p/p_test.go": FLAVOUR})
    here.test("./p", FLAVOUR="sweet", COLOUR="red", TZ="UTC")
    here.test("./p", FLAVOUR="sour", COLOUR="blue", TZ="Asia/Tokyo", code=1)
    found = json.loads(here.run("test", "compare", "last~1", "last", "--json", code=1))
    assert [(o["test"], o["a"], o["b"]) for o in found["tests"]] == [("TestFlavour", "passed", "failed")]
    keys = [d["key"] for d in found["context"]]
    assert keys[0] == "env.FLAVOUR"
    assert keys.index("time.zone" if "time.zone" in keys else "env.TZ") < keys.index("env.COLOUR")
    assert "example.com/svc/p asked for FLAVOUR" in here.run("test", "compare", "last~1", code=1)
    assert "No test differs." in here.run("test", "compare", "last", "last")


@pytest.mark.slow
def test_a_log_of_plain_go_is_a_run_like_others(bench: Give, tmp_path: Path) -> None:
    here = bench({"p/p_test.go": FLAVOUR, "bad/b_test.go": 'import "testing"\nfunc TestA(t *testing.T) { missing() }\n'})
    (tmp_path / "log").write_text(here.go("test", "-json", "./...", FLAVOUR="sour").stdout)
    (tmp_path / "there.json").write_text(here.run("env", "show", "--json", FLAVOUR="sour"))
    imported = json.loads(
        here.run("test", "import", str(tmp_path / "log"), "--fingerprint", str(tmp_path / "there.json"), "--json", code=1)
    )
    assert {p["package"]: p["outcome"] for p in imported["packages"]} == {"example.com/svc/p": "failed", "example.com/svc/bad": "failed"}
    here.test("./...", code=1)
    found = json.loads(here.run("test", "compare", imported["run"], "last", "--json", code=1))
    assert [(o["test"], o["a"], o["b"]) for o in found["tests"]] == [("TestFlavour", "failed", "passed")]
    assert found["context"][0]["key"] == "env.FLAVOUR"


@pytest.mark.slow
def test_a_cached_pass_of_a_log_is_called_stale(bench: Give, tmp_path: Path) -> None:
    here = bench({"p/p_test.go": FLAVOUR})
    here.go("test", "-json", "./p")
    (tmp_path / "log").write_text(here.go("test", "-json", "./p").stdout)
    assert json.loads(here.run("test", "import", str(tmp_path / "log"), "--json"))["stale"] == 1
    assert "did not run in this context" in here.run("test", "show")


def _log(*events: dict[str, object]) -> bytes:
    return b"\n".join(json.dumps(e).encode() for e in events)


def test_a_log_that_was_cut_off_is_no_pass() -> None:
    _, (package,) = foreign.read(
        _log({"Action": "run", "Package": "p", "Test": "TestA"}, {"Action": "pass", "Package": "p", "Test": "TestA"}), "x"
    )
    assert (package.outcome, package.why) == (Outcome.FAILED, "The log ends before its verdict.")


@given(st.binary(max_size=300))
def test_what_is_no_log_is_one_sentence(data: bytes) -> None:
    try:
        foreign.read(data, "x")
    except UserError as error:
        assert "holds no events" in str(error)
