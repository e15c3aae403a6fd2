"""A TCP proxy with faults: one thread, sockets that never block. It ends with `close`, or with the process, and leaves nothing behind."""

from __future__ import annotations

import contextlib
import errno
import heapq
import itertools
import os
import resource
import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from steadygo.errors import UserError
from steadygo.testing.faults.addresses import Address
from steadygo.testing.faults.flow import END, RESET, Flow
from steadygo.testing.faults.schedule import Answer, Fate, Link
from steadygo.testing.faults.words import Fault

_CHUNK = 1 << 18
_MOST_WAITING = 1 << 18  # bytes of one direction that wait here; then the sender waits, as it would without us
_MOST_DELAYED = 4 << 20  # a line with a delay holds more: what is on its way
_NARROW = 1 << 16
_BACKLOG = 4096
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER of zero seconds: close sends RST

Note = Callable[[str, int, str, str, float], None]
"""(dependency, number of its connection, what happened, detail, for how many seconds)"""
Resolved = Sequence[tuple[int, Any]]
"""(address family, socket address) to be tried in order"""


def resolve(address: Address) -> Resolved:
    """The socket addresses of a host. Raises OSError."""
    return [(family, where) for family, _, _, _, where in socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)]


@dataclass
class _Line:
    """One dependency: what its connections share."""

    fault: Fault
    seed: str
    up: Link
    down: Link
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))


@dataclass(eq=False)
class _Connection:
    line: _Line
    number: int
    client: socket.socket
    server: socket.socket | None
    left: list[tuple[int, Any]]
    fate: Fate
    up: Flow
    down: Flow
    answering: bool = False
    answer: Answer = field(default_factory=lambda: Answer(0.0, False))
    answered: int = 0
    cut: str = ""
    wakes: float = float("inf")
    connected: bool = False
    was_reset: bool = False
    gone: bool = False


