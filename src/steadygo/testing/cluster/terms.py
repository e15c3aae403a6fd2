"""What a run on workers is held to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from distributed.security import Security

from steadygo.testing.cluster.delivering import Ask
from steadygo.testing.cluster.shards import Shard


@dataclass(frozen=True)
class Terms:
    """How a run talks. `sign` makes the assignment of a shard for a worker, `deliver` sends it what the tests need, and the link to it is
    measured then; None: it has that already.

    A worker is lost after three times `heartbeat_seconds` of silence. Without any worker, or without the scheduler, for
    `patience_seconds` the run ends.
    """

    run: str
    security: Security
    sign: Callable[[Shard, int, str], bytes]
    deliver: Callable[[Ask], Awaitable[object]] | None = None
    heartbeat_seconds: float = 10.0
    patience_seconds: float = 30.0

    @property
    def silence_seconds(self) -> float:
        return 3 * self.heartbeat_seconds
