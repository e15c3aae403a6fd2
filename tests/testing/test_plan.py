"""What is planned: declared tests, -run and -skip, and the flags of go test."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadygo.errors import UserError
from steadygo.testing.declared import find_tests, selected
from steadygo.testing.flags import parse, seconds_of

SOURCE = """package p

/*
func TestInComment(t *testing.T) {}
*/
const fake = `
func TestInString(t *testing.T) {}
`

func TestMain(m *testing.M) {}
func TestReal(t *testing.T) { _ = "\\"" }
func Testlower(t *testing.T) {}
func TestHelper(t *testing.T, n int) {}
func FuzzReal(f *testing.F) {}
func BenchmarkX(b *testing.B) {}
func ExampleCompared() {
	fmt.Println("x") // a remark

	// Unordered output:
	// x
}
func ExampleShown() {
	// Output: is not last

	// another group
}
"""


def test_plans_what_go_would_run() -> None:
    assert list(find_tests(SOURCE)) == ["TestReal", "FuzzReal", "ExampleCompared"]


@given(st.text(max_size=200))
def test_any_text_is_planned_without_an_error(text: str) -> None:
    list(find_tests("func TestA(t *testing.T) {}\n" + text))


@pytest.mark.parametrize(
    ("run", "skip", "left"),
    [
        ("A", "", ("TestA", "TestAB")),
        ("^TestA$|B$", "", ("TestA", "TestAB")),
        ("A/sub|C", "", ("TestA", "TestAB", "TestC")),
        ("[A/]B", "", ("TestAB",)),
        ("", "A", ("TestC",)),
        ("", "A/sub", ("TestA", "TestAB", "TestC")),
    ],
)
def test_selects_top_level_names_as_testing_does(run: str, skip: str, left: tuple[str, ...]) -> None:
    assert selected(["TestA", "TestAB", "TestC"], run, skip) == left


def test_a_pattern_that_python_cannot_read_is_not_known() -> None:
    assert selected(["TestA"], r"\C", "") is None


def test_flags_go_to_the_build_or_to_the_binary() -> None:
    flags = parse(["-race", "-tags", "a,b", "--run=X", "-count", "2", "-v", "-args", "-own"])
    assert flags.build == ("-race=true", "-tags=a,b")
    assert {"-test.run=X", "-test.count=2", "-test.timeout=10m0s", "-test.paniconexit0"} == set(flags.binary())
    assert (flags.verbose, flags.arguments) == (True, ("-own",))


@pytest.mark.parametrize("words", [["-timeout=5"], ["-shuffle=maybe"], ["-p=0"], ["-run"], ["./pkg"], ["-json"]])
def test_flags_that_mean_nothing_here_are_refused(words: list[str]) -> None:
    with pytest.raises(UserError):
        parse(words)


def test_durations_are_those_of_go() -> None:
    assert (seconds_of("1m30s"), seconds_of("1.5h"), seconds_of("0"), seconds_of("250ms")) == (90.0, 5400.0, 0.0, 0.25)
