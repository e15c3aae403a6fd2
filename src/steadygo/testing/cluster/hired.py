"""Workers of this machine for one run: a scheduler in this process, worker processes, and keys that nobody keeps."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable

from distributed.security import Security

from steadygo.testing.cluster.scheduler import scheduling
from steadygo.tools.background import Background


@contextlib.asynccontextmanager
async def meeting(security: Security, start: Callable[[str, int], Background], workers: int) -> AsyncIterator[str]:
    """A scheduler on loopback and so many workers; `start` starts one, given the scheduler's address and the worker's number."""
    async with scheduling("127.0.0.1", 0, security) as address:
        started = [start(address, number) for number in range(1, workers + 1)]
        try:
            yield address
        finally:
            for one in started:
                one.end()
            for one in started:
                one.wait()
