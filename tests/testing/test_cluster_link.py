"""The measured way to a worker."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from steadygo.testing.cluster import link
from steadygo.testing.cluster.link import Link, measure


def test_a_real_connection_is_measured() -> None:
    async def main() -> Link:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while head := await reader.read(16):
                size, back = int(head[:8], 16), int(head[8:], 16)
                await reader.readexactly(size)
                await asyncio.sleep(0.005)
                writer.write(bytes(back) + b".")
                await writer.drain()
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=8 << 20)
        async with server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())

            async def echo(data: bytes, back: int) -> bytes:
                writer.write(f"{len(data):08x}{back:08x}".encode() + data)
                return (await reader.readexactly(back + 1))[:-1]

            found = await measure(echo, transfer_bytes=1 << 20)
            writer.close()
            return found

    found = asyncio.run(main())
    assert (found.pings, found.lost) == (50, 0)
    assert found.median_seconds >= 0.005
    assert found.up_bits_per_second and found.up_bits_per_second > 1e6
    assert found.down_bits_per_second and found.down_bits_per_second > 1e6


def test_unanswered_pings_count_as_lost_and_a_dead_way_ends_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link, "_PING_SECONDS", 0.01)
    asked = itertools.count()

    async def lossy(data: bytes, back: int) -> bytes:
        if next(asked) % 5 == 0:
            raise ConnectionResetError
        return bytes(back)

    async def dead(data: bytes, back: int) -> bytes:
        await asyncio.sleep(3600)
        return b""

    found = asyncio.run(measure(lossy))
    assert (found.pings, found.lost) == (50, 10)
    assert asyncio.run(measure(dead)) == Link(5, 5)


def test_a_transfer_that_comes_back_short_says_nothing_of_bandwidth() -> None:
    async def short(data: bytes, back: int) -> bytes:
        return b""

    found = asyncio.run(measure(short))
    assert found.up_bits_per_second is not None and found.down_bits_per_second is None
