"""What is planned: declared tests, -run and -skip, and the flags of go test."""

from __future__ import annotations

import contextlib
import warnings

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


@pytest.mark.parametrize(
    "pattern",
    [
        r"\C", r"^TestS[[:lower:]]+$", "[[:alpha:]]", r"\pL", r"\p{Greek}", r"A\z", r"(?s)A", "A(?i)b", r"\Qa.b\E", "(?P<n>A)", "A++",
        "A*+", "A{,2}", "[a--b]",
        "[a&&b]", r"\x41", r"\101", "(?=A)", "Test A",
    ],
)  # fmt: skip
def test_a_pattern_that_python_would_not_read_as_go_does_is_not_known(pattern: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert selected(["TestA"], pattern, "") is None
        assert selected(["TestA"], "", pattern) is None
        parse([f"-run={pattern}"])


@pytest.mark.parametrize(
    ("pattern", "left"),
    [
        ("^(?:TestA|X)$", ("TestA",)),
        (r"Test[\w]{5,}?", ()),
        (r"Test[^\d]{5,}?", ("TestÄrger1",)),
        ("(?i)testa", ("TestA",)),
        (r"[^]A]\b", ("TestÄrger1",)),
        ("\\.", ()),
    ],
)
def test_a_pattern_that_both_read_alike_is_known(pattern: str, left: tuple[str, ...]) -> None:
    assert selected(["TestA", "TestÄrger1"], pattern, "") == left


@given(st.text("aT[](){}|/\\*+?^$.:-&~,0129", max_size=12))
def test_any_pattern_is_known_or_not_or_refused(pattern: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        selected(["TestA"], pattern, pattern)
        with contextlib.suppress(UserError):
            parse([f"-run={pattern}"])


@pytest.mark.parametrize("words", [["-count=0"], ["-count=0x0"], ["-args", "-test.run=X"], ["-args", "--test.list=."]])
def test_flags_that_select_no_test_or_others_are_not_planned(words: list[str]) -> None:
    assert not parse(words).selects
    assert parse(["-count=017", "-args", "-own"]).selects


def test_words_of_goflags_count_less_than_the_given_ones() -> None:
    flags = parse(["-run=A", "-v=false"]).under("""-short --run=B '-skip=C D' -v -tags=x -count=3 "-ldflags=-s -w" -unknown -shuffle=on""")
    assert set(flags.binary()) == {
        "-test.run=A", "-test.short=true", "-test.skip=C D", "-test.count=3", f"-test.shuffle={flags.seed}", "-test.timeout=10m0s",
        "-test.paniconexit0",
    }  # fmt: skip
    assert (flags.verbose, flags.build, flags.given) == (False, (), ("-run=A", "-v=false"))
    assert parse(flags.words).binary() == flags.binary()
    assert parse([]).under("-v").verbose


def test_flags_go_to_the_build_or_to_the_binary() -> None:
    flags = parse(["-race", "-tags", "a,b", "--run=X", "-count", "2", "-v", "-args", "-own"])
    assert flags.build == ("-race=true", "-tags=a,b")
    assert {"-test.run=X", "-test.count=2", "-test.timeout=10m0s", "-test.paniconexit0"} == set(flags.binary())
    assert (flags.verbose, flags.arguments) == (True, ("-own",))


@pytest.mark.parametrize(
    "words",
    [
        ["-timeout=5"], ["-shuffle=maybe"], ["-p=0"], ["-run"], ["./pkg"], ["-json"], ["-count=x"], ["-count=-1"], ["-count=08"],
        ["-parallel=0"], ["-cpu=1,x"], ["-short=maybe"], ["-run=["], ["-run=A/(b"], ["-skip=a)"], ["-skip=[z-a]"], ["-bench=a\\"],
    ],
)  # fmt: skip
def test_flags_that_mean_nothing_here_are_refused(words: list[str]) -> None:
    with pytest.raises(UserError):
        parse(words)


def test_durations_are_those_of_go() -> None:
    assert (seconds_of("1m30s"), seconds_of("1.5h"), seconds_of("0"), seconds_of("250ms")) == (90.0, 5400.0, 0.0, 0.25)
