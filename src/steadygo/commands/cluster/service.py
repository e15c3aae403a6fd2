"""A process that serves until it is told to stop: SIGTERM, Ctrl-C, or the end of its standard input."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import click


def serve(work: Callable[[asyncio.Event], Awaitable[None]], *, until_alone: bool = False) -> None:
    """Run `work` until its event is set. `until_alone`: the end of standard input sets it too."""

    async def main() -> None:
        stopped, loop = asyncio.Event(), asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopped.set)
        if until_alone:
            loop.add_reader(sys.stdin.fileno(), lambda: stopped.set() if not os.read(sys.stdin.fileno(), 1) else None)
        await work(stopped)

    asyncio.run(main())


def say(sentence: str) -> None:
    """A line of the log, with its time in UTC."""
    click.echo(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {sentence}", err=True)
