"""When what passes: delays, losses and a link's bandwidth, computed from a seed and the times that are handed in. No clock, no socket."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from steadygo.testing.faults.words import Fault

_PIECE_SECONDS = 0.01  # a link hands on what fits into this time
_LATE_SECONDS = 0.05  # a link that was free no longer than this has lost no time: who feeds it may be late


@dataclass
class Link:
    """One direction of a line with a bandwidth, shared by its connections; `rate` is bytes a second, 0 for no limit."""

    rate: float
    _free: float = float("-inf")

    def piece(self, waiting: int) -> int:
        """How many of the waiting bytes go as one piece, at least one."""
        return min(waiting, max(1, int(self.rate * _PIECE_SECONDS))) if self.rate else waiting

    def through(self, now: float, size: int) -> float:
        """When the last of `size` bytes is through."""
        if not self.rate:
            return now
        late = now - self._free < _LATE_SECONDS
        self._free = (self._free if late else now) + size / self.rate
        return self._free


@dataclass(frozen=True)
class Answer:
    """What happens to one answer of the dependency: the seconds that it waits, and whether the connection is reset in its stead."""

    delay: float
    lost: bool


@dataclass
class Fate:
    """What the seed has in store for one connection. The n-th answer of the n-th connection is always treated alike."""

    fault: Fault
    seed: str
    _draws: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._draws = random.Random(self.seed)  # seeded by SHA-512 of the text: the same everywhere

    def next_answer(self) -> Answer:
        """The next answer: what the dependency sends after it was sent something, or first of all."""
        lot, more = self._draws.random(), self._draws.random()
        return Answer(self.fault.delay + self.fault.jitter * more, lot < self.fault.loss)
