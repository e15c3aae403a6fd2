"""Messages from a worker to its client: in order, kept until the client has them, and never more than so many bytes of them."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

_MOST_BYTES = 8 << 20
_MOST_TAKEN = 4 << 20


class Outbox:
    """`put` comes from the threads that run tests, and waits while the client is behind; `take` comes from the one that talks to it."""

    def __init__(self, hurry: Callable[[], None], most_bytes: int = _MOST_BYTES) -> None:
        self._hurry = hurry
        self._most_bytes = most_bytes
        self._changed = threading.Condition()
        self._messages: deque[bytes] = deque()
        self._first = self._size = 0
        self._closed = False

    def put(self, message: bytes, *, urgent: bool = False) -> None:
        """Append. Waits for room; a message larger than all the room goes when it is the only one. Nothing is kept after `close`."""
        with self._changed:
            while not self._closed and self._messages and self._size + len(message) > self._most_bytes:
                self._hurry()
                self._changed.wait()
            if self._closed:
                return
            self._messages.append(message)
            self._size += len(message)
        if urgent:
            self._hurry()

    def take(self, acknowledged: int) -> tuple[int, list[bytes]]:
        """(number of the first, messages): forget those below `acknowledged`, and give the next few megabytes of the rest."""
        with self._changed:
            while self._messages and self._first < acknowledged:
                self._size -= len(self._messages.popleft())
                self._first += 1
            self._changed.notify_all()
            found: list[bytes] = []
            taken = 0
            for message in self._messages:
                if found and taken + len(message) > _MOST_TAKEN:
                    break
                found.append(message)
                taken += len(message)
            return self._first, found

    def close(self) -> None:
        """Nobody will take anything any more: let those that wait go on."""
        with self._changed:
            self._closed = True
            self._messages.clear()
            self._changed.notify_all()
