"""One direction of a proxied connection: bytes wait for their time, and go on in order. No socket: what sends is handed in."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from steadygo.testing.faults.schedule import Link

END = b"end"
RESET = b"reset"
"""Marks in the queue, told apart by identity: the sender is through, or has reset the connection."""


class Flow:
    """A queue of (due, data). `ended`: nothing more is read for it; `finished`: its END went through; `waiting` is in bytes."""

    __slots__ = ("_last_due", "_link", "_most", "_piece", "_queue", "blocked", "ended", "finished", "waiting", "wake_at")

    def __init__(self, link: Link, most_bytes: int) -> None:
        self._link, self._most = link, most_bytes
        self._queue: deque[tuple[float, bytes]] = deque()
        self._piece: tuple[float, memoryview] | None = None
        self._last_due = float("-inf")
        self.waiting = 0
        self.blocked = self.ended = self.finished = False
        self.wake_at: float | None = None

    @property
    def full(self) -> bool:
        """Nothing more should be read for it now."""
        return self.waiting >= self._most

    def put(self, due: float, data: bytes) -> None:
        """Append; what came first leaves first, whatever its time."""
        self._last_due = max(self._last_due, due)
        self._queue.append((self._last_due, data))
        if data is not END and data is not RESET:
            self.waiting += len(data)

    def pump(self, now: float, send: Callable[[memoryview], int]) -> bytes | None:
        """Send what may go. The mark END or RESET when it has come up, else None; `wake_at` and `blocked` say what it waits for.

        `send` answers how many bytes went, and raises BlockingIOError when none can.
        """
        self.wake_at, self.blocked = None, False
        while self._piece is not None or self._queue:
            if self._piece is None:
                due, data = self._queue[0]
                if due > now:
                    self.wake_at = due
                    return None
                if data is END or data is RESET:
                    self._queue.popleft()
                    return data
                self._take_piece(now)
                continue
            ready, left = self._piece
            if ready > now:
                self.wake_at = ready
                return None
            try:
                sent = send(left)
            except BlockingIOError:
                self.blocked = True
                return None
            self.waiting -= sent
            self._piece = (ready, left[sent:]) if sent < len(left) else None
        return None

    def _take_piece(self, now: float) -> None:
        due, data = self._queue.popleft()
        size = self._link.piece(len(data))
        if size < len(data):
            self._queue.appendleft((due, data[size:]))
        ready = self._link.through(now, size)
        self._piece = (ready, memoryview(data)[:size])
