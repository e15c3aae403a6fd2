"""The words of --fault: everything that is meant is understood, everything else is one sentence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadygo.errors import UserError
from steadygo.testing.faults.words import Fault, parse, repeatable


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["db:delay=500ms"], Fault("db", delay=0.5)),
        (["db:delay=1m30s"], Fault("db", delay=90.0)),
        (["cache:jitter=50ms,loss=2%"], Fault("cache", jitter=0.05, loss=0.02)),
        (["cache:jitter=50ms", "cache:loss=0.5%"], Fault("cache", jitter=0.05, loss=0.005)),
        (["db:rate=1Mbit"], Fault("db", rate=125_000.0)),
        (["db:rate=1Mbit/s"], Fault("db", rate=125_000.0)),
        (["db:rate=64kbps"], Fault("db", rate=8_000.0)),
        (["db:rate=200KB/s"], Fault("db", rate=200_000.0)),
        (["db:cut=10KB,cut=5s"], Fault("db", cut_bytes=10_000, cut_seconds=5.0)),
        (["db:cut=4KiB"], Fault("db", cut_bytes=4096)),
        (["db:down"], Fault("db", state="down")),
        (["db: blackhole"], Fault("db", state="blackhole")),
        (["db:loss=100%,seed=7"], Fault("db", loss=1.0, seed=7)),
    ],
)
def test_understands(words: list[str], fault: Fault) -> None:
    assert parse(words) == (fault,)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["db"], "is not understood"),
        (["db:"], "is not understood"),
        ([":delay=1s"], "is not understood"),
        (["db:dealy=1s"], "Did you mean delay?"),
        (["db:delay"], "delay needs a value"),
        (["db:delay=fast"], "is no duration"),
        (["db:delay=-1s"], "is no duration"),
        (["db:delay=48h"], "more than a day"),
        (["db:loss=2"], "is no share"),
        (["db:loss=101%"], "is no share"),
        (["db:rate=0Mbit"], "is no rate"),
        (["db:rate=1"], "is no rate"),
        (["db:cut=10"], "neither a size nor a duration"),
        (["db:down=1"], "takes no value"),
        (["db:down,delay=1s"], "leaves nothing for delay"),
        (["db:down,blackhole"], "twice"),
        (["db:delay=1s", "db:delay=2s"], "given twice for db"),
        (["db:seed=7"], "alone does nothing"),
        (["db:loss=1%,seed=x"], "whole number"),
    ],
)
def test_refuses_with_a_sentence(words: list[str], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence.replace("?", r"\?")):
        parse(words)


@given(st.lists(st.text(alphabet="db:cache,=0123456789msKMGibtB%/ownseedlayr", max_size=30), max_size=3))
def test_never_fails_otherwise(words: list[str]) -> None:
    try:
        parse(words)
    except UserError as error:
        assert "--fault" in str(error)


def test_adds_the_seed_where_lots_are_drawn() -> None:
    assert repeatable(["a:delay=1s", "b:loss=1%", "b:jitter=1s", "c:loss=1%,seed=5"], "0000000f") == (
        "a:delay=1s",
        "b:loss=1%",
        "b:jitter=1s,seed=15",
        "c:loss=1%,seed=5",
    )
    assert parse(repeatable(["b:loss=1%"], "0000000f"))[0].seed == 15
