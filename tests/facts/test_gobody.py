"""What stands inside a block, and how loops are left."""

from __future__ import annotations

import pytest

from steadygo.facts.go import GoFile
from steadygo.facts.gobody import Body
from steadygo.read.go import read


def loop_of(text: str) -> tuple[Body, int]:
    file: GoFile = read("a.go", f"package a\n\nfunc f(c chan int) {{\n{text}\n}}\n".encode())
    view = Body(file)
    return view, view.blocks(0, "for", "range")[0]


@pytest.mark.parametrize(
    "text",
    [
        "for { if x() { return } }",
        "for { if x() { break } }",
        "outer:\nfor { select { case <-c: break outer } }",
        "for { os.Exit(1) }",
        "for { log.Fatalf(s) }",
        "for { mustWork() }",
        "for { select { case <-c: panic(1) } }",
        "for { goto end }\nend:",
    ],
)
def test_sees_how_a_loop_is_left(text: str) -> None:
    view, loop = loop_of(text)
    assert view.leaves(loop)


@pytest.mark.parametrize(
    "text",
    [
        "for { select { case <-c: break } }",
        "for { switch { case x(): break } }",
        "for { for { break } }",
        "for { func() { return }() }",
        "for { muster() }",
    ],
)
def test_knows_what_stays_inside_a_loop(text: str) -> None:
    view, loop = loop_of(text)
    assert not view.leaves(loop)


def test_facts_of_a_block_are_in_the_order_of_the_text() -> None:
    file = read("a.go", b"package a\n\nfunc f() {\n\tone()\n\tif x { two() }\n\tfunc() { three() }()\n\tfour()\n}\n")
    view = Body(file)
    function = file.functions[0].block
    assert [c.name for c in view.calls(function) if c.name] == ["one", "two", "three", "four"]
    assert [c.name for c in view.calls(function, own=True) if c.name] == ["one", "two", "four"]
