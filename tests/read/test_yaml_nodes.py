"""YAML trees with places and bounds."""

from __future__ import annotations

import time

from hypothesis import given, settings
from hypothesis import strategies as st

from steadygo.read.yaml_nodes import MAX_DEPTH, MAX_NODES, Node, load


def test_places_count_from_one() -> None:
    node = load(b"a:\n  - b: value\n").first.get("a")
    assert node is not None
    scalar = node.elements()[0].get("b")
    assert scalar is not None
    assert (scalar.line, scalar.column, scalar.text) == (2, 8, "value")
    key = load(b"x: 1\nname: y\n").first.key("name")
    assert key is not None and (key.line, key.column) == (2, 1)


def test_keeps_yaml_1_1_booleans_as_text() -> None:
    first = load(b"on: push\nyes: off\n").first
    assert first.text_at("on") == "push"
    off = first.get("yes")
    assert off is not None and off.text == "off" and off.as_bool is False


def test_null_has_no_text_but_an_empty_string_has() -> None:
    first = load(b"a:\nb: ''\nc: ~\n").first
    assert [node.text for _, node in first.items()] == [None, "", None]


def test_merge_keys_fill_what_is_not_set() -> None:
    first = load(b"base: &b {x: 1, y: 2}\nother: &o {y: 3, z: 4}\nuse:\n  <<: [*b, *o]\n  x: 9\n").first
    use = first.get("use")
    assert use is not None
    assert {name: node.text for name, node in use.named_items()} == {"x": "9", "y": "2", "z": "4"}


def test_last_of_equal_keys_wins_and_is_noted() -> None:
    documents = load(b"a: 1\nb: 2\na: 3\n")
    assert documents.first.text_at("a") == "3"
    assert [gap.line for gap in documents.duplicates] == [3]


def test_keeps_documents_before_and_after_a_broken_one() -> None:
    documents = load(b"a: 1\n---\nb: c: d\n---\ne: 1\n")
    assert [node.named_items()[0][0] for node in documents.documents] == ["a", "e"]
    assert documents.documents[1].line == 5
    assert [gap.line for gap in documents.gaps] == [3]


def test_accepts_unknown_tags() -> None:
    node = load(b"a: !reference [.x, script]\nb: !Ref c\nc: !!binary aGk=\n").first
    reference = node.get("a")
    assert reference is not None and reference.tag == "!reference" and len(reference.elements()) == 2


def test_hostile_nesting_is_refused_quickly() -> None:
    for text in (b"[" * 100_000, b"{a: " * 100_000, b"- " * 100_000, b"? " * 50_000):
        began = time.process_time()
        documents = load(text)
        assert documents.gaps and not documents.documents
        assert time.process_time() - began < 2


def test_alias_bombs_stay_small() -> None:
    lines = [b"a0: &a0 [" + b"x," * 9 + b"x]"]
    lines += [b"a%d: &a%d [" % (n, n) + b",".join([b"*a%d" % (n - 1)] * 10) + b"]" for n in range(1, 30)]
    documents = load(b"\n".join(lines))
    assert any("expands too far" in gap.reason for gap in documents.gaps)
    assert sum(1 for _ in documents.first.leaves()) <= MAX_NODES


def test_alias_chains_keep_to_the_depth() -> None:
    lines = [b"a0: &a0 [x]"] + [b"a%d: &a%d [*a%d]" % (n, n, n - 1) for n in range(1, 1000)]
    documents = load(b"\n".join(lines))

    def depth(node: Node) -> int:
        return 1 + max((depth(child) for child in [*node.elements(), *(value for _, value in node.items())]), default=0)

    assert depth(documents.first) <= MAX_DEPTH + 2


def test_a_cycle_is_cut() -> None:
    documents = load(b"a: &a\n  b: *a\n")
    assert [gap.reason for gap in documents.gaps] == ["YAML: alias *a contains itself"]


def test_reads_json_with_surrogate_pairs_and_tabs() -> None:
    first = load(b'{\n\t"a":"\\ud83d\\ude00",\n\t"b":[1,2.5,true]}').first
    assert first.text_at("a") == "\U0001f600"
    numbers = first.get("b")
    assert numbers is not None
    assert (numbers.elements()[0].as_int, numbers.elements()[1].as_float, numbers.elements()[2].as_bool) == (1, 2.5, True)


def test_bytes_that_are_not_utf_8_are_replaced() -> None:
    assert load(b"a: caf\xe9\nb: 1\n").first.text_at("b") == "1"


def test_block_scalars_say_where_their_text_starts() -> None:
    node = load(b"run: |\n  go build\n").first.get("run")
    assert node is not None and (node.line, node.text_line, node.text) == (1, 2, "go build\n")


@given(st.binary(max_size=200))
@settings(max_examples=300, deadline=None)
def test_never_raises_on_arbitrary_bytes(data: bytes) -> None:
    for document in load(data).documents:
        list(document.leaves())


@given(st.text(alphabet="ab:-&*<{}[],\n '\"|>!?#%@~", max_size=80))
@settings(max_examples=500, deadline=None)
def test_never_raises_on_yaml_like_text(text: str) -> None:
    for document in load(text.encode()).documents:
        list(document.leaves())
