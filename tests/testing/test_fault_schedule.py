"""Delays, losses and bandwidth by a clock that the test holds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from steadygo.testing.faults.flow import END, RESET, Flow
from steadygo.testing.faults.schedule import Fate, Link
from steadygo.testing.faults.words import Fault


def test_the_same_seed_has_the_same_in_store() -> None:
    fault = Fault("db", delay=1.0, jitter=0.5, loss=0.3)
    one, two, other = (Fate(fault, seed) for seed in ("7/p/db/1", "7/p/db/1", "7/p/db/2"))
    first = [one.next_answer() for _ in range(50)]
    assert first == [two.next_answer() for _ in range(50)] != [other.next_answer() for _ in range(50)]
    assert all(1.0 <= a.delay <= 1.5 for a in first) and len({a.delay for a in first}) > 40


def test_losses_come_as_often_as_was_asked() -> None:
    lost = sum(Fate(Fault("db", loss=0.02), str(n)).next_answer().lost for n in range(10_000))
    assert 150 < lost < 250  # 200 ± 3.6 standard deviations
    assert not any(Fate(Fault("db"), str(n)).next_answer().lost for n in range(1000))
    assert all(Fate(Fault("db", loss=1.0), str(n)).next_answer().lost for n in range(1000))


@given(st.lists(st.tuples(st.floats(0, 0.2), st.integers(1, 5000)), min_size=1, max_size=50), st.integers(100, 10**7))
def test_never_lets_more_through_than_the_rate(gaps: list[tuple[float, int]], rate: int) -> None:
    link, now, sent, began = Link(float(rate)), 0.0, 0, None
    for gap, size in gaps:
        now += gap
        began = now if began is None else began
        sent += size
        assert link.through(now, size) >= began + sent / rate - 1e-6


def test_a_link_that_is_fed_late_loses_nothing_and_one_that_rests_saves_nothing() -> None:
    link = Link(1000.0)
    assert link.through(0.0, 100) == 0.1
    assert abs(link.through(0.12, 100) - 0.2) < 1e-9
    assert abs(link.through(5.0, 100) - 5.1) < 1e-9


@given(
    st.lists(st.tuples(st.floats(0, 5), st.binary(min_size=1, max_size=300)), max_size=20),
    st.sampled_from([0.0, 1000.0]),
    st.integers(1, 400),
)
def test_keeps_every_byte_in_order(chunks: list[tuple[float, bytes]], rate: float, takes: int) -> None:
    flow, got, now = Flow(Link(rate), 1 << 16), bytearray(), 0.0

    def send(data: memoryview) -> int:
        got.extend(data[:takes])
        return len(data[:takes])

    for due, data in chunks:
        flow.put(due, data)
    flow.put(0.0, END)
    mark = None
    while mark is None:
        mark = flow.pump(now, send)
        assert mark is not None or flow.wake_at is not None
        now = flow.wake_at or now
    assert mark is END and bytes(got) == b"".join(data for _, data in chunks)
    assert now >= max((due for due, _ in chunks), default=0.0)
    assert flow.waiting == 0


def test_waits_for_a_reader_that_does_not_read() -> None:
    flow = Flow(Link(0.0), 100)

    def send(_: memoryview) -> int:
        raise BlockingIOError

    flow.put(0.0, b"x" * 100)
    flow.put(0.0, RESET)
    assert flow.pump(1.0, send) is None
    assert flow.blocked and flow.full and flow.wake_at is None
    assert flow.pump(2.0, len) is RESET
    assert not flow.full
