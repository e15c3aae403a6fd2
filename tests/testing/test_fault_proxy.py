"""The proxy on real sockets."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Iterator

import pytest

from steadygo.testing.faults.addresses import Address
from steadygo.testing.faults.proxy import Proxy, resolve
from steadygo.testing.faults.words import parse

Told = list[tuple[str, int, str, str]]


def serve(answer: object, host: str = "127.0.0.1") -> tuple[socket.socket, Address]:
    """A server that calls `answer` with each connection in a thread."""
    listener = socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=4096)

    def take() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=guarded, args=(connection,), daemon=True).start()

    def guarded(connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            answer(connection)  # type: ignore[operator]

    threading.Thread(target=take, daemon=True).start()
    return listener, Address(*listener.getsockname()[:2])


def echo(connection: socket.socket) -> None:
    while data := connection.recv(65536):
        connection.sendall(data)


@contextlib.contextmanager
def proxied(words: str, to: Address) -> Iterator[tuple[Address, Told, Proxy]]:
    told: Told = []
    proxy = Proxy(lambda dependency, number, what, detail, _: told.append((dependency, number, what, detail)))
    fault = parse([words])[0]
    there = proxy.listen(fault, "1", to, () if fault.state else resolve(to))
    proxy.start()
    try:
        yield there, told, proxy
    finally:
        proxy.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_delays_each_answer_and_not_what_is_sent(host: str) -> None:
    listener, to = serve(echo, host)
    with listener, proxied("db:delay=300ms", to) as (there, told, _), socket.create_connection(there) as client:
        for _ in range(2):
            started = time.monotonic()
            client.sendall(b"x")
            assert client.recv(9) == b"x"
            assert 0.3 <= time.monotonic() - started < 5
    assert [what for _, _, what, _ in told] == ["opened", "delayed", "delayed"]


def test_each_side_may_close_its_half_first() -> None:
    def count(connection: socket.socket) -> None:
        size = 0
        while data := connection.recv(65536):
            size += len(data)
        connection.sendall(b"%d" % size)

    listener, to = serve(count)
    with listener, proxied("db:delay=1ms", to) as (there, _, proxy), socket.create_connection(there) as client:
        client.sendall(b"x" * 3_000_000)
        client.shutdown(socket.SHUT_WR)
        assert client.recv(99) == b"3000000"
        assert client.recv(99) == b""
        deadline = time.monotonic() + 2
        while proxy._ends and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not proxy._ends


def test_a_reader_that_does_not_read_stops_the_writer() -> None:
    sent = 0

    def flood(connection: socket.socket) -> None:
        nonlocal sent
        while True:
            sent += connection.send(b"x" * 65536)

    listener, to = serve(flood)
    with listener, proxied("db:cut=1h", to) as (there, _, _), socket.create_connection(there) as client:
        deadline, before = time.monotonic() + 10, -1
        while before != sent and time.monotonic() < deadline:
            before = sent
            time.sleep(0.3)
        assert 0 < sent == before < 64 << 20
        assert len(client.recv(1 << 20)) > 0


def test_a_thousand_connections_at_once_get_their_own_answers() -> None:
    listener, to = serve(echo)
    with listener, proxied("db:delay=1ms", to) as (there, _, _), contextlib.ExitStack() as stack:
        clients = [stack.enter_context(socket.create_connection(there)) for _ in range(1000)]
        for number, client in enumerate(clients):
            client.sendall(b"%d" % number)
        for number, client in enumerate(clients):
            assert client.recv(99) == b"%d" % number


@pytest.mark.parametrize(("rate", "size", "seconds"), [("1Mbit", 125_000, 1.0), ("80Mbit", 10_000_000, 1.0)])
def test_keeps_to_the_bandwidth(rate: str, size: int, seconds: float) -> None:
    listener, to = serve(lambda connection: connection.sendall(b"x" * size))
    with listener, proxied(f"db:rate={rate}", to) as (there, _, _), socket.create_connection(there) as client:
        started, got = time.monotonic(), 0
        while data := client.recv(1 << 20):
            got += len(data)
        assert got == size
        assert seconds * 0.99 <= time.monotonic() - started < seconds + 5


def test_cuts_after_bytes_and_after_seconds() -> None:
    listener, to = serve(lambda connection: (connection.sendall(b"x" * 50_000), connection.recv(1)))
    with listener, proxied("db:cut=10KB", to) as (there, told, _), socket.create_connection(there) as client:
        got = 0
        with pytest.raises(ConnectionResetError):
            while data := client.recv(65536):
                got += len(data)
        assert got == 10_000
    assert told[-1] == ("db", 1, "cut", "after 10000 bytes")
    listener, to = serve(echo)
    with listener, proxied("db:cut=200ms", to) as (there, told, _), socket.create_connection(there) as client:
        started = time.monotonic()
        with pytest.raises(ConnectionResetError):
            client.recv(1)
        assert 0.2 <= time.monotonic() - started < 5
    assert told[-1] == ("db", 1, "cut", "after 0.2 s")


def test_resets_as_often_as_was_asked_and_the_same_again() -> None:
    listener, to = serve(echo)
    runs = []
    for _ in range(2):
        lost = []
        with listener if runs else contextlib.nullcontext(), proxied("db:loss=20%", to) as (there, told, _):
            for number in range(1, 401):
                with socket.create_connection(there) as client:
                    client.sendall(b"x")
                    try:
                        assert client.recv(9) == b"x"
                    except ConnectionResetError:
                        lost.append(number)
        assert [number for _, number, what, _ in told if what == "cut"] == lost
        runs.append(lost)
    assert runs[0] == runs[1]
    assert 50 < len(runs[0]) < 110  # 80 ± 3.75 standard deviations


def test_down_refuses_and_a_black_hole_never_answers() -> None:
    to = Address("127.0.0.1", 1)
    with proxied("db:down", to) as (there, _, _), pytest.raises(ConnectionRefusedError):
        socket.create_connection(there)
    with proxied("db:blackhole", to) as (there, told, _), socket.create_connection(there, timeout=0.3) as client:
        client.sendall(b"x" * 1000)
        with pytest.raises(TimeoutError):
            client.recv(1)
        assert [what for _, _, what, _ in told] == ["opened", "held"]


def test_passes_on_what_the_dependency_does_itself() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        nowhere = Address(*gone.getsockname()[:2])
    with proxied("db:delay=1ms", nowhere) as (there, told, _), socket.create_connection(there) as client:
        with pytest.raises(ConnectionResetError):
            client.recv(1)
        assert told[-1][2] == "refused"

    def reset(connection: socket.socket) -> None:
        connection.sendall(b"last words")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    listener, to = serve(reset)
    with listener, proxied("db:delay=50ms", to) as (there, _, _), socket.create_connection(there) as client:
        assert client.recv(99) == b"last words"
        with pytest.raises(ConnectionResetError):
            client.recv(1)


def test_a_server_that_is_faster_than_we_look_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def reset(connection: socket.socket) -> None:
        connection.sendall(b"last words")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    opening = Proxy._opening

    def late(*words: object) -> None:
        time.sleep(0.1)
        opening(*words)  # type: ignore[arg-type]

    monkeypatch.setattr(Proxy, "_opening", late)
    listener, to = serve(reset)
    with listener, proxied("db:delay=1ms", to) as (there, _, _), socket.create_connection(there) as client:
        assert client.recv(99) == b"last words"
        with pytest.raises(ConnectionResetError):
            client.recv(1)


def test_the_end_leaves_no_thread_and_no_port() -> None:
    listener, to = serve(echo)
    with listener:
        with proxied("db:delay=10s", to) as (there, _, _):
            client = socket.create_connection(there)
            client.sendall(b"x")
        with client, contextlib.suppress(ConnectionResetError):
            assert client.recv(1) == b""
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(there)
    assert not [t for t in threading.enumerate() if t.name == "steadygo-faults"]
