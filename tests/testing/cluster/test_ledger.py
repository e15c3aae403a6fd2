"""Under any order of events nothing is lost and nothing is counted twice."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from steadygo.testing.cluster.ledger import MOST_LOST, Lease, Ledger

SHARDS = [f"s{n}" for n in range(5)]
WORKERS = ["w1", "w2", "w3"]
SILENCE = 30.0


class Runs(RuleBasedStateMachine):
    """A client with three workers that answer, refuse, fall silent and come back as they like; `answers` may come late, or twice."""

    answers = Bundle("answers")

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.ledger = Ledger(SHARDS, lambda: self.now, SILENCE)
        self.standing: dict[str, Lease] = {}
        self.counted: list[str] = []

    @rule(worker=st.sampled_from(WORKERS))
    def speaks(self, worker: str) -> None:
        self.ledger.hear(worker)

    @rule(target=answers, worker=st.sampled_from(WORKERS))
    def takes(self, worker: str) -> Lease | None:
        lease = self.ledger.lease(worker)
        if lease is not None:
            assert lease.shard not in self.standing and lease.shard not in self.counted
            self.standing[lease.shard] = lease
        return lease

    @rule(lease=answers)
    def answers_maybe_again(self, lease: Lease | None) -> None:
        if lease is None:
            return
        counts = self.ledger.settle(lease.worker, lease.shard, lease.attempt)
        assert counts == (self.standing.get(lease.shard) == lease)
        if counts:
            del self.standing[lease.shard]
            self.counted.append(lease.shard)

    @rule(lease=consumes(answers))
    def refuses(self, lease: Lease | None) -> None:
        if lease is None:
            return
        stood = self.ledger.refuse(lease.worker, lease.shard, lease.attempt, "no")
        assert stood == (self.standing.get(lease.shard) == lease)
        if stood:
            del self.standing[lease.shard]

    @rule(lease=answers)
    def gives_back(self, lease: Lease | None) -> None:
        if lease is None:
            return
        stood = self.ledger.release(lease.worker, lease.shard, lease.attempt)
        assert stood == (self.standing.get(lease.shard) == lease)
        if stood:
            del self.standing[lease.shard]

    @rule(worker=st.sampled_from(WORKERS))
    def dies(self, worker: str) -> None:
        self._lost(worker)

    @rule(seconds=st.floats(0, 40))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        for worker in self.ledger.silent():
            self._lost(worker)

    def _lost(self, worker: str) -> None:
        ended = self.ledger.lose(worker)
        assert {e.shard for e in ended} == {s for s, lease in self.standing.items() if lease.worker == worker}
        for lease in ended:
            del self.standing[lease.shard]

    @rule()
    def gives_up(self) -> None:
        for shard, why in self.ledger.give_up():
            assert why
            self.counted.append(shard)

    @invariant()
    def nothing_is_lost_or_counted_twice(self) -> None:
        assert len(set(self.counted)) == len(self.counted)
        assert sorted(self.ledger.open) == sorted(set(SHARDS) - set(self.counted))
        assert self.ledger.queued == len(SHARDS) - len(self.counted) - len(self.standing)

    def teardown(self) -> None:
        """Whatever happened before: a worker that does what it is asked brings the run to its end."""
        for worker in WORKERS:
            self.ledger.lose(worker)
        self.ledger.hear("good")
        while (lease := self.ledger.lease("good")) is not None:
            assert self.ledger.settle("good", lease.shard, lease.attempt)
        assert self.ledger.open == []


Runs.TestCase.settings = settings(max_examples=200, stateful_step_count=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
TestRuns = Runs.TestCase


def test_a_worker_is_silent_after_three_missed_heartbeats() -> None:
    now = [0.0]
    ledger = Ledger(["a"], lambda: now[0], SILENCE)
    ledger.hear("w")
    now[0] = 30.0
    assert ledger.silent() == []
    now[0] = 30.1
    assert ledger.silent() == ["w"]


def test_gives_up_on_a_shard_that_costs_every_worker_its_life() -> None:
    ledger = Ledger(["a"], lambda: 0.0, SILENCE)
    for number in range(MOST_LOST):
        assert ledger.give_up() == []
        ledger.hear(f"w{number}")
        assert ledger.lease(f"w{number}") is not None
        ledger.lose(f"w{number}")
    [(shard, why)] = ledger.give_up()
    assert shard == "a"
    assert why == "it was given to 3 workers, and each was lost while it had it (w0, w1, w2)"


def test_gives_up_when_all_workers_refuse_and_says_each_reason() -> None:
    ledger = Ledger(["a"], lambda: 0.0, SILENCE)
    ledger.hear("w1")
    ledger.hear("w2")
    for worker in ("w1", "w2"):
        lease = ledger.lease(worker)
        assert lease is not None
        ledger.refuse(worker, "a", lease.attempt, f"{worker} has another Go")
        assert (ledger.give_up() != []) == (worker == "w2")
    assert ledger.open == []


def test_a_shard_that_was_refused_does_not_come_back_to_the_same_worker() -> None:
    ledger = Ledger(["a", "b"], lambda: 0.0, SILENCE)
    ledger.hear("w")
    first = ledger.lease("w")
    assert first is not None
    ledger.refuse("w", first.shard, first.attempt, "no")
    second = ledger.lease("w")
    assert second is not None and second.shard != first.shard
    assert ledger.lease("w") is None


def test_a_shard_that_kills_its_workers_does_not_fail_those_that_waited_with_it() -> None:
    ledger = Ledger(["poison", "a", "b"], lambda: 0.0, SILENCE)
    settled: list[str] = []
    for number in range(20):
        if not ledger.open:
            break
        worker = f"w{number}"
        ledger.hear(worker)
        while ledger.lease(worker) is not None:
            pass
        if "poison" in {held.shard for held in ledger.leases(worker)}:
            ledger.lose(worker)
        else:
            for held in ledger.leases(worker):
                assert ledger.settle(worker, held.shard, held.attempt)
                settled.append(held.shard)
        assert [shard for shard, _ in ledger.give_up()] in ([], ["poison"])
    assert sorted(settled) == ["a", "b"]
    assert ledger.open == []


def test_what_an_excluded_worker_has_goes_to_others() -> None:
    ledger = Ledger(["a"], lambda: 0.0, SILENCE)
    ledger.hear("w1")
    ledger.hear("w2")
    assert ledger.lease("w1") is not None
    ledger.exclude("w1", "no")
    assert ledger.lease("w1") is None
    assert ledger.lease("w2") is not None
