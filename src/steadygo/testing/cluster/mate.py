"""One worker as the client of a run knows it."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from steadygo.testing.cluster.ledger import Lease


@dataclass
class Mate:
    """`session` is the worker's name for what it knows of this run; `acknowledged` messages of it have been taken.

    `outgoing` leases are not known to have arrived, `unwanted` attempts are to be dropped. `parts` of results by (shard, attempt, whether
    it is a profile). `running`, `compiling` and `busy` are what it said last. `shown`: how often each (shard, test) got a verdict here.
    """

    name: str
    address: str
    slots: int
    session: str = ""
    greeted: bool = False
    acknowledged: int = 0
    outgoing: list[Lease] = field(default_factory=list)
    unwanted: list[tuple[str, int]] = field(default_factory=list)
    parts: dict[tuple[str, int, bool], bytearray] = field(default_factory=lambda: defaultdict(bytearray))
    running: list[tuple[str, str, float]] = field(default_factory=list)
    compiling: int = 0
    busy: bool = False
    over: bool = False
    shown: Counter[tuple[str, str]] = field(default_factory=Counter)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None