class Proxy:
    """Listens on the loopback. `listen` each line, then `start`; `close` ends all connections."""

    def __init__(self, note: Note) -> None:
        self._note = note
        self._poll = select.epoll()
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._poll.register(self._wake, select.EPOLLIN)
        self._listeners: dict[int, tuple[socket.socket, _Line, Resolved]] = {}
        self._held: list[socket.socket] = []
        self._ends: dict[int, tuple[_Connection, socket.socket]] = {}
        self._interest: dict[int, int] = {}
        self._timers: list[tuple[float, int, Callable[[float], None]]] = []
        self._ids = itertools.count()
        self._lines: dict[str, _Line] = {}
        self._thread = threading.Thread(target=self._run, name="steadygo-faults", daemon=True)
        self._stopped = False
        self._error: BaseException | None = None

    def listen(self, fault: Fault, seed: str, address: Address, upstream: Resolved) -> Address:
        """Stand in front of one address. Answers where."""
        line = self._lines.setdefault(fault.dependency, _Line(fault, seed, Link(fault.rate), Link(fault.rate)))
        v6 = ":" in address.host
        listener = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET)
        try:
            if fault.rate:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _NARROW)
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _NARROW)
            listener.bind(("::1" if v6 else "127.0.0.1", 0))
        except OSError as error:
            listener.close()
            raise UserError(f"No proxy can stand in front of {fault.dependency}: {error.strerror}.") from None
        host, port = listener.getsockname()[:2]
        if fault.state == "down":  # bound and not listening: connections are refused, and nobody else gets the port
            self._held.append(listener)
        else:
            listener.listen(_BACKLOG)
            listener.setblocking(False)
            self._listeners[listener.fileno()] = listener, line, upstream
            self._poll.register(listener, select.EPOLLIN)
        return Address(host, port)

    def start(self) -> None:
        """Take connections from now on."""
        self._thread.start()

    def close(self) -> None:
        """End everything; raises what went wrong in the thread."""
        self._stopped = True
        os.eventfd_write(self._wake, 1)
        if self._thread.ident is not None:
            self._thread.join()
        for connection, _ in list(self._ends.values()):
            self._close(connection, reset=False)
        for listener in [*self._held, *(entry[0] for entry in self._listeners.values())]:
            listener.close()
        self._poll.close()
        os.close(self._wake)
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            while not self._stopped:
                wait = self._timers[0][0] - time.monotonic() if self._timers else None
                for number, events in self._poll.poll(None if wait is None else max(0.0, wait)):
                    if number in self._listeners:
                        self._accept(*self._listeners[number])
                    elif number in self._ends:
                        self._happened(*self._ends[number], events)
                now = time.monotonic()
                while self._timers and self._timers[0][0] <= now:
                    heapq.heappop(self._timers)[2](now)
        except BaseException as error:  # told to the thread that closes
            self._error = error

    def _at(self, when: float, action: Callable[[float], None]) -> None:
        heapq.heappush(self._timers, (when, next(self._ids), action))

    def _accept(self, listener: socket.socket, line: _Line, upstream: Resolved) -> None:
        for _ in range(64):
            try:
                client, _ = listener.accept()
            except OSError as error:
                if error.errno in (errno.EMFILE, errno.ENFILE):
                    _allow_more_files()
                return
            with contextlib.suppress(OSError):  # it has been reset already
                client.setblocking(False)
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._take(client, line, upstream)

    def _take(self, client: socket.socket, line: _Line, upstream: Resolved) -> None:
        number, fault = next(line.numbers), line.fault
        most = _NARROW if fault.rate else _MOST_DELAYED if fault.delay or fault.jitter else _MOST_WAITING
        fate = Fate(fault, f"{line.seed}/{number}")
        connection = _Connection(line, number, client, None, list(upstream), fate, Flow(line.up, most), Flow(line.down, most))
        self._ends[client.fileno()] = connection, client
        self._tell(connection, "opened")
        if fault.state == "blackhole":
            self._tell(connection, "held")
            self._want(client, select.EPOLLIN)
            return
        if fault.cut_seconds is not None:
            self._at(time.monotonic() + fault.cut_seconds, lambda _: self._cut(connection, f"after {fault.cut_seconds:g} s"))
        self._connect(connection)

    def _connect(self, connection: _Connection) -> None:
        """Try the dependency's next address. When all have failed the client is reset, which is as near to a refusal as comes."""
        while connection.left:
            family, where = connection.left.pop(0)
            server = None
            try:
                server = socket.socket(family, socket.SOCK_STREAM)
                server.setblocking(False)
                if connection.line.fault.rate:
                    server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _NARROW)
                server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                with contextlib.suppress(BlockingIOError):
                    server.connect(where)
            except OSError as error:
                if server is not None:
                    server.close()
                if error.errno == errno.EMFILE and _allow_more_files():
                    connection.left.insert(0, (family, where))
                continue
            connection.server = server
            self._ends[server.fileno()] = connection, server
            self._want(server, select.EPOLLOUT)
            self._watch(connection.client, 0)  # tells when it gives up meanwhile
            return
        self._tell(connection, "refused")
        self._close(connection, reset=True)

    def _happened(self, connection: _Connection, end: socket.socket, events: int) -> None:
        try:
            if connection.line.fault.state == "blackhole":
                if not end.recv(_CHUNK):
                    self._close(connection, reset=False)
            elif not connection.connected:
                self._opening(connection, end, events)
            else:
                if events & ~select.EPOLLOUT:
                    self._read(connection, end)
                if not connection.gone:
                    self._go_on(connection)
        except BlockingIOError:
            pass
        except OSError:
            self._close(connection, reset=True)

    def _opening(self, connection: _Connection, end: socket.socket, events: int) -> None:
        if end is connection.client:
            if events & (select.EPOLLERR | select.EPOLLHUP):
                self._close(connection, reset=True)
            return
        failed = end.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if failed == errno.ECONNRESET:  # it was taken, answered perhaps, and reset, all before we looked; asking took the error away
            connection.was_reset = True
        elif failed:
            self._forget(end)
            connection.server = None
            self._connect(connection)
            return
        connection.connected = True
        self._want(connection.client, 0)
        self._go_on(connection)

    def _read(self, connection: _Connection, end: socket.socket) -> None:
        """Read once and queue. A reset of one side reaches the other after what came before it."""
        flow = connection.up if end is connection.client else connection.down
        if flow.ended or flow.full:
            return
        try:
            data = end.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = RESET
        if not data and end is connection.server and connection.was_reset:
            data = RESET
        now = time.monotonic()
        if end is connection.client:
            connection.answering = connection.answering and not data
            flow.put(now, data or END)
        else:
            self._answer(connection, now, data or END)
        flow.ended = flow.ended or not data or data is RESET

    def _answer(self, connection: _Connection, now: float, data: bytes) -> None:
        fault, mark = connection.line.fault, data is END or data is RESET
        if not connection.answering and not mark:
            connection.answering, connection.answer = True, connection.fate.next_answer()
            if connection.answer.delay and not connection.answer.lost:
                delay = connection.answer.delay
                self._tell(connection, "delayed", f"{delay * 1000:.0f} ms", delay)
            if fault.rate:
                self._tell(connection, "slowed")
        due = now + connection.answer.delay
        if connection.answer.lost:
            connection.cut, data = "lost", RESET
        elif fault.cut_bytes is not None and not mark:
            data = data[: fault.cut_bytes - connection.answered]
            connection.answered += len(data)
        if data:
            connection.down.put(due, data)
        if fault.cut_bytes is not None and connection.answered >= fault.cut_bytes and not connection.cut:
            connection.cut = f"after {fault.cut_bytes} bytes"
            connection.down.put(due, RESET)
        connection.down.ended = bool(connection.cut)

    def _go_on(self, connection: _Connection) -> None:
        """Send what may go both ways, then wait for what comes next."""
        server = connection.server
        assert server is not None
        now = time.monotonic()
        for flow, target in ((connection.up, server), (connection.down, connection.client)):
            mark = flow.pump(now, target.send)
            if mark is END:
                target.shutdown(socket.SHUT_WR)
                flow.finished = True
            elif mark is RESET:
                if flow is connection.down and connection.cut:
                    self._cut(connection, connection.cut)
                self._close(connection, reset=True)
                return
            if flow.wake_at is not None and flow.wake_at < connection.wakes:
                connection.wakes = flow.wake_at
                self._at(flow.wake_at, lambda _: self._woken(connection))
        if connection.up.finished and connection.down.finished:
            self._close(connection, reset=False)
            return
        for end, reads, writes in ((connection.client, connection.up, connection.down), (server, connection.down, connection.up)):
            wanted = 0 if reads.ended or reads.full else select.EPOLLIN
            self._want(end, wanted | (select.EPOLLOUT if writes.blocked else 0))

    def _woken(self, connection: _Connection) -> None:
        connection.wakes = float("inf")
        if connection.gone:
            return
        try:
            self._go_on(connection)
        except OSError:
            self._close(connection, reset=True)

    def _cut(self, connection: _Connection, why: str) -> None:
        if not connection.gone:
            self._tell(connection, "cut", why)
            self._close(connection, reset=True)

    def _tell(self, connection: _Connection, what: str, detail: str = "", seconds: float = 0.0) -> None:
        self._note(connection.line.fault.dependency, connection.number, what, detail, seconds)

    def _want(self, end: socket.socket, wanted: int) -> None:
        """Wait for these events; for none, not even for a hang-up, which would be told again and again to whom it does not concern."""
        number = end.fileno()
        if wanted:
            self._watch(end, wanted)
        elif self._interest.pop(number, None) is not None:
            self._poll.unregister(number)

    def _watch(self, end: socket.socket, wanted: int) -> None:
        number = end.fileno()
        before = self._interest.get(number)
        if before != wanted:
            (self._poll.register if before is None else self._poll.modify)(number, wanted)
            self._interest[number] = wanted

    def _forget(self, end: socket.socket) -> None:
        number = end.fileno()
        if self._interest.pop(number, None) is not None:
            self._poll.unregister(number)
        self._ends.pop(number, None)
        end.close()

    def _close(self, connection: _Connection, *, reset: bool) -> None:
        if connection.gone:
            return
        connection.gone = True
        for end in (connection.client, connection.server):
            if end is not None:
                if reset:
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                self._forget(end)


def _allow_more_files() -> bool:
    """Raise the limit of open files as far as we may; True when that gave room. Else the others wait until a connection ends."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        return True
    time.sleep(0.01)
    return False
