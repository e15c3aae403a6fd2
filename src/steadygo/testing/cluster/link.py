"""How good the way to a worker is: round trips, what was lost, bandwidth; measured with the messages that the cluster itself uses."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Awaitable, Callable
from math import ceil

import msgspec

PINGS = 50
TRANSFER_BYTES = 4 << 20
_PING_SECONDS = 1.0
_TRANSFER_SECONDS = 10.0
_RETRANSMITTED = struct.Struct("<100xI")  # tcpi_total_retrans of Linux's struct tcp_info

Echo = Callable[[bytes, int], Awaitable[bytes]]
"""Send bytes and get so many back. Raises OSError or TimeoutError when no answer comes."""


class Link(msgspec.Struct, frozen=True):
    """One worker's way. Seconds of round trips that were answered (all zero when none was), bits a second to and from the worker.

    `lost`: pings without an answer. `retransmitted`: TCP segments sent again meanwhile, None where the kernel was not asked.
    """

    worker: str
    pings: int
    lost: int
    median_seconds: float = 0.0
    p99_seconds: float = 0.0
    slowest_seconds: float = 0.0
    up_bits_per_second: float | None = None
    down_bits_per_second: float | None = None
    retransmitted: int | None = None

    @property
    def sentence(self) -> str:
        """`worker b: 0.4 ms, 940 Mbit/s, 0 of 50 lost`"""
        if self.lost == self.pings:
            return f"worker {self.worker}: no answer, {self.lost} of {self.pings} lost"
        found = f"worker {self.worker}: {spoken_seconds(self.median_seconds)} (99 %: {spoken_seconds(self.p99_seconds)})"
        rates = [r for r in (self.up_bits_per_second, self.down_bits_per_second) if r is not None]
        found += f", {spoken_rate(min(rates))}" if rates else ", bandwidth not known"
        found += f", {self.lost} of {self.pings} lost"
        return found + (f", {self.retransmitted} segments sent again" if self.retransmitted else "")


async def measure(worker: str, echo: Echo, pings: int = PINGS, transfer_bytes: int = TRANSFER_BYTES) -> Link:
    """Measure; never raises for a bad link. Takes at most a second for each lost ping, and gives up after five of them in a row."""
    import asyncio

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
        return Link(worker, sent, sent)
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
    p99 = answered[min(len(answered) - 1, ceil(0.99 * len(answered)) - 1)]
    return Link(worker, sent, sent - len(answered), round_trip, p99, answered[-1], up, down)


def retransmitted(connection: socket.socket) -> int | None:
    """TCP segments that this end has sent again on a connection; None where the kernel does not say (not TCP, not Linux)."""
    try:
        return int(_RETRANSMITTED.unpack_from(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256))[0])
    except (OSError, struct.error, AttributeError):
        return None


def spoken_seconds(seconds: float) -> str:
    """`0.4 ms`, `34 ms`, `1.2 s`"""
    if seconds >= 1:
        return f"{seconds:.1f} s"
    return f"{seconds * 1e3:.0f} ms" if seconds >= 0.01 else f"{seconds * 1e3:.1f} ms"


def spoken_rate(bits: float) -> str:
    """`940 Mbit/s`, `9.4 Gbit/s`"""
    for unit, size in (("Gbit/s", 1e9), ("Mbit/s", 1e6), ("kbit/s", 1e3)):
        if bits >= size:
            return f"{bits / size:.1f} {unit}" if bits < 10 * size else f"{bits / size:.0f} {unit}"
    return f"{bits:.0f} bit/s"
