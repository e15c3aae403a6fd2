"""Workers of this machine for one run: a scheduler in this process, worker processes, and keys that nobody keeps."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable

from distributed.security import Security

from steadygo.testing.cluster.looking import Meeting
from steadygo.testing.cluster.scheduler import scheduling
from steadygo.tools.background import Background


@contextlib.asynccontextmanager
async def meeting(security: Security, start: Callable[[str, str], Background], workers: int) -> AsyncIterator[Meeting]:
    """A scheduler on loopback and so many workers; `start` starts one, given the scheduler's address and the worker's name."""
    async with scheduling("127.0.0.1", 0, security) as address:
        started: dict[str, Background] = {}
        try:
            for name in (f"local-{number}" for number in range(1, workers + 1)):
                started[name] = start(address, name)
            yield Meeting(address, {name: process.ended for name, process in started.items()})
        finally:
            for process in started.values():
                process.end()
            for process in started.values():
                process.wait()
