"""Go prints (cached) for passes that the context does not carry; steadygo names them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from go_tests import Bench

pytestmark = pytest.mark.slow
Give = Callable[..., Bench]
ZONED = """
import ("testing"; "time")
func TestZone(t *testing.T) { if _, o := time.Date(2026, 1, 1, 0, 0, 0, 0, time.Local).Zone(); o != 0 { t.Fatal(o) } }
"""


def _stale(here: Bench, code: int, **environment: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(here.run("test", "stale", "./p", "--json", code=code, **environment))["stale"]
    return found


def test_names_a_cached_pass_of_another_time_zone_and_runs_it_afresh(bench: Give) -> None:
    here = bench({"p/p_test.go": ZONED})
    here.test("./p", TZ="UTC")
    assert _stale(here, 0, TZ="UTC") == []
    assert _stale(here, 0, TZ="UTC") == []
    (one,) = _stale(here, 1, TZ="Asia/Tokyo")
    assert "Asia/Tokyo here and was UTC in run" in str(one["reasons"])
    fresh = json.loads(here.run("test", "stale", "./p", "--fresh", "--json", code=1, TZ="Asia/Tokyo"))
    assert [(t["test"], t["outcome"]) for t in fresh["tests"]] == [("TestZone", "failed")]


def test_a_cached_pass_without_a_kept_run_is_stale_and_a_fresh_run_settles_it(bench: Give) -> None:
    here = bench({"p/p_test.go": ZONED})
    here.go("test", "-json", "./p", TZ="UTC")
    (one,) = _stale(here, 1, TZ="UTC")
    assert "no kept run" in str(one["reasons"])
    here.run("test", "stale", "./p", "--fresh", TZ="UTC")
    assert _stale(here, 0, TZ="UTC") == []


def test_names_a_file_outside_of_the_module_that_changed(bench: Give, tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("good")
    body = f'if b, _ := os.ReadFile("{outside}"); string(b) != "good" {{ t.Fatal() }}'
    here = bench({"p/p_test.go": f'import ("os"; "testing")\nfunc TestFile(t *testing.T) {{ {body} }}\n'})
    here.test("./p", TZ="UTC")
    assert _stale(here, 0, TZ="UTC") == []
    outside.write_text("evil")
    later = outside.stat().st_mtime + 100
    os.utime(outside, (later, later))
    assert "(cached)" in here.go("test", "-json", "./p", TZ="UTC").stdout
    (one,) = _stale(here, 1, TZ="UTC")
    assert f"{outside} changed since run" in str(one["reasons"])


_WORDS = {
    "GOMAXPROCS": ("func TestIt(t *testing.T) { if runtime.GOMAXPROCS(0) != 2 { t.Fatal() } }", "env.GOMAXPROCS is 1 here and was 2"),
    "FLAVOUR": (
        'var flavour = os.Getenv("FLAVOUR")\nfunc TestIt(t *testing.T) { if flavour != "2" { t.Fatal() } }',
        "FLAVOUR differs here, its files name it",
    ),
}


@pytest.mark.parametrize("name", _WORDS)
def test_names_a_variable_that_goes_key_lacks_and_runs_it_afresh(bench: Give, name: str) -> None:
    body, reason = _WORDS[name]
    imports = "".join(f'import "{p}"\n' for p in ("os", "runtime", "testing") if f"{p}." in body)
    here = bench({"p/p_test.go": f"{imports}{body}\n"})
    here.test("./p", **{name: "2"})
    assert _stale(here, 0, **{name: "2"}) == []
    assert "(cached)" in here.go("test", "-json", "./p", **{name: "1"}).stdout
    (one,) = _stale(here, 1, **{name: "1"})
    assert reason in str(one["reasons"])
    fresh = json.loads(here.run("test", "stale", "./p", "--fresh", "--json", code=1, **{name: "1"}))
    assert [(t["test"], t["outcome"]) for t in fresh["tests"]] == [("TestIt", "failed")]


def test_names_another_umask_and_runs_it_afresh(bench: Give) -> None:
    text = 'import ("syscall"; "testing")\nfunc TestIt(t *testing.T) { if m := syscall.Umask(0o22); m != 0o22 { t.Fatal(m) } }\n'
    here = bench({"p/p_test.go": text})
    before = os.umask(0o022)
    try:
        here.test("./p")
        assert _stale(here, 0) == []
        os.umask(0o077)
        assert "(cached)" in here.go("test", "-json", "./p").stdout
        (one,) = _stale(here, 1)
        assert "process.umask is 0077 here and was 0022" in str(one["reasons"])
        fresh = json.loads(here.run("test", "stale", "./p", "--fresh", "--json", code=1))
        assert [(t["test"], t["outcome"]) for t in fresh["tests"]] == [("TestIt", "failed")]
    finally:
        os.umask(before)


def test_says_why_a_package_failed(bench: Give) -> None:
    here = bench(
        {
            "p/p_test.go": 'import "testing"\nfunc TestBad(t *testing.T) { t.Fatal() }\n',
            "q/q_test.go": 'import "testing"\nfunc TestBad(t *testing.T) { missing() }\n',
        }
    )
    said = here.run("test", "stale", "./...", code=1)
    assert "✗  example.com/svc/p failed: TestBad\n" in said
    assert "✗  example.com/svc/q failed: It does not compile: q/q_test.go:3:30: undefined: missing\n" in said
