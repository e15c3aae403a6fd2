"""Seeded faults on real Go, each with a healthy twin; and the search itself on made-up packages."""

from __future__ import annotations

import json
import math
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from go_tests import Bench
from hypothesis import given
from hypothesis import strategies as st

from steadygo.testing.diagnosis.case import Budget, Case, Diagnosis
from steadygo.testing.diagnosis.decide import Means, decide
from steadygo.testing.diagnosis.minimal import minimal
from steadygo.testing.diagnosis.probe import Answer
from steadygo.testing.diagnosis.reproduce import Commands, conclude
from steadygo.testing.diagnosis.trial import Change, Trial

Give = Callable[..., Bench]


def _diagnosed(here: Bench, test: str, code: int = 1, **environment: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(here.run("test", "diagnose", "./p", test, "--json", code=code, **environment))
    return found


def _fails_when_pasted(here: Bench, command: object) -> bool:
    assert "go test " in str(command)
    return subprocess.run(str(command), shell=True, cwd=here.root, env=dict(here.environment), capture_output=True).returncode == 1


@pytest.mark.slow
@pytest.mark.parametrize("polluter", ["TestT017", "TestT181"])
def test_finds_the_one_polluter_of_two_hundred_tests(bench: Give, polluter: str) -> None:
    body = 'import "testing"\nvar shared int\n'
    for number in range(200):
        name = f"TestT{number:03}"
        inner = (
            "shared = 1"
            if name == polluter
            else 'if shared != 0 { t.Fatal("shared was left at", shared) }'
            if number == 90
            else "_ = shared"
        )
        body += f"func {name}(t *testing.T) {{ {inner} }}\n"
    here = bench({"p/p_test.go": body})
    found = _diagnosed(here, "TestT090")
    assert (found["kind"], found["role"], found["polluters"]) == ("order-dependent", "victim", [polluter])
    assert isinstance(found["runs"], int)
    assert found["runs"] <= 2 * math.ceil(math.log2(200)) + 12
    assert _fails_when_pasted(here, found["reproduce"])


CORNERS = """
import ("os"; "testing")
var state, seen int
func TestMain(m *testing.M) { os.Exit(m.Run()) }
func TestSub(t *testing.T) {
	n := 0
	t.Run("sets", func(t *testing.T) { n = 1 })
	t.Run("other thing", func(t *testing.T) {})
	t.Run("suffers", func(t *testing.T) { if n != 0 { t.Fatal(n) } })
}
func TestHang(t *testing.T) { if state == 3 { select {} } }
func FuzzSeed(f *testing.F) { f.Add(1); f.Fuzz(func(t *testing.T, n int) { if seen == 1 { t.Fatal(n) } }) }
func TestAlways(t *testing.T) { t.Fatal() }
func TestSeen(t *testing.T) { seen = 1 }
func TestZSetsThree(t *testing.T) { state = 3 }
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("test", "polluter"), [("TestSub/suffers", "TestSub/sets"), ("TestHang", "TestZSetsThree"), ("FuzzSeed", "TestSeen")]
)
def test_subtests_hangs_and_seeds_are_diagnosed_like_tests(bench: Give, test: str, polluter: str) -> None:
    here = bench({"p/p_test.go": CORNERS})
    found = _diagnosed(here, test)
    assert (found["kind"], found["role"], found["polluters"]) == ("order-dependent", "victim", [polluter])
    assert _fails_when_pasted(here, found["reproduce"])


@pytest.mark.slow
def test_a_subtest_that_is_not_there_is_refused_with_its_neighbours(bench: Give) -> None:
    here = bench({"p/p_test.go": CORNERS})
    assert "Did you mean TestSub/suffers" in here.run("test", "diagnose", "./p", "TestSub/sufers", code=2)


@pytest.mark.slow
def test_a_test_that_ends_the_process_is_left_out(bench: Give) -> None:
    body = """
import "testing"
var m map[string]int
var dirty bool
func TestCrash(t *testing.T) { m["x"] = 1 }
func TestWash(t *testing.T) { dirty = false }
func TestDirt(t *testing.T) { dirty = true }
func TestVictim(t *testing.T) { if dirty { t.Fatal() } }
"""
    found = _diagnosed(bench({"p/p_test.go": body}), "TestVictim")
    assert (found["kind"], found["polluters"], found["cleaners"]) == ("order-dependent", ["TestDirt"], ["TestWash"])


FAULTS = {
    "brittle": ("var ready bool\nfunc TestInit(t *testing.T) { ready = true }\nfunc TestX(t *testing.T) { if !ready { t.Fatal() } }", ""),
    "twice": ("var n int\nfunc TestX(t *testing.T) { n++; if n > 1 { t.Fatal(n) } }", ""),
    "tz": ("func TestX(t *testing.T) { if _, o := time.Date(2026, 1, 1, 0, 0, 0, 0, time.Local).Zone(); o != 0 { t.Fatal(o) } }", "time"),
    "procs": ("func TestX(t *testing.T) { if runtime.GOMAXPROCS(0) == 1 { t.Fatal() } }", "runtime"),
    "umask": (
        'func TestX(t *testing.T) { f := t.TempDir() + "/f"; os.WriteFile(f, nil, 0o644); '
        "if i, _ := os.Stat(f); i.Mode().Perm() != 0o644 { t.Fatal(i.Mode()) } }",
        "os",
    ),
    "variable": ('func TestX(t *testing.T) { if os.Getenv("FLAVOUR") != "" { t.Fatal() } }', "os"),
    "chance": (
        'func TestX(t *testing.T) { m := map[int]int{1: 1, 2: 2, 3: 3}; for k := range m { if k == 2 { t.Fatal() }; break } }',
        "",
    ),
    "healthy": ("var n int\nfunc TestPollutes(t *testing.T) { n = 1 }\nfunc TestX(t *testing.T) { n = 0; if n != 0 { t.Fatal(n) } }", ""),
    "healthy time": (
        "func TestX(t *testing.T) { if _, o := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Zone(); o != 0 { t.Fatal(o) } }",
        "time",
    ),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "kind", "detail"),
    [
        ("brittle", "order-dependent", "brittle"),
        ("twice", "not-idempotent", ""),
        ("tz", "factor", "TZ"),
        ("procs", "factor", "GOMAXPROCS"),
        ("umask", "factor", "umask"),
        ("variable", "factor", "FLAVOUR"),
        ("chance", "nondeterministic", ""),
        ("healthy", "stable", ""),
        ("healthy time", "stable", ""),
    ],
)
def test_names_the_cause_of_a_seeded_fault(bench: Give, fault: str, kind: str, detail: str) -> None:
    body, package = FAULTS[fault]
    here = bench({"p/p_test.go": f'import (\n"testing"\n{f"{chr(34)}{package}{chr(34)}" if package else ""}\n)\n{body}\n'})
    found = _diagnosed(here, "TestX", code=0 if kind == "stable" else 1, TZ="UTC", GOMAXPROCS="2")
    assert (found["kind"], found["role"] or found["factor"]) == (kind, detail), found["because"]
    if kind != "stable":
        assert _fails_when_pasted(here, found["reproduce"])
        assert "steadygo test " in str(found["steadygo"]) or found["rate"] is not None  # it failed in its trial; chance may not have


@pytest.mark.slow
def test_chance_is_shown_by_the_test_alone_and_not_by_another_that_fails(bench: Give) -> None:
    body = 'import ("math/rand"; "testing")\nfunc TestBad(t *testing.T) { t.Fatal() }\n'
    body += "func TestX(t *testing.T) { if rand.Intn(2) == 0 { t.Fatal() } }\n"
    here = bench({"p/p_test.go": body})
    tries = (_diagnosed(here, "TestX") for _ in range(4))  # a coin gets a wrong name in 2 of 100
    assert any(found["kind"] == "nondeterministic" and "-run=^TestX$" in str(found["reproduce"]) for found in tries)


@pytest.mark.slow
def test_a_test_that_is_not_there_is_refused(bench: Give) -> None:
    here = bench({"p/p_test.go": 'import "testing"\nfunc TestX(t *testing.T) {}\n'})
    assert "There is no test TestY" in here.run("test", "diagnose", "./p", "TestY", code=2)


@given(st.integers(2, 300), st.data())
def test_the_search_finds_a_minimal_set_and_one_culprit_is_cheap(size: int, data: st.DataObject) -> None:
    items = [f"T{n}" for n in range(size)]
    culprits = set(data.draw(st.lists(st.sampled_from(items), min_size=1, max_size=3, unique=True)))
    asked = 0

    def does(chosen: Sequence[str]) -> bool:
        nonlocal asked
        asked += 1
        return culprits <= set(chosen)

    assert set(minimal(items, does)) == culprits
    if len(culprits) == 1:
        assert asked <= math.ceil(math.log2(size)) + 1


@given(st.integers(2, 60), st.data())
def test_what_the_search_finds_does_it_even_where_tests_clean_up(size: int, data: st.DataObject) -> None:
    items = [f"T{n}" for n in range(size)]
    polluter = data.draw(st.integers(0, size - 1))
    cleaners = set(data.draw(st.lists(st.integers(0, size - 1), max_size=3)))
    late = data.draw(st.integers(0, size - 1))

    def does(chosen: Sequence[str]) -> bool:
        dirty = False
        for number in (int(name[1:]) for name in chosen):
            dirty = (dirty and number not in cleaners) or number in (polluter, late)
        return dirty

    if does(items):
        found = minimal(items, does)
        assert does(found)
        assert len(found) == 1 or not any(does([x for x in found if x != one]) for one in found)


def _conclude(ask: Callable[[Trial], Answer], most_runs: int) -> Diagnosis:
    case = Case(ask, "TestX", Budget(most_runs))
    means = Means(("TestA", "TestB", "TestX"), lambda *_: ("1",), lambda: ([], []), tuple, tuple, list)
    return conclude(case, decide(case, means), Commands("p", "go", (), lambda line: True), lambda found: found)


def test_a_spent_budget_is_not_known() -> None:
    found = _conclude(lambda trial: Answer(False, ("TestX",)), 10)
    assert (found.kind, found.reproduce) == ("not-known", "")
    assert found.runs <= 10
    assert "the budget of 10 runs was used up" in found.because[-1]


def test_a_polluter_that_works_only_sometimes_is_not_named() -> None:
    calls = iter(range(1000))

    def ask(trial: Trial) -> Answer:
        order = ("TestA", "TestB", "TestX")
        if trial.tests is None:
            return Answer(True, order)
        return Answer(len(trial.tests) > 1 and next(calls) % 2 == 0, order)

    assert _conclude(ask, 200).kind == "not-known"


def test_a_process_that_ends_before_a_test_begins_is_told_and_the_name_is_not_doubted() -> None:
    found = _conclude(lambda trial: Answer(None, ended="with exit status 3"), 10)
    assert found.kind == "not-known"
    assert "the process ended with exit status 3 before TestX began" in found.because[0]


def test_the_commands_have_the_flags_and_the_program_of_the_experiments() -> None:
    commands = Commands("p", "/go/1.21/bin/go", ("-race=true", "-short=true"), lambda line: True, ("-integration",))
    alone = Trial(tests=("TestX",))
    assert commands.plain(alone) == "/go/1.21/bin/go test -race=true -short=true -count=1 '-run=^TestX$' p -args -integration"
    assert commands.steadygo(alone) == (
        "steadygo test --go /go/1.21/bin/go p -- -race=true -short=true -count=1 '-run=^TestX$' -args -integration"
    )
    other = Trial(tests=("TestX",), change=Change("go version", "go1.23", "env GOTOOLCHAIN=local {}", go=Path("/go/1.23/bin/go")))
    assert commands.plain(other).startswith("env GOTOOLCHAIN=local /go/1.23/bin/go test ")


@pytest.mark.slow
def test_a_test_that_fails_only_with_an_argument_has_a_command_that_fails(bench: Give) -> None:
    body = 'import ("flag"; "testing")\nvar on = flag.Bool("integration", false, "")\nfunc TestX(t *testing.T) { if *on { t.Fatal() } }\n'
    here = bench({"p/p_test.go": body})
    assert "-args -integration" in here.run("test", "diagnose", "./p", "TestX", "--", "-short", "-args", "-integration", code=1)
