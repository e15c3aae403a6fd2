"""Read many files into facts, on all cores when there is enough to do. Facts cross process borders encoded."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import msgspec

from steadygo.facts.artefact import Artefact
from steadygo.facts.contracts import Unread
from steadygo.read.dispatch import read_artefacts
from steadygo.scan import suppress
from steadygo.scan.cache import content_hash
from steadygo.scan.discover import MOST_BYTES, Found, open_inside

_WORTH_A_POOL = 600_000  # bytes; starting two processes costs as much as reading this
_CHUNK = 400_000

Progress = Callable[[int, int], None]
"""(files done, files in all)"""


class FileFacts(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Everything one file gives."""

    artefacts: tuple[Artefact, ...]
    suppressions: tuple[suppress.Suppression, ...] = ()


class Read(msgspec.Struct, frozen=True, array_like=True, gc=False):
    path: str
    hash: bytes
    facts: bytes  # FileFacts in msgpack; empty when `hash` was known already


_encoder = msgspec.msgpack.Encoder()


def read_all(root: Path, files: list[Found], known: frozenset[bytes], progress: Progress) -> Iterator[Read]:
    """Read every file of `files`; facts of content in `known` are left out. The order is that of completion."""
    size = sum(f.size for f in files)
    cores = len(os.sched_getaffinity(0))
    if cores == 1 or size < _WORTH_A_POOL:
        for done, file in enumerate(files, 1):
            yield _read_one(root, file, known)
            progress(done, len(files))
        return
    done = 0
    left = _chunks(files, max(_CHUNK, min(size // (cores * 4), 4 * _CHUNK)))
    context = multiprocessing.get_context("fork")
    pool = ProcessPoolExecutor(cores, mp_context=context, initializer=_quiet)
    try:
        pending = {pool.submit(_read_chunk, root, chunk, known): chunk for chunk in left}
        for future in as_completed(pending):
            chunk = pending[future]
            try:
                reads = future.result()
            except BrokenProcessPool:
                reads = [_read_alone(root, file, known) for file in chunk]
            yield from reads
            done += len(chunk)
            progress(done, len(files))
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()


def _quiet() -> None:
    """Ctrl-C is the parent's: it ends the pool."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _chunks(files: list[Found], size: int) -> list[list[Found]]:
    """Large chunks first and of similar size, so that cores finish together."""
    chunks: list[list[Found]] = []
    current: list[Found] = []
    weight = 0
    for file in sorted(files, key=lambda f: (-f.size, f.path)):
        current.append(file)
        weight += file.size + 2000
        if weight >= size:
            chunks.append(current)
            current, weight = [], 0
    if current:
        chunks.append(current)
    return chunks


def _read_chunk(root: Path, files: list[Found], known: frozenset[bytes]) -> list[Read]:
    return [_read_one(root, file, known) for file in files]


def _read_one(root: Path, file: Found, known: frozenset[bytes]) -> Read:
    try:
        data = open_inside(root, file.path)
    except OSError as error:
        return _unread(file.path, error.strerror or str(error))
    if len(data) > MOST_BYTES:
        return _unread(file.path, "the file grew past 8 MB while it was read")
    key = content_hash(file.path, data)
    if key in known:
        return Read(file.path, key, b"")
    if b"\0" in data:
        return Read(file.path, key, _encoder.encode(FileFacts((Unread(file.path, "not text: it holds NUL bytes"),))))
    return Read(file.path, key, _encoder.encode(FileFacts(read_artefacts(file.path, data, file.kind), suppress.find(data, file.path))))


def _unread(path: str, reason: str) -> Read:
    return Read(path, content_hash(path, b""), _encoder.encode(FileFacts((Unread(path, reason),))))


def _read_alone(root: Path, file: Found, known: frozenset[bytes]) -> Read:
    """Read one file in a process of its own: a parser that dies takes only this file with it."""
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(1, mp_context=context, initializer=_quiet) as pool:
        try:
            return pool.submit(_read_one, root, file, known).result()
        except BrokenProcessPool:
            return _unread(file.path, "the parser could not survive this file")
