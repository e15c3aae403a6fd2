"""A worker's end of what is shipped: for each run the manifest, then the contents that were missing, then a tree to run tests in.

A client asks `offer` with the manifest in parts, gets the hashes that are missing, and sends messages of `shipping.send` to `take`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict

from steadygo.testing.cluster import manifest
from steadygo.testing.cluster.blobs import Blobs
from steadygo.testing.cluster.manifest import Manifest
from steadygo.testing.cluster.messages import Receipt
from steadygo.testing.cluster.refused import Refused
from steadygo.testing.cluster.shipping import Receiver
from steadygo.testing.cluster.trees import Trees

PART_BYTES = 4 << 20


@dataclass
class _Delivery:
    encoded: bytearray = field(default_factory=bytearray)
    manifest: Manifest | None = None
    receiver: Receiver | None = None
    failed: str = ""
    pins: ExitStack = field(default_factory=ExitStack)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Depot:
    """Everything shipped to this worker, below `directory`. Its methods may be called from any thread.

    `most_bytes` are kept of contents that no run uses.
    """

    def __init__(self, directory: Path, most_bytes: int) -> None:
        self._blobs = Blobs(directory)
        self._trees = Trees(directory / "trees", self._blobs)
        self._most_bytes = most_bytes
        self._deliveries: dict[tuple[str, str], _Delivery] = {}
        self._lock = threading.Lock()

    def offer(self, run: str, digest: str, part: bytes, *, first: bool, last: bool) -> list[str]:
        """A part of the manifest `digest`; after the last one, the hashes of the contents that are missing here. Raises Refused."""
        with self._lock:
            delivery = self._deliveries.setdefault((run, digest), _Delivery())
        with delivery.lock:
            if first:
                delivery.encoded.clear()
            delivery.encoded += part
            if len(delivery.encoded) > manifest.MOST_BYTES:
                delivery.encoded.clear()
                raise Refused(f"The manifest is larger than {manifest.MOST_BYTES:,} bytes.")
            if not last:
                return []
            encoded = bytes(delivery.encoded)
            delivery.encoded.clear()
            delivery.manifest, delivery.failed = manifest.decode(encoded, digest), ""
            files = delivery.manifest.files
            delivery.pins.close()
            delivery.pins.enter_context(self._blobs.pinned(files))
            if delivery.receiver is not None:
                delivery.receiver.drop()
            missing = self._blobs.missing(files)
            delivery.receiver = Receiver(self._blobs, {sha256: files[sha256] for sha256 in missing})
            return missing

    def take(self, run: str, digest: str, message: bytes) -> None:
        """The next message with contents. Raises Refused."""
        delivery = self._delivery(run, digest)
        with delivery.lock:
            if delivery.receiver is None:
                raise Refused("Contents came before the manifest that they belong to.")
            delivery.receiver.take(message)

    @contextmanager
    def tree(self, run: str, digest: str) -> Iterator[Path]:
        """A tree that equals the manifest, for as long as the context lasts. Raises Refused."""
        delivery = self._delivery(run, digest)
        with ExitStack() as stack:
            with delivery.lock:
                if delivery.manifest is None or delivery.receiver is None:
                    raise Refused(f"The source {digest} was not sent to this worker.")
                if delivery.failed:
                    raise Refused(delivery.failed)
                try:
                    delivery.receiver.finish()
                    place = stack.enter_context(self._trees.tree(delivery.manifest))
                except Refused as refused:
                    delivery.failed = refused.sentence
                    raise
            yield place

    def forget(self, run: str) -> None:
        """The run is over: what only it used may be pruned."""
        with self._lock:
            over = [self._deliveries.pop(key) for key in list(self._deliveries) if key[0] == run]
        for delivery in over:
            with delivery.lock:
                if delivery.receiver is not None:
                    delivery.receiver.drop()
                delivery.pins.close()
        self._blobs.prune(self._most_bytes)

    def _delivery(self, run: str, digest: str) -> _Delivery:
        with self._lock:
            found = self._deliveries.get((run, digest))
        if found is None:
            raise Refused(f"The source {digest} was not sent to this worker.")
        return found


class Part(TypedDict):
    """The words of `Depot.offer` for one part of a manifest."""

    part: bytes
    first: bool
    last: bool


def parts(encoded: bytes) -> Iterator[Part]:
    """An encoded manifest in parts."""
    for at in range(0, max(1, len(encoded)), PART_BYTES):
        yield {"part": encoded[at : at + PART_BYTES], "first": at == 0, "last": at + PART_BYTES >= len(encoded)}


def offered(place: Depot, run: str, digest: str, part: bytes, first: bool, last: bool) -> Receipt:
    """The answer to a client's question `offer`: what is missing, or why it is refused."""
    try:
        return Receipt(tuple(place.offer(run, digest, bytes(part), first=first, last=last)))
    except Refused as refused:
        return Receipt(refused=refused.sentence)


def contents(place: Depot, run: str, digest: str, message: bytes) -> Receipt:
    """The answer to a client's message `contents`: nothing, or why it is refused."""
    try:
        place.take(run, digest, bytes(message))
    except Refused as refused:
        return Receipt(refused=refused.sentence)
    return Receipt()
