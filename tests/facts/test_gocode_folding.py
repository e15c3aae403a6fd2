"""Constant folding through a repository's own constants."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadygo.facts.gocode import GoCode
from steadygo.facts.modules import GoMod
from steadygo.facts.place import Text
from steadygo.read.go import read

MAIN = b"""package main

import (
	"fmt"
	"net/http"
	tm "time"

	"example.com/a/conf"
)

const prefix = "/api"
const Wait, limit = 10 * tm.Second, 1 << 20
const (
	KB = 1 << (10 * (iota + 1))
	MB
)
const loop = loop + 1

var base = "https://x"
var moving = 1
var pointed = 2
var _ = fmt.Sprint

type Path string

func f(param int) {
	local := 3 * tm.Second
	twice := 1
	twice = 2
	prefix := "/hidden"
	moving = 3
	g(&pointed)
	var typed tm.Duration = 5
	const inner = local
	x, y := 1, "two"
	for i := 0; i < 3; i++ {
		http.Get(prefix)
	}
	func() { z := x; g(z) }()
}
"""
CONF = b'package conf\n\nimport "time"\n\nconst Timeout = 2 * time.Minute\n\nvar Name = "orders"\nvar Set = 1\n\nfunc f() { Set = 2 }\n'


@pytest.fixture(scope="module")
def code() -> GoCode:
    return GoCode([read("main.go", MAIN), read("conf/conf.go", CONF)], [GoMod("go.mod", Text("example.com/a", 1))])


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ('"a\\n\\x41\\u00e9"', "a\nAé"),
        ("`a\\n`", "a\\n"),
        ('prefix + "/x"', "/api/x"),
        ('base + prefix + "/y"', "https://x/api/y"),
        ("conf.Name", "orders"),
        ('fmt.Sprintf("%s:%d%%", conf.Name, 8080)', "orders:8080%"),
        ('fmt.Sprintf("%s/%v", base, unknown)', None),
        ('fmt.Sprintf("%s")', None),
        ("http.MethodGet", "GET"),
        ('Path("/z")', "/z"),
        ('string("q")', "q"),
        ("param", None),
        ("unknown", None),
        ("1", None),
        ('"cut…', None),
        ("", None),
    ],
)
def test_folds_texts(code: GoCode, expression: str, value: str | None) -> None:
    assert code.text(code.files[0], expression) == value


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("1_000 + 0x10*2", 1032),
        ("010", 8),
        ("(1 + 2) * -3", -9),
        ("7 / 2", 3),
        ("-7 / 2", -3),
        ("-7 % 4", -3),
        ("7.0 / 2", 3.5),
        ("1e3", 1000),
        (".5", 0.5),
        ("limit", 1 << 20),
        ("MB", 1 << 20),
        ("2 << 3 | 1", 17),
        ("6 &^ 2", 4),
        ("'a'", 97),
        ("int64(limit) * 2", 1 << 21),
        ("moving", None),
        ("pointed", None),
        ("conf.Set", None),
        ("loop", None),
        ("1 / 0", None),
        ("1 << 100000", None),
        ("10 10", None),
        ("(1", None),
        ('"a" * 2', None),
    ],
)
def test_folds_numbers(code: GoCode, expression: str, value: float | None) -> None:
    assert code.number(code.files[0], expression) == value


@pytest.mark.parametrize(
    ("expression", "seconds"),
    [
        ("10 * tm.Second", 10),
        ("Wait", 10),
        ("conf.Timeout + Wait/2", 125),
        ("tm.Duration(1500) * tm.Millisecond", 1.5),
        ("0", 0),
        ("tm.Until(x)", None),
    ],
)
def test_folds_durations(code: GoCode, expression: str, seconds: float | None) -> None:
    assert code.seconds(code.files[0], expression) == seconds


def test_folds_local_names_where_the_block_is_given(code: GoCode) -> None:
    file = code.files[0]
    block = next(f.block for f in file.functions if f.name == "f")
    closure = next(f.block for f in file.functions if not f.name)
    assert code.seconds(file, "local", block) == 3
    assert code.seconds(file, "inner + tm.Second", block) == 4
    assert code.text(file, "prefix", block) == "/hidden"
    assert code.text(file, "prefix") == "/api"
    assert code.text(file, "y", block) == "two"
    assert code.number(file, "typed", block) == 5
    assert code.number(file, "z", closure) == 1
    assert code.number(file, "twice", block) is None
    assert code.number(file, "param", block) is None
    assert code.number(file, "i", block) is None


@given(st.text(alphabet="ab1.5\"'`()+-*/%<>&|^,\\ …_x", max_size=60))
def test_never_raises(expression: str) -> None:
    code = GoCode([read("main.go", MAIN)], [])
    code.text(code.files[0], expression)
    code.seconds(code.files[0], expression, 1)


def test_bounds_nesting(code: GoCode) -> None:
    assert code.number(code.files[0], "(" * 1500 + "1" + ")" * 1500) is None
    assert code.number(code.files[0], "-" * 3000 + "1") is None
