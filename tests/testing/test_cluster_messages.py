"""What a worker sends is somebody else's: whatever it is, it is read or it cannot be read, and nothing else happens."""

from __future__ import annotations

import msgspec
import pytest

from steadygo.testing.cluster import messages
from steadygo.testing.cluster.messages import Piece, Refusal
from steadygo.testing.results import Outcome, Package

PIECE = Piece("shard", 1, "example.com/a", "a", ("TestA",))
NO_TEXT = msgspec.msgpack.encode("sharp").replace(b"ar", b"\xff\xfe")


@pytest.mark.parametrize("worse", [b"", b"\xc1", NO_TEXT], ids=["nothing", "no msgpack", "no text"])
def test_what_cannot_be_read_is_told_in_one_way(worse: bytes) -> None:
    refusal = messages.encode(Refusal("shard", 1, "WHY"))
    result = msgspec.msgpack.encode(Package("example.com/a", Outcome.PASSED, why="WHY"))
    why = msgspec.msgpack.encode("WHY")
    for sent in (worse, refusal.replace(why, worse)):
        with pytest.raises(msgspec.DecodeError):
            messages.decode(sent)
    for sent in (worse, result.replace(why, worse)):
        with pytest.raises(msgspec.DecodeError):
            messages.whole(sent, "example.com/a")


def test_a_result_comes_back_whole_out_of_its_parts() -> None:
    package = Package("example.com/a", Outcome.PASSED, output="é" * (1 << 20))
    chunks = list(messages.chunks(PIECE, package, b"mode: set\n"))
    assert [(c.profile, c.last) for c in chunks] == [(True, True), (False, False), (False, False), (False, True)]
    assert messages.whole(b"".join(c.data for c in chunks if not c.profile), "example.com/a") == package
    with pytest.raises(msgspec.DecodeError, match=r"example\.com/b"):
        messages.whole(b"".join(c.data for c in chunks if not c.profile), "example.com/b")


def test_what_is_nested_without_end_cannot_be_read() -> None:
    refusal = messages.encode(Refusal("shard", 1, "WHY"))
    deep = b"\x85" + refusal[1:] + msgspec.msgpack.encode("more") + b"\x91" * 100_000
    with pytest.raises(msgspec.DecodeError, match="recursion"):
        messages.decode(deep)
