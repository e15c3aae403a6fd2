"""The lines that are named for each seeded fault."""

from __future__ import annotations

import pytest
from seeded_faults import Fault, load

from steadygo.read import go
from steadygo.testing.suspects import Suspect, find_suspects


def _named(fault: Fault, kind: str = "faulty") -> tuple[Suspect, ...]:
    texts = {p: t for p, t in fault.files(kind).items() if p.endswith(".go")}
    files = [go.read(path, text.encode()) for path, text in texts.items()]
    right = fault.accept[0]
    others = right.get("polluters") if right.get("role") != "brittle" else right.get("cleaners")
    factor = (fault.environment.keys() & set(right.get("factors", ()))) or right.get("factors", [""])
    return find_suspects(
        files, texts, test=fault.test, kind=right["kind"], role=right.get("role", ""), others=others or (), factor=next(iter(factor))
    )


@pytest.mark.parametrize("fault", load(), ids=lambda f: f.name)
def test_a_marked_line_is_among_the_first_three(fault: Fault) -> None:
    named = _named(fault)
    assert len(named) <= 5
    assert {(s.path, s.line) for s in named[:3]} & fault.lines_at_fault(), named


def test_what_the_race_detector_saw_comes_first() -> None:
    fault = next(f for f in load() if f.name == "race-by-timing")
    texts = {f"there/{p}": t for p, t in fault.files("faulty").items()}
    files = [go.read(path, text.encode()) for path, text in texts.items()]
    seen = "the race detector sees a data race: stats_test.go:36, stats.go:20, elsewhere.go:4"
    named = find_suspects(files, texts, test=fault.test, kind="nondeterministic", race=seen)
    assert [(s.path, s.line) for s in named[:2]] == [("there/stats/stats.go", 20), ("there/stats/stats_test.go", 36)]


@pytest.mark.parametrize("kind", ["order-dependent", "not-idempotent", "parallel", "nondeterministic", "factor"])
def test_nothing_is_named_where_nothing_fits(kind: str) -> None:
    text = 'package p\n\nimport "testing"\n\nfunc double(n int) int { return 2 * n }\n\nfunc TestA(t *testing.T) {}\n\n'
    text += "func TestX(t *testing.T) {\n\tif double(2) != 4 {\n\t\tt.Fatal()\n\t}\n}\n"
    file = go.read("p/p_test.go", text.encode())
    assert find_suspects([file], {file.path: text}, test="TestX", kind=kind, role="victim", others=["TestA"], factor="TZ") == ()


@pytest.mark.parametrize("text", ["", "package", "func TestX(", "package p\nfunc TestX(t *testing.T) { for range m {"])
def test_broken_source_names_nothing_and_does_no_harm(text: str) -> None:
    file = go.read("p_test.go", text.encode())
    assert find_suspects([file], {file.path: text}, test="TestX", kind="nondeterministic") == ()


def test_a_package_variable_hidden_by_a_local_one_is_not_meant() -> None:
    text = 'package p\n\nimport "testing"\n\nvar n int\n\nfunc TestA(t *testing.T) {\n\tn := 0\n\tn = 1\n\t_ = n\n}\n\n'
    text += "func TestX(t *testing.T) {\n\tif n != 0 {\n\t\tt.Fatal(n)\n\t}\n}\n"
    file = go.read("p_test.go", text.encode())
    assert find_suspects([file], {file.path: text}, test="TestX", kind="order-dependent", role="victim", others=["TestA"]) == ()


def test_a_changed_environment_and_directory_are_named() -> None:
    text = 'package p\n\nimport (\n\t"os"\n\t"testing"\n)\n\nfunc TestA(t *testing.T) {\n\tos.Chdir("/")\n}\n\n'
    text += 'func TestX(t *testing.T) {\n\tif _, err := os.Stat("p_test.go"); err != nil {\n\t\tt.Fatal(err)\n\t}\n}\n'
    file = go.read("p_test.go", text.encode())
    named = find_suspects([file], {file.path: text}, test="TestX", kind="order-dependent", role="victim", others=["TestA"])
    assert [(s.line, s.source) for s in named] == [(9, 'os.Chdir("/")')]


UNDOING = """package p

import "testing"

var Exit, Out, now = 0, "", 1

func TestA(t *testing.T) {
	defer func(was int) { now = was }(now)
	now = 2
	was := Exit
	t.Cleanup(func() {
		Exit = was
	})
	Exit = 1
	Out = "buffer"
}

func TestX(t *testing.T) {
	if Exit+now != 1 || Out != "" {
		t.Fatal(Exit, now, Out)
	}
}
"""


def test_what_a_test_puts_back_when_it_ends_is_not_what_it_leaves_behind() -> None:
    file = go.read("p_test.go", UNDOING.encode())
    victim = find_suspects([file], {file.path: UNDOING}, test="TestX", kind="order-dependent", role="victim", others=["TestA"])
    assert [s.source for s in victim] == ['Out = "buffer"', 'if Exit+now != 1 || Out != "" {']
    again = find_suspects([file], {file.path: UNDOING}, test="TestA", kind="not-idempotent")
    assert [s.source for s in again] == ['Out = "buffer"']


def test_what_is_put_back_is_named_where_nothing_else_is() -> None:
    text = UNDOING.replace('\tOut = "buffer"\n', "")
    file = go.read("p_test.go", text.encode())
    named = find_suspects([file], {file.path: text}, test="TestX", kind="order-dependent", role="victim", others=["TestA"])
    assert {"now = 2", "Exit = 1"} <= {s.source for s in named}
    assert "defer" not in " ".join(s.source for s in named)
