"""Who runs which shard: queued, leased to a worker, settled. Events in, decisions out; no clock, no network of its own.

A lease ends when its worker was silent for too long, when it said no, or when it is known to be gone. The shard is then leased again under
the next attempt's number, and whatever still comes from the old attempt is ignored. Each shard is settled once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

MOST_LOST = 3
"""A shard whose workers were lost that often is not tried again: it may be what kills them. The last time it is alone on its worker: then
no other shard was what killed it."""


@dataclass(frozen=True)
class Lease:
    """Shard `shard` is `worker`'s, under this attempt's number (from 1)."""

    shard: str
    attempt: int
    worker: str


@dataclass
class _Entry:
    lease: Lease | None = None
    attempts: int = 0
    lost: list[str] = field(default_factory=list)
    refusals: dict[str, str] = field(default_factory=dict)
    settled: bool = False

    @property
    def suspect(self) -> bool:
        """Whether one more loss is the last one: it has to run alone."""
        return len(self.lost) >= MOST_LOST - 1


class Ledger:
    """Shards in the order in which they should start. `silence_seconds` after a worker's last sign of life its leases end."""

    def __init__(self, shards: Sequence[str], clock: Callable[[], float], silence_seconds: float) -> None:
        self._entries = {shard: _Entry() for shard in shards}
        self._queue = list(self._entries)
        self._clock = clock
        self._silence_seconds = silence_seconds
        self._heard: dict[str, float] = {}

    def hear(self, worker: str) -> None:
        """A sign of life; the first one makes the worker known."""
        self._heard[worker] = self._clock()

    @property
    def workers(self) -> tuple[str, ...]:
        """Those that are alive as far as is known."""
        return tuple(self._heard)

    def leases(self, worker: str) -> list[Lease]:
        """What a worker has."""
        return [e.lease for e in self._entries.values() if e.lease is not None and e.lease.worker == worker]

    def lease(self, worker: str) -> Lease | None:
        """The next shard for a worker that is known and has not refused it; None when there is none for it."""
        held = [self._entries[lease.shard] for lease in self.leases(worker)]
        if worker not in self._heard or any(e.suspect for e in held):
            return None
        for place, shard in enumerate(self._queue):
            entry = self._entries[shard]
            if worker not in entry.refusals and not (held and entry.suspect):
                del self._queue[place]
                entry.attempts += 1
                entry.lease = Lease(shard, entry.attempts, worker)
                return entry.lease
        return None

    def settle(self, worker: str, shard: str, attempt: int) -> bool:
        """A result came. Whether it counts: only that of the lease that stands does."""
        entry = self._standing(worker, shard, attempt)
        if entry is None:
            return False
        entry.lease, entry.settled = None, True
        return True

    def refuse(self, worker: str, shard: str, attempt: int, why: str) -> bool:
        """The worker will not run it. Whether the lease stood; the shard is then for others."""
        entry = self._standing(worker, shard, attempt)
        if entry is None:
            return False
        entry.refusals[worker] = why
        self._requeue(shard, entry)
        return True

    def exclude(self, worker: str, why: str) -> None:
        """The worker can run none of the shards; those that it has are for others."""
        for shard, entry in self._entries.items():
            if not entry.settled:
                entry.refusals[worker] = why
                if entry.lease is not None and entry.lease.worker == worker:
                    self._requeue(shard, entry)

    def release(self, worker: str, shard: str, attempt: int) -> bool:
        """The worker gave it back before it started. Whether the lease stood."""
        entry = self._standing(worker, shard, attempt)
        if entry is None:
            return False
        self._requeue(shard, entry)
        return True

    def lose(self, worker: str) -> list[Lease]:
        """The worker is gone: its leases, which have ended now."""
        self._heard.pop(worker, None)
        ended = self.leases(worker)
        for lease in reversed(ended):
            entry = self._entries[lease.shard]
            entry.lost.append(worker)
            self._requeue(lease.shard, entry)
        return ended

    def silent(self) -> list[str]:
        """Workers that gave no sign of life for too long."""
        now = self._clock()
        return [w for w, heard in self._heard.items() if now - heard > self._silence_seconds]

    def _standing(self, worker: str, shard: str, attempt: int) -> _Entry | None:
        entry = self._entries.get(shard)
        if entry is None or entry.lease is None or (entry.lease.worker, entry.lease.attempt) != (worker, attempt):
            return None
        return entry

    def _requeue(self, shard: str, entry: _Entry) -> None:
        """To the front: it has waited already."""
        entry.lease = None
        self._queue.insert(0, shard)

    def give_up(self) -> list[tuple[str, str]]:
        """(shard, the end of a sentence) of those that cannot be run by anyone here; they are settled with that."""
        found = []
        for shard in list(self._queue):
            entry = self._entries[shard]
            if len(entry.lost) >= MOST_LOST:
                why = f"it was given to {len(entry.lost)} workers, and each was lost while it had it ({', '.join(entry.lost)})"
            elif self._heard and all(w in entry.refusals for w in self._heard):
                why = "every worker refuses it: " + "; ".join(f"{w}: {entry.refusals[w]}" for w in self._heard)
            else:
                continue
            self._queue.remove(shard)
            entry.settled = True
            found.append((shard, why))
        return found

    @property
    def queued(self) -> int:
        """Shards that wait for a worker."""
        return len(self._queue)

    def stands(self, worker: str, shard: str, attempt: int) -> bool:
        """Whether this attempt's lease is the one that counts."""
        return self._standing(worker, shard, attempt) is not None

    @property
    def open(self) -> list[str]:
        """Shards that are not settled."""
        return [s for s, e in self._entries.items() if not e.settled]
