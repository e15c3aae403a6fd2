"""Which breakpoints code and tests name."""

from __future__ import annotations

import pytest

from steadygo.facts import breakpoints
from steadygo.facts.gocode import GoCode
from steadygo.read import go


def code(**files: str) -> GoCode:
    return GoCode([go.read(f"store/{name}.go", text.encode()) for name, text in files.items()], [])


def test_a_comment_names_one_and_leading_zeros_do_not_count() -> None:
    found = breakpoints.in_code(code(store="package store\n\n// BP-07: an order without its event.\nfunc Create() {}\n"))
    assert [(name, places[0][0], places[0][1].line) for name, places in found.items()] == [("BP-7", "BP-07", 3)]
    assert breakpoints.named("BP-07, BP-012") == ["BP-7", "BP-12"]


@pytest.mark.parametrize(
    "body",
    [
        "func TestBP12Once(t *testing.T) {}",
        "func TestBP_12(t *testing.T) {}",
        'func TestAll(t *testing.T) { t.Run("BP-12 once", one) }',
        "// BP-12\nfunc TestOne(t *testing.T) {}",
    ],
)
def test_a_test_names_one_by_function_subtest_or_comment(body: str) -> None:
    found = breakpoints.in_tests(code(store_test=f'package store\n\nimport "testing"\n\n{body}\n'))
    assert list(found) == ["BP-12"]


def test_other_words_name_none() -> None:
    text = 'package store\n\nimport "testing"\n\n// ABP-12 and BP-x\nfunc TestBPM(t *testing.T) { t.Log("bpm 120") }\n'
    assert breakpoints.in_tests(code(store_test=text)) == {}
    assert breakpoints.in_code(code(store_test=text)) == {}
