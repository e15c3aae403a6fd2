"""Profiles put together, and lines that can run."""

from __future__ import annotations

import pytest

from steadygo.errors import UserError
from steadygo.testing.coverage.lines import Heat, Hits, before, heated, hits
from steadygo.testing.coverage.profile import Block, merged
from steadygo.tools.git_diff import Change, Hunk, parse


def _merge(*texts: str) -> str:
    return merged((text.encode(), f"p{n}") for n, text in enumerate(texts)).text()


def test_counts_of_one_block_are_summed_and_sets_are_ored() -> None:
    one, two = "a/a.go:1.2,3.4 2 3\na/a.go:4.1,5.2 1 0\n", "a/a.go:4.1,5.2 1 7\na/b.go:1.1,2.2 1 1\n"
    assert _merge("mode: count\n" + one, "mode: count\n" + two).splitlines() == [
        "mode: count", "a/a.go:1.2,3.4 2 3", "a/a.go:4.1,5.2 1 7", "a/b.go:1.1,2.2 1 1",
    ]  # fmt: skip
    assert "a/a.go:1.2,3.4 2 6" in _merge("mode: atomic\n" + one, "mode: atomic\n" + one)
    assert "a/a.go:1.2,3.4 2 1\n" in _merge("mode: set\n" + one, "mode: set\n" + one)


def test_the_weaker_mode_wins_and_profiles_may_stand_behind_each_other() -> None:
    text = _merge("mode: count\na/a.go:1.2,3.4 2 3\nmode: set\r\na/a.go:1.2,3.4 2 1\r\n")
    assert text == "mode: set\na/a.go:1.2,3.4 2 1\n"
    assert _merge("", "mode: atomic\n") == "mode: atomic\n"
    assert _merge() == "mode: set\n"


def test_blocks_are_in_the_order_of_the_file() -> None:
    assert _merge("mode: set\na.go:10.1,11.2 1 1\na.go:9.1,9.2 1 1\n").splitlines()[1:] == ["a.go:9.1,9.2 1 1", "a.go:10.1,11.2 1 1"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("mode: set\nnonsense\n", "p0, line 2: this is no line of a coverage profile: 'nonsense'"),
        ("a.go:1.2,3.4 1 1\n", "p0, line 1: this is no line"),
        ("mode: maybe\n", "p0, line 1: 'maybe' is no mode"),
        ("mode: set\na.go:1.2,3.4 1 -1\n", "p0, line 2"),
        ("mode: set\na.go:1.2,3.4 1 " + "9" * 5000, "p0, line 2"),
        ("\x7fELF\x00\x00", "p0, line 1"),
        ("mode: set\na.go:1.2,3.4 1 1\na.go:1.2,3.4 2 1\n", "The profiles disagree about a.go:1.2: 1 statements, and 2."),
    ],
)
def test_what_is_no_profile_is_refused_with_its_line(text: str, said: str) -> None:
    with pytest.raises(UserError) as refused:
        _merge(text)
    assert said in refused.value.message


SOURCE = b"""package p

func F(x int) int {
\tif x > 0 { // why
\t\t/* a
\t\tcomment */

\t\treturn 1
\t} else if x < 0 {
\t\treturn 2
\t}
\ts := `raw
}
`
\treturn f(s,
\t\t2,
\t)
}
"""


def test_lines_without_code_are_none_of_a_block() -> None:
    blocks = [Block(3, 19, 4, 11, 1, 5), Block(4, 11, 9, 3, 1, 2), Block(9, 9, 9, 18, 1, 3), Block(9, 18, 11, 3, 1, 0)]
    blocks += [Block(12, 2, 18, 2, 2, 3)]
    assert hits(SOURCE, blocks) == {
        4: Hits(5, True), 8: Hits(2, True), 9: Hits(3, True), 10: Hits(0, False),
        12: Hits(3, True), 13: Hits(3, True), 14: Hits(3, True), 15: Hits(3, True), 16: Hits(3, True),
    }  # fmt: skip
    assert hits(SOURCE.replace(b"\n", b"\r\n"), blocks) == hits(SOURCE, blocks)


def test_a_line_that_runs_in_part_says_so() -> None:
    found = hits(b"package p\nfunc F() { g(func() { h() }) }\n", [Block(2, 12, 2, 14, 1, 4), Block(2, 23, 2, 27, 1, 0)])
    assert found == {2: Hits(4, False)}


def test_blocks_beyond_the_file_are_survived() -> None:
    assert hits(b"package p\n", [Block(0, 0, 900, 1, 1, 1)]) == {1: Hits(1, True)}


def test_old_numbers_of_lines_follow_hunks() -> None:
    hunks = (Hunk(3, 0, 3, 2), Hunk(10, 4, 12, 1), Hunk(20, 1, 19, 0))
    assert [before(n, hunks) for n in (2, 3, 4, 5, 11, 12, 13, 18, 19)] == [2, None, None, 3, 9, None, 14, 19, 21]


def test_heat_tells_changed_from_lost() -> None:
    now = {1: Hits(0, False), 2: Hits(3, True), 3: Hits(0, False), 4: Hits(1, False), 5: Hits(0, False), 6: Hits(2, True)}
    then = {1: Hits(1, True), 2: Hits(0, False), 4: Hits(1, False)}
    found = heated("a.go", "a.go", (Hunk(3, 0, 3, 2),), now, then, generated=False)
    assert list(found.heat.values()) == [Heat.LOST, Heat.GAINED, Heat.UNCOVERED, Heat.PARTLY, Heat.NEVER, Heat.SAME]
    assert found.ranges(Heat.UNCOVERED, Heat.NEVER) == ((3, 3), (5, 5))
    fresh = heated("a.go", "", (), now, None, generated=False)
    assert set(fresh.heat.values()) == {Heat.UNCOVERED, Heat.COVERED, Heat.PARTLY}


def test_ranges_reach_over_lines_without_code_only() -> None:
    now = {n: Hits(0, False) for n in (2, 3, 6, 9)} | {8: Hits(1, True)}
    found = heated("a.go", "", (), now, None, generated=False)
    assert found.ranges(Heat.UNCOVERED) == ((2, 6), (9, 9))


def test_reads_diffs_with_rows_that_look_like_heads() -> None:
    diff = b"""diff --git a/x.go b/x.go
index 1..2 100644
--- a/x.go
+++ b/x.go
@@ -2 +2,2 @@ func
---- a/y.go
+++ b/y.go
+b
@@ -9,2 +9,0 @@
-x
-y
diff --git a/old name.go b/new.go
similarity index 100%
rename from old name.go
rename to new.go
diff --git "a/\\303\\244.go" "b/\\303\\244.go"
deleted file mode 100644
--- "a/\\303\\244.go"
+++ /dev/null
@@ -1 +0,0 @@
-x
diff --git a/bin b/bin
Binary files a/bin and b/bin differ
"""
    assert list(parse(diff)) == [
        Change("x.go", "x.go", (Hunk(2, 1, 2, 2), Hunk(9, 2, 10, 0))),
        Change("new.go", "old name.go"),
        Change("", "ä.go", (Hunk(1, 1, 1, 0),)),
    ]
