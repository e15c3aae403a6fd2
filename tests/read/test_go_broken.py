"""The Go reader on text that is not Go: nothing raises, time is bounded, what stands before the fault is read."""

from __future__ import annotations

import time

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steadygo.facts.go import GoFile
from steadygo.read.go import read

# fmt: off
PIECES = (
    "package main\n", 'import "net/http"\n', "func f(a int) (x, y error) {\n", "}\n", "{", "(", ")",
    "if x := g(); x != nil {\n", "else ", "for {\n", "for i := range c {\n", "select {\n", "case <-c:\n", "default:\n",
    "switch x.(type) {\n", "go ", "defer ", "func() {}()", "x.y(z)", "a, b := ", "&http.Server{A: 1}", "<-", "c <- 1\n",
    "return ", "\n", ";", "`", '"', "'", "/*", "//go:x\n", "const (\n\tA = iota\n\tB\n)\n", "type T struct {\n",
    "type I interface {\n", "[]int{", "map[string]int", "é", "\u0000", ", ", ".", "x++\n", "L:\n", "break L\n", "new(1 + 2)",
    "[int]", "\\", "…",
)
# fmt: on


def check(data: bytes) -> GoFile:
    found = read("a/b.go", data)
    for facts in (
        found.calls,
        found.blocks,
        found.functions,
        found.composites,
        found.channels,
        found.jumps,
        found.assignments,
        found.comparisons,
    ):
        for fact in facts:
            assert 1 <= fact.line <= data.count(b"\n") + 1
            assert fact.column >= 1
    for index, block in enumerate(found.blocks):
        assert block.parent < index
        assert block.line <= block.end_line
    for fact in (*found.calls, *found.jumps, *found.functions):
        assert 0 <= fact.block < len(found.blocks)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(found), type=GoFile) == found
    return found


@given(st.binary(max_size=300))
def test_never_raises_on_bytes(data: bytes) -> None:
    check(data)


@settings(max_examples=300)
@given(st.lists(st.sampled_from(PIECES), max_size=60))
def test_never_raises_on_pieces_of_go(pieces: list[str]) -> None:
    check("".join(pieces).encode())


@given(st.integers(0, 400), st.integers(0, 60), st.binary(max_size=3))
def test_never_raises_on_mutated_go(at: int, length: int, put: bytes) -> None:
    whole = "".join(PIECES[:3] + ("\tx := &http.Server{A: 1}\n\tgo func() { x.Close(1, f(2)) }()\n\treturn nil, g()\n}\n",) * 3).encode()
    check(whole[:at] + put + whole[at + length :])


def test_reads_what_stands_before_a_cut() -> None:
    found = check(
        b'package a\n\nimport "net/http"\n\nfunc f() {\n\thttp.Get("x")\n}\n\nfunc g() {\n\thttp.Post("y", "z", nil)\n\tif x {\n\t\thttp.He'
    )
    assert found.gaps
    assert [c.name for c in found.calls] == ["net/http.Get", "net/http.Post"]
    assert "f" in [f.name for f in found.functions]


def test_says_that_bytes_were_not_utf8() -> None:
    found = check(b'package a\n\nfunc f() { g("\xff\xfe") }\n')
    assert [(g.line, "UTF-8" in g.reason) for g in found.gaps] == [(3, True)]
    assert [c.name for c in found.calls] == ["g"]


def test_a_long_sum_of_strings_is_no_gap() -> None:
    assert check(b"package a\n\nvar x = " + b'"y" + ' * 900 + b'"z"\n').gaps == ()


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        b"var x = " + b"(" * 100_000 + b"1" + b")" * 100_000,
        b"func f() " + b"{" * 100_000 + b"}" * 100_000,
        b"func f() {" + b"if x {" * 100_000 + b"}" * 100_000 + b"}",
        b"var x = " + b"f(" * 100_000 + b")" * 100_000,
        b"var x = a" + b".f()" * 100_000,
        b"var x = 1" + b" - 1" * 100_000,
        b"var x " + b"*" * 100_000 + b"int",
        b"var x = " + b"(" * 100_000,
        b"func f() " + b"{" * 100_000,
        b"var x " + b"[]" * 100_000 + b"int",
        b"func f() {" + b"if x {} else " * 100_000 + b"{} }",
        b"func f() {" + b"x(func() {" * 100_000,
        b"var x = []int{" + b"1," * 100_000 + b"}",
        b"func f() {" + b"x(1)\n" * 30_000,
    ],
    ids=lambda text: text[:12].decode(),
)
def test_reads_hostile_nesting_in_bounded_time(text: bytes) -> None:
    began = time.process_time()
    read("a.go", b"package a\n\n" + text + b"\n")
    assert time.process_time() - began < 10
