"""What a client and its workers tell each other: frozen, msgpack on the wire, never code."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import msgspec

from steadygo.testing.results import Package, Test

_CHUNK = 1 << 20  # bytes of a result in one message


class Piece(msgspec.Struct, frozen=True):
    """One attempt at one shard. `place` is the package's directory below the root of the tree; `only` is -test.run, "" for all tests."""

    shard: str
    attempt: int
    path: str
    place: str
    tests: tuple[str, ...]
    only: str = ""


class Verdict(msgspec.Struct, frozen=True, tag=True):
    """A test ended. Its output is here only when somebody will look at it now."""

    shard: str
    attempt: int
    path: str
    test: Test


class Chunk(msgspec.Struct, frozen=True, tag=True):
    """A part of an encoded result; the parts come in order, `last` completes it. `profile` says that it is a coverage profile."""

    shard: str
    attempt: int
    data: bytes
    last: bool
    profile: bool = False


class Refusal(msgspec.Struct, frozen=True, tag=True):
    """The worker will not run the shard."""

    shard: str
    attempt: int
    why: str


class Over(msgspec.Struct, frozen=True, tag=True):
    """The session was told to stop, and nothing of it runs any more."""


class News(msgspec.Struct, frozen=True):
    """A worker's answer to `take`: whether it knows the run, messages with the number of the first, and what it has to do now.

    `running`: (package, test, seconds). `started`: (shard, attempt) of what has a process, `free`: processes that it could start now for
    any run.
    """

    known: bool
    first: int = 0
    messages: tuple[bytes, ...] = ()
    running: tuple[tuple[str, str, float], ...] = ()
    compiling: int = 0
    busy: bool = False
    started: tuple[tuple[str, int], ...] = ()
    free: int = 0


class Receipt(msgspec.Struct, frozen=True):
    """A worker's answer to what is shipped: the contents that it lacks, and why it refuses, if it does."""

    missing: tuple[str, ...] = ()
    refused: str = ""


Message = Verdict | Chunk | Refusal | Over

Read = TypeVar("Read")
_message: msgspec.msgpack.Decoder[Message] = msgspec.msgpack.Decoder(Message)
_package: msgspec.msgpack.Decoder[Package] = msgspec.msgpack.Decoder(Package)


def encode(message: Message) -> bytes:
    """For the wire."""
    return msgspec.msgpack.encode(message)


def decode(data: bytes) -> Message:
    """From the wire. Raises msgspec.DecodeError."""
    return _read(_message, data)


def _read(decoder: msgspec.msgpack.Decoder[Read], data: bytes) -> Read:
    try:
        return decoder.decode(data)
    except (UnicodeDecodeError, RecursionError) as error:  # msgspec lets these two through
        raise msgspec.DecodeError(str(error)) from None


def chunks(piece: Piece, package: Package, profile: bytes) -> Iterator[Chunk]:
    """A result in parts of at most 1 MiB, after its coverage profile, if it has one."""
    for data, is_profile in ((profile, True), (msgspec.msgpack.encode(package), False)):
        for at in range(0, len(data), _CHUNK):
            last = at + _CHUNK >= len(data)
            yield Chunk(piece.shard, piece.attempt, data[at : at + _CHUNK], last, is_profile)


def whole(data: bytes, path: str) -> Package:
    """The result of the package `path` out of its joined parts. Raises msgspec.DecodeError."""
    found = _read(_package, data)
    if found.path != path:
        raise msgspec.ValidationError(f"the result of {path} is said to be that of {found.path}")
    return found
