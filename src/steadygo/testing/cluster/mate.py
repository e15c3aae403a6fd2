"""One worker as the client of a run knows it."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from steadygo.testing.cluster.ledger import Lease
from steadygo.testing.cluster.link import Link
from steadygo.testing.results import Share


class Unreachable(Exception):
    """The scheduler, or the worker behind it, did not answer."""


@dataclass
class Mate:
    """`session` is the worker's name for what it knows of this run; `acknowledged` messages of it have been taken.

    `outgoing` leases are not known to have arrived, `unwanted` attempts are to be dropped. `parts` of results by (shard, attempt, whether
    it is a profile). `running`, `compiling`, `busy`, `started` and `free` are what it said last. `shown`: how often each (shard, test) got
    a verdict here. `excluded`: it takes no part in this run.
    """

    name: str
    address: str
    slots: int
    free: int
    session: str = ""
    greeted: bool = False
    acknowledged: int = 0
    outgoing: list[Lease] = field(default_factory=list)
    unwanted: list[tuple[str, int]] = field(default_factory=list)
    parts: dict[tuple[str, int, bool], bytearray] = field(default_factory=lambda: defaultdict(bytearray))
    running: list[tuple[str, str, float]] = field(default_factory=list)
    compiling: int = 0
    busy: bool = False
    started: set[tuple[str, int]] = field(default_factory=set)
    over: bool = False
    shown: Counter[tuple[str, str]] = field(default_factory=Counter)
    link: Link | None = None
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None
    excluded: bool = False

    def ended(self, shard: str, attempt: int) -> None:
        """Its process is gone, which the worker may not have known when it said what it had."""
        if (shard, attempt) in self.started:
            self.started.remove((shard, attempt))
            self.free += 1


def share(mate: Mate, attempt: int, tests: int, seconds: float) -> Share:
    """What the worker did, with the link to it."""
    link = mate.link
    if link is None:
        return Share(mate.name, attempt, tests, round(seconds, 3))
    rates = [r for r in (link.up_bits_per_second, link.down_bits_per_second) if r is not None]
    slowest = round(min(rates) / 8e6, 2) if rates else None
    return Share(
        mate.name, attempt, tests, round(seconds, 3), round(link.median_seconds * 1e3, 2), slowest, round(link.lost / link.pings, 3)
    )
