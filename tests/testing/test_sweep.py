"""`test diagnose --all` on a real module."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
from go_tests import Bench

Give = Callable[..., Bench]
SCHEMA = json.loads((Path(__file__).parents[2] / "docs/schema/test-diagnose.schema.json").read_text())

FILES = {
    "order/o_test.go": 'import "testing"\nvar n int\nfunc TestVictim(t *testing.T) { if n > 0 { t.Fatal(n) } }\n'
    "func TestFine(t *testing.T) {}\nfunc TestPolluter(t *testing.T) { n = 1 }\n",
    "zone/z_test.go": 'import (\n"testing"\n"time"\n)\nfunc TestZone(t *testing.T) { if time.Unix(0, 0).Hour() != 0 { t.Fatal() } }\n',
    "fine/f_test.go": 'import "testing"\nfunc TestOne(t *testing.T) {}\nfunc TestTwo(t *testing.T) { t.Run("a", func(t *testing.T) {}) }\n'
    'func TestSkips(t *testing.T) { t.Skip("not here") }\n',
    "plain/plain.go": "func F() {}\n",
}


@pytest.mark.slow
def test_a_sweep_diagnoses_what_failed_once(bench: Give) -> None:
    here = bench(FILES)
    found = json.loads(here.run("test", "diagnose", "--all", "--json", code=1, TZ="UTC"))
    kinds = {f["test"]: (f["kind"], f["role"] or f["factor"]) for f in found}
    assert kinds == {
        "TestVictim": ("order-dependent", "victim"),
        "TestFine": ("stable", ""),
        "TestPolluter": ("stable", ""),
        "TestZone": ("factor", "TZ"),
        "TestOne": ("stable", ""),
        "TestTwo": ("stable", ""),
        "TestSkips": ("not-known", ""),
    }
    victim = next(f for f in found if f["test"] == "TestVictim")
    assert (victim["package"], victim["polluters"]) == ("example.com/svc/order", ["TestPolluter"])
    assert [s["line"] for s in victim["suspects"]][:1] == [6]


@pytest.mark.slow
def test_a_stable_suite_ends_with_0_and_a_spent_budget_is_not_known(bench: Give) -> None:
    here = bench(FILES)
    assert "example.com/svc/fine: 2 stable" in here.run("test", "diagnose", "--all", "./fine")
    found = json.loads(here.run("test", "diagnose", "--all", "--json", "--runs", "8", "./order", code=1))
    assert {f["test"]: f["kind"] for f in found} == {"TestVictim": "not-known", "TestFine": "stable", "TestPolluter": "stable"}
    spent = here.run("test", "diagnose", "--all", "--runs", "3", "./fine", code=1)
    assert "–  example.com/svc/fine: 2 tests passed 3 screening runs, then the budget was used up" in spent
    assert "3 tests, 0 not stable, 2 not known, 3 runs" in spent
    text = here.run("test", "diagnose", "--all", "./order", code=1)
    assert "✗  example.com/svc/order TestVictim  order-dependent (victim); polluted by TestPolluter" in text


@pytest.mark.slow
def test_the_budget_holds_for_screening_too(bench: Give) -> None:
    here = bench(FILES)
    found = json.loads(here.run("test", "diagnose", "--all", "--json", "--runs", "3", "./fine", "./order", code=1))
    jsonschema.Draft202012Validator(SCHEMA).validate(found)
    tests = [f for f in found if "not_run" not in f]
    assert {f["kind"] for f in tests} <= {"not-known"}
    assert sum(runs for runs in {f["package"]: f["runs"] for f in tests}.values()) <= 3
    assert all("budget" in f["because"][-1] or "skipped itself" in f["because"][-1] for f in tests)
    assert {f["package"] for f in found} == {"example.com/svc/fine", "example.com/svc/order"}
    assert all("budget" in f["not_run"] for f in found if "not_run" in f)
    hangs = bench({"p/p_test.go": 'import ("testing"; "time")\nfunc TestX(t *testing.T) { time.Sleep(time.Hour) }\n'})
    assert "the budget was used up" in hangs.run("test", "diagnose", "--all", "--minutes", "0.1", "./p", code=1)


@pytest.mark.slow
def test_a_package_that_does_not_compile_is_told_and_is_no_test(bench: Give) -> None:
    here = bench({"p/p_test.go": 'import "testing"\nfunc TestX(t *testing.T) { nowhere() }\n', "fine/f_test.go": FILES["fine/f_test.go"]})
    text = here.run("test", "diagnose", "--all", code=1)
    assert "✗  example.com/svc/p: It does not compile" in text
    assert "3 tests, 0 not stable" in text
    assert "1 package could not be run" in text
    found = json.loads(here.run("test", "diagnose", "--all", "--json", code=1))
    jsonschema.Draft202012Validator(SCHEMA).validate(found)
    assert [f["package"] for f in found if "not_run" in f] == ["example.com/svc/p"]
    assert {f["test"] for f in found if "not_run" not in f} == {"TestOne", "TestTwo", "TestSkips"}


def test_one_word_is_refused(bench: Give) -> None:
    here = bench({"p/p_test.go": 'import "testing"\nfunc TestX(t *testing.T) {}\n'})
    assert "takes a package and a test" in here.run("test", "diagnose", "./p", code=2)


@pytest.mark.slow
def test_a_test_main_that_exits_does_not_end_the_sweep(bench: Give) -> None:
    here = bench(
        {
            "hang/h_test.go": 'import ("os"; "testing")\nfunc TestMain(m *testing.M) { os.Exit(3) }\nfunc TestQ(t *testing.T) {}\n',
            "fine/f_test.go": FILES["fine/f_test.go"],
        }
    )
    text = here.run("test", "diagnose", "--all", "./...", code=1)
    assert "TestQ  not-known" in text
    assert "4 tests, 0 not stable, 1 not known" in text
    assert "ended with exit status 3 before TestQ began" in here.run("test", "diagnose", "./hang", "TestQ", code=1)


@pytest.mark.slow
def test_a_test_that_ends_the_process_hides_no_other(bench: Give) -> None:
    tests = "".join(f"func TestFine{n}(t *testing.T) {{}}\n" for n in range(6))
    panics = 'func TestBoom(t *testing.T) { panic("boom") }\nfunc TestExits(t *testing.T) { os.Exit(3) }\n'
    here = bench({"p/p_test.go": f'import ("os"; "testing")\n{panics}{tests}'})
    text = here.run("test", "diagnose", "--all", code=1)
    assert "TestBoom and TestExits ended the process" in text or "TestExits and TestBoom ended the process" in text
    assert "p: 6 stable" in text
    assert "8 tests, 2 not stable" in text
    assert all("what fails always is not flaky" in line for line in text.splitlines() if line.startswith("✗"))
