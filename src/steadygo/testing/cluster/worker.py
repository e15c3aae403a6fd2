"""A worker of a cluster: answers what clients ask of its desk, and joins the scheduler again whenever that went away."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import distributed
from distributed.security import Security
from msgspec.structs import asdict

from steadygo.errors import UserError
from steadygo.testing.cluster.depot import Depot, contents, offered
from steadygo.testing.cluster.desk import Desk
from steadygo.testing.cluster.identity import Role
from steadygo.testing.cluster.messages import News, Receipt
from steadygo.testing.cluster.obstacle import obstacle
from steadygo.testing.cluster.transport import WORKER_HEARS, answering
from steadygo.tools import guard

_QUESTIONS = ("begin", "offer", "contents", "give", "take", "drop", "withdraw", "halt", "end", "echo")
_JOIN_AGAIN_SECONDS = 0.5
_LOOK_SECONDS = 0.2  # how long news that are not urgent may wait
_WATCH_SECONDS = 1.0
_NO_DEPOT = Receipt(refused="This worker takes no sources: it works where they are.")


class _Worker(distributed.Worker):
    def start_http_server(self, *_: Any, **__: Any) -> None:
        """There is none: it would be plain TCP."""


@dataclass
class _Answers:
    """The questions of clients, by the names under which they travel. Everything is keywords, numbers, strings and bytes."""

    desk: Desk
    depot: Depot | None
    loop: asyncio.AbstractEventLoop
    news: dict[str, asyncio.Event] = field(default_factory=dict)

    def handlers(self) -> dict[str, Any]:
        return {f"steadygo-{name}": getattr(self, name) for name in _QUESTIONS}

    async def begin(self, run: str) -> str:
        event = self.news.setdefault(run, asyncio.Event())
        return self.desk.begin(run, lambda: self._hurry(event))

    def _hurry(self, event: asyncio.Event) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self.loop.call_soon_threadsafe(event.set)

    async def give(self, run: str, keys: Sequence[Sequence[Any]], signed: Sequence[bytes]) -> bool:
        return await asyncio.to_thread(self.desk.give, run, [(k[0], k[1]) for k in keys], [bytes(s) for s in signed])

    async def take(self, run: str, acknowledged: int, seconds: float) -> dict[str, Any]:
        """Messages, as soon as there are some, or none after `seconds`."""
        until = self.loop.time() + seconds
        event = self.news.get(run)
        while True:
            taken = self.desk.take(run, acknowledged)
            if taken is None or event is None:
                return asdict(News(known=False))
            left = until - self.loop.time()
            if taken[1] or left <= 0:
                event.clear()
                running, compiling, busy = self.desk.now(run)
                started, free = self.desk.started(run)
                return asdict(News(True, taken[0], tuple(taken[1]), tuple(running), compiling, busy, tuple(started), free))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(event.wait(), min(_LOOK_SECONDS, left))

    async def drop(self, run: str, keys: Sequence[Sequence[Any]]) -> bool:
        self.desk.drop(run, [(k[0], k[1]) for k in keys])
        return True

    async def withdraw(self, run: str, keys: Sequence[Sequence[Any]]) -> list[tuple[str, int]]:
        return self.desk.withdraw(run, [(k[0], k[1]) for k in keys])

    async def halt(self, run: str) -> bool:
        return self.desk.halt(run)

    async def end(self, run: str) -> bool:
        self.news.pop(run, None)
        await asyncio.to_thread(self.desk.end, run)
        return True

    async def offer(self, run: str, digest: str, part: bytes, first: bool, last: bool) -> dict[str, Any]:
        if self.depot is None:
            return asdict(_NO_DEPOT)
        if not self.desk.hear(run):
            return {"gone": True}
        return asdict(await asyncio.to_thread(offered, self.depot, run, digest, part, first, last))

    async def contents(self, run: str, digest: str, message: bytes) -> dict[str, Any]:
        if self.depot is None:
            return asdict(_NO_DEPOT)
        if not self.desk.hear(run):
            return {"gone": True}
        return asdict(await asyncio.to_thread(contents, self.depot, run, digest, message))

    async def echo(self, run: str, data: bytes, back: int) -> bytes:
        """`back` bytes: for measuring the link."""
        self.desk.hear(run)
        return bytes(min(back, 16 << 20))


@dataclass(frozen=True)
class Place:
    """A worker called `name` at the address `host`, and the scheduler that it joins."""

    scheduler: str
    name: str
    host: str
    security: Security


def own_address(scheduler: str) -> str:
    """The address of this machine that the scheduler sees: loopback for a scheduler on loopback. Raises UserError."""
    host, port = scheduler.removeprefix("tls://").rsplit(":", 1)
    try:
        family, _, _, _, address = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect(address)  # sends nothing
            return str(probe.getsockname()[0])
    except OSError as error:
        raise UserError(f"There is no way to {scheduler} from here: {error.strerror or error}.", "Is it the right address?") from None


def checked_host(host: str) -> str:
    """An address that a worker can listen at, as it came. Raises UserError."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.bind(address)
    except OSError as error:
        raise UserError(f"{host} is no address of this machine: {error.strerror or error}.", "Give one of its own with --host.") from None
    return host


