"""The scheduler of a cluster: a Dask scheduler that knows the workers and passes messages on. It runs no tasks and opens no pages."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import distributed
from distributed.security import Security

from steadygo.errors import UserError
from steadygo.testing.cluster.transport import SCHEDULER_ANSWERS, answering
from steadygo.tools import guard


class _Scheduler(distributed.Scheduler):
    def start_http_server(self, *_: Any, **__: Any) -> None:
        """There is none: it would be plain TCP."""


@contextlib.asynccontextmanager
async def scheduling(host: str, port: int, security: Security) -> AsyncIterator[str]:
    """A scheduler in this event loop; gives its address. Raises UserError when the port cannot be had."""
    with guard.scratch("steadygo-scheduler-") as scratch:
        scheduler = _Scheduler(host=host, port=port, protocol="tls", security=security, dashboard=False, local_directory=str(scratch))
        scheduler.handlers = {name: answering(scheduler.handlers[name], *roles) for name, roles in SCHEDULER_ANSWERS.items()}
        try:
            await scheduler
        except (OSError, RuntimeError) as error:  # Dask puts its own error around that of the socket
            await scheduler.close()
            cause = error if isinstance(error, OSError) else error.__cause__
            if not isinstance(cause, OSError):
                raise
            raise UserError(f"{host}:{port} cannot be listened on: {cause.strerror or cause}.", "Give another --host or --port.") from None
        try:
            yield scheduler.address
        finally:
            await scheduler.close(reason="stopped")


async def serve(host: str, port: int, security: Security, ready: Callable[[str], None], stopped: asyncio.Event) -> None:
    """Schedule until `stopped`. `ready` gets the address."""
    async with scheduling(host, port, security) as address:
        ready(address)
        await stopped.wait()
