"""The measured way to a worker."""

from __future__ import annotations

import asyncio
import itertools
import socket

import pytest

from steadygo.testing.cluster import link
from steadygo.testing.cluster.link import Link, measure, retransmitted


def test_a_real_connection_is_measured() -> None:
    async def main() -> tuple[Link, int | None]:
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

            found = await measure("b", echo, transfer_bytes=1 << 20)
            again = retransmitted(writer.get_extra_info("socket"))
            writer.close()
            return found, again

    found, again = asyncio.run(main())
    assert (found.pings, found.lost, again) == (50, 0, 0)
    assert 0.005 <= found.median_seconds <= found.p99_seconds <= found.slowest_seconds < 1
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

    found = asyncio.run(measure("b", lossy))
    assert (found.pings, found.lost) == (50, 10)
    assert found.sentence.endswith(", 10 of 50 lost")
    assert asyncio.run(measure("c", dead)) == Link("c", 5, 5)


def test_a_transfer_that_comes_back_short_says_nothing_of_bandwidth() -> None:
    async def short(data: bytes, back: int) -> bytes:
        return b""

    found = asyncio.run(measure("b", short))
    assert found.up_bits_per_second is not None and found.down_bits_per_second is None


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (Link("b", 50, 0, 0.00041, 0.0009, 0.001, 9.9e8, 9.4e8), "worker b: 0.4 ms (99 %: 0.9 ms), 940 Mbit/s, 0 of 50 lost"),
        (
            Link("b", 50, 1, 0.034, 1.24, 2, 9.44e9, None, 3),
            "worker b: 34 ms (99 %: 1.2 s), 9.4 Gbit/s, 1 of 50 lost, 3 segments sent again",
        ),
        (Link("b", 50, 0, 0.01, 0.01, 0.01), "worker b: 10 ms (99 %: 10 ms), bandwidth not known, 0 of 50 lost"),
        (Link("b", 5, 5), "worker b: no answer, 5 of 5 lost"),
    ],
)
def test_what_is_said_about_a_link(found: Link, sentence: str) -> None:
    assert found.sentence == sentence


def test_what_is_no_tcp_connection_has_no_segments() -> None:
    one, two = socket.socketpair()
    with one, two:
        assert retransmitted(one) is None
