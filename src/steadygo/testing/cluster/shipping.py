"""Contents between a client and a worker, as messages of a few MiB that any transport can carry.

A message holds packets: (SHA-256, offset, zlib or plain data). Small files share messages, large ones are cut; each part is
compressed when that makes it smaller.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import msgspec

from steadygo.errors import UserError
from steadygo.testing.cluster.blobs import Arriving, Blobs
from steadygo.testing.cluster.manifest import Entry, Manifest
from steadygo.testing.cluster.refused import Refused

_PART = 1 << 20  # bytes of a file in one packet
_PROBE = 64 << 10  # bytes that tell whether compressing a part is worth its time
_MESSAGE = 4 << 20  # bytes after which a message goes out
MOST_MESSAGE_BYTES = 8 << 20


class _Packet(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    sha256: str
    offset: int
    packed: bool
    data: bytes


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(tuple[_Packet, ...])


def send(root: Path, manifest: Manifest, missing: Collection[str]) -> Iterator[bytes]:
    """Messages with the contents `missing` of the tree at `root`, one in memory at a time.

    Raises UserError when a file is gone, or is not what it was when it was gathered.
    """
    wanted, files = set(missing), manifest.files
    packets: list[_Packet] = []
    size = 0
    for sha256 in sorted(wanted & files.keys()):
        for packet in _packets(root, files[sha256]):
            packets.append(packet)
            size += len(packet.data) + 100
            if size >= _MESSAGE:
                yield _encoder.encode(packets)
                packets, size = [], 0
    if packets:
        yield _encoder.encode(packets)


def _packets(root: Path, entry: Entry) -> Iterator[_Packet]:
    try:
        with (root / entry.path).open("rb", buffering=0) as file:
            offset, seen = 0, hashlib.sha256()
            while True:
                data = file.read(_PART)
                seen.update(data)
                offset_after = offset + len(data)
                if offset_after > entry.size or ((offset_after == entry.size or not data) and seen.hexdigest() != entry.sha256):
                    raise UserError(f"{root / entry.path} changed while it was being sent.", "Leave the files alone while tests run.")
                if not data and offset:
                    break
                packed = _packed(data)
                shorter = len(packed) < len(data)
                yield _Packet(entry.sha256, offset, shorter, packed if shorter else data)
                offset = offset_after
                if not data:
                    break
    except OSError as error:
        raise UserError(
            f"{root / entry.path} cannot be read any more: {error.strerror}.", "Leave the files alone while tests run."
        ) from None


def _packed(data: bytes) -> bytes:
    probe = data[:_PROBE]
    return zlib.compress(data, 1) if len(zlib.compress(probe, 1)) < 0.95 * len(probe) else data


class Receiver:
    """Takes the messages of `send` into a store. `wanted`: {sha256: entry} of what was asked for; nothing else is taken."""

    def __init__(self, blobs: Blobs, wanted: Mapping[str, Entry]) -> None:
        self._blobs, self._wanted = blobs, dict(wanted)
        self._now: tuple[str, int, Arriving] | None = None

    def take(self, message: bytes) -> None:
        """One message, in order. Raises Refused; what came whole before stays."""
        if len(message) > MOST_MESSAGE_BYTES:
            raise Refused(f"A message with file contents has {len(message):,} bytes; {MOST_MESSAGE_BYTES:,} are the most.")
        try:
            packets = _decoder.decode(message)
        except (msgspec.DecodeError, RecursionError, ValueError) as error:
            raise Refused(f"A message with file contents cannot be read: {error}.") from None
        try:
            for packet in packets:
                self._take(packet)
        except Refused:
            self.drop()
            raise

    def _take(self, packet: _Packet) -> None:
        entry = self._wanted.get(packet.sha256)
        if entry is None:
            raise Refused(f"A content came that nobody asked for: {packet.sha256[:64]}.")
        if self._now is None:
            self._now = (packet.sha256, 0, self._blobs.arriving(packet.sha256, entry.size, entry.path))
        sha256, offset, arriving = self._now
        if sha256 != packet.sha256 or packet.offset != offset:
            raise Refused(f"{entry.path} was altered on its way: a part of a file is missing before byte {packet.offset:,}.")
        data = _unpacked(packet.data, entry.path) if packet.packed else packet.data
        arriving.feed(data)
        if offset + len(data) == entry.size or not data:
            arriving.finish()
            del self._wanted[sha256]
            self._now = None
        else:
            self._now = (sha256, offset + len(data), arriving)

    def finish(self) -> None:
        """Everything should have come. Raises Refused with the first path that has not."""
        self.drop()
        for sha256, entry in sorted(self._wanted.items()):
            raise Refused(f"{entry.path} did not arrive whole ({sha256}); {len(self._wanted)} contents are missing.")

    def drop(self) -> None:
        """Nothing more will come. What came whole stays."""
        if self._now is not None:
            self._now[2].drop()
            self._now = None


def _unpacked(data: bytes, path: str) -> bytes:
    unpack = zlib.decompressobj()
    try:
        found = unpack.decompress(data, _PART)
    except zlib.error as error:
        raise Refused(f"{path} was altered on its way: {error}.") from None
    if not unpack.eof or unpack.unconsumed_tail or unpack.unused_data:
        raise Refused(f"{path} was altered on its way: a part of it does not unpack to at most {_PART:,} bytes.")
    return found
