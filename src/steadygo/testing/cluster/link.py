"""How good the way to a worker is: round trips, what was lost, bandwidth; measured with the messages that the cluster itself uses."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import msgspec

PINGS = 50
TRANSFER_BYTES = 4 << 20
_PING_SECONDS = 1.0
_TRANSFER_SECONDS = 10.0

Echo = Callable[[bytes, int], Awaitable[bytes]]
"""Send bytes and get so many back. Raises OSError or TimeoutError when no answer comes."""


class Link(msgspec.Struct, frozen=True):
    """One worker's way: the median round trip of the pings that were answered, bits a second to and from the worker. `lost`: no answer."""

    pings: int
    lost: int
    median_seconds: float = 0.0
    up_bits_per_second: float | None = None
    down_bits_per_second: float | None = None


async def measure(echo: Echo, pings: int = PINGS, transfer_bytes: int = TRANSFER_BYTES) -> Link:
    """Measure; never raises for a bad link. Takes at most a second for each lost ping, and gives up after five of them in a row."""
    answered: list[float] = []
    sent = in_a_row = 0
    while sent < pings and in_a_row < 5:
        sent += 1
        started = time.perf_counter()
        try:
            await asyncio.wait_for(echo(b"", 0), _PING_SECONDS)
        except (OSError, TimeoutError):
            in_a_row += 1
            continue
        in_a_row = 0
        answered.append(time.perf_counter() - started)
    if not answered:
        return Link(sent, sent)
    answered.sort()
    round_trip = answered[len(answered) // 2]

    async def rate(data: bytes, back: int) -> float | None:
        started = time.perf_counter()
        try:
            got = await asyncio.wait_for(echo(data, back), _TRANSFER_SECONDS)
        except (OSError, TimeoutError):
            return None
        if len(got) != back:
            return None
        return 8 * (len(data) + back) / max(time.perf_counter() - started - round_trip, 1e-6)

    up, down = await rate(bytes(transfer_bytes), 0), await rate(b"", transfer_bytes)
    return Link(sent, sent - len(answered), round_trip, up, down)