async def serve(place: Place, desk: Desk, depot: Depot | None, say: Callable[[str], None], stopped: asyncio.Event) -> None:
    """Work until `stopped`. `say` gets a sentence when the scheduler comes or goes."""
    answers = _Answers(desk, depot, asyncio.get_running_loop())
    watch = asyncio.create_task(_watch(answers, say))
    joined = True
    number = 0
    try:
        with guard.scratch("steadygo-worker-") as scratch:
            while not stopped.is_set():
                number += 1
                try:
                    await _join(place, number, answers, scratch, say, stopped)
                    joined = True
                except (OSError, RuntimeError, ValueError, TimeoutError) as error:
                    if joined:
                        tls = place.security.get_connection_args("worker")["ssl_context"]
                        found = await asyncio.to_thread(obstacle, tls, place.scheduler)
                        why = found.words if found else _answered(error) or _first_line(error)
                        say(f"the scheduler at {place.scheduler} cannot be reached: {why}; trying again until it can")
                    joined = False
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stopped.wait(), _JOIN_AGAIN_SECONDS)
    finally:
        watch.cancel()
        await asyncio.to_thread(desk.end_all)


async def _join(place: Place, number: int, answers: _Answers, scratch: Path, say: Callable[[str], None], stopped: asyncio.Event) -> None:
    """One stay at the scheduler: until it goes away, or `stopped`."""
    worker = _Worker(
        place.scheduler,
        name=f"{place.name}/{number}",
        nthreads=answers.desk.at_once,
        host=place.host,
        security=place.security,
        memory_limit=0,
        local_directory=str(scratch),
        dashboard=False,
        death_timeout=10,
    )
    worker.handlers = {name: answering(handler, Role.SCHEDULER) for name, handler in answers.handlers().items()}
    worker.stream_handlers = {k: v for k, v in worker.stream_handlers.items() if k in WORKER_HEARS}
    try:
        await worker
        say(f"joined {place.scheduler} as {place.name}")
        ends: list[asyncio.Task[Any]] = [asyncio.create_task(worker.finished()), asyncio.create_task(stopped.wait())]  # type: ignore[no-untyped-call]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for end in ends:
            end.cancel()
        if not stopped.is_set():
            say(f"the scheduler at {place.scheduler} went away")
    finally:
        await worker.close(timeout=2, nanny=False)


async def _watch(answers: _Answers, say: Callable[[str], None]) -> None:
    while True:
        await asyncio.sleep(_WATCH_SECONDS)
        try:
            silent = await asyncio.to_thread(answers.desk.end_silent)
        except Exception as error:  # a disk that is full, for example; the next silent client must be seen all the same
            say(f"what a silent client left could not be cleared up: {_first_line(error)}")
            continue
        for run in silent:
            answers.news.pop(run, None)
            say(f"run {run}: its client went silent; what it had running was stopped")


def _answered(error: BaseException) -> str:
    """What a scheduler said instead of a welcome, "" when that was not it: Dask puts its answer into the text of an error."""
    while error.__cause__ is not None:
        error = error.__cause__
    try:
        answer = ast.literal_eval(str(error).partition(": ")[2])
    except (ValueError, TypeError, SyntaxError):
        return ""
    return str(answer.get("message", "")) if isinstance(answer, dict) else ""


def _first_line(error: BaseException) -> str:
    return str(error).strip().split("\n")[0] or type(error).__name__
