"""The client's side of a run on workers: finds them, hands out shards, takes results, and notices who is gone."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

import distributed
import msgspec

from steadygo.errors import UserError
from steadygo.testing.cluster import messages
from steadygo.testing.cluster.delivering import Ask
from steadygo.testing.cluster.ledger import Lease, Ledger
from steadygo.testing.cluster.link import measure
from steadygo.testing.cluster.looking import Listed, Lookout, Meeting
from steadygo.testing.cluster.mate import Mate, Unreachable, share
from steadygo.testing.cluster.merging import merged
from steadygo.testing.cluster.messages import Chunk, News, Over, Receipt, Refusal, Verdict
from steadygo.testing.cluster.refused import Refused
from steadygo.testing.cluster.shards import Shard
from steadygo.testing.cluster.terms import Terms
from steadygo.testing.engine import Finished, Tested, Tick
from steadygo.testing.plan import Planned
from steadygo.testing.results import Package, Share

Answer = TypeVar("Answer")
_BUSY_SECONDS = 1.0  # between two looks at a worker that runs something
_AGAIN_SECONDS = 0.3
_STOP_SECONDS = 10.0
_MOST_AHEAD = 8  # shards that wait at a worker while others run: compiled together, and there when one ends


class Conversation:
    """One run. `tell` gets what happens and `say` sentences for the user, in the thread that holds the conversation."""

    def __init__(
        self,
        plan: Mapping[str, Planned],
        shards: Sequence[Shard],
        terms: Terms,
        tell: Callable[[Tested | Finished], None],
        say: Callable[[str], None],
    ) -> None:
        self._plan, self._terms, self._tell, self._say = plan, terms, tell, say
        self._shards = {s.id: s for s in shards}
        self._ledger = Ledger([s.id for s in shards], time.monotonic, terms.silence_seconds)
        self._open = Counter(s.package.path for s in shards)
        self._results: dict[str, list[tuple[Package, Share]]] = defaultdict(list)
        self._lost_to: dict[str, str] = {}
        self._shown: dict[str, Counter[str]] = defaultdict(Counter)
        self._complaints: set[tuple[str, str]] = set()
        self._mates: dict[str, Mate] = {}
        self._stopping = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._halted = asyncio.Event()

    def stop(self) -> None:
        """Ctrl-C: from another thread."""
        self._stopping = True
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # it has ended by itself
                self._loop.call_soon_threadsafe(self._halted.set)

    def tick(self) -> Tick:
        """What runs now, as far as workers said lately."""
        mates = list(self._mates.values())
        running = [(path, name, seconds) for mate in mates for path, name, seconds in mate.running]
        return Tick(sum(m.compiling for m in mates), tuple(sorted(running, key=lambda r: -r[2])))

    async def hold(self, meeting: Meeting) -> None:
        """Run everything. Raises UserError when there is nobody to talk to for too long."""
        self._loop = asyncio.get_running_loop()
        if self._stopping:
            return
        self._scheduler = distributed.rpc(
            meeting.address, connection_args=self._terms.security.get_connection_args("client"), timeout=self._terms.heartbeat_seconds
        )
        alive = lambda: bool(self._ledger.workers)  # noqa: E731
        lookout = Lookout(self._scheduler, meeting, self._terms, self._say, self._meet, alive, self._left)
        looking = asyncio.create_task(lookout.follow())
        halted = asyncio.create_task(self._halted.wait())
        try:
            while self._ledger.open and not self._halted.is_set():
                for task in (looking, *(m.task for m in self._mates.values() if m.task is not None)):
                    if task.done() and not task.cancelled():
                        task.result()
                self._judge()
                await asyncio.wait({halted, looking}, timeout=0.2, return_when=asyncio.FIRST_COMPLETED)
            if self._halted.is_set():
                await self._halt()
        except UserError:
            self._tell_parts("the run ended before its turn came")
            raise
        finally:
            looking.cancel()
            halted.cancel()
            for mate in self._mates.values():
                if mate.task is not None:
                    mate.task.cancel()
            await self._leave()
            with contextlib.suppress(Exception):
                await self._scheduler.close_rpc()

    async def _ask(self, mate: Mate, kind: type[Answer], question: str, within: float, **words: Any) -> Answer:
        """A worker's answer. Raises Unreachable; msgspec.ValidationError for an answer of another kind."""
        call = self._scheduler.broadcast(
            msg={"op": f"steadygo-{question}", "run": self._terms.run, **words}, workers=[mate.address], on_error="ignore"
        )
        try:
            answers = await asyncio.wait_for(call, within)
        except (OSError, TimeoutError, RuntimeError, KeyError) as error:
            raise Unreachable from error
        answer = answers.get(mate.address)
        if answer is None or (isinstance(answer, Mapping) and answer.get("gone")):  # the worker thought that we were
            raise Unreachable
        return msgspec.convert(answer, kind)

    # --- who is there ---

    def _meet(self, there: dict[str, Listed], gone: bool) -> None:
        """`gone`: the scheduler has known its workers all along, so those that are not there any more have left it."""
        for name, (_, address, slots) in there.items():
            mate = self._mates.get(name)
            if mate is None:
                mate = self._mates[name] = Mate(name, address, slots, free=slots)
                self._ledger.hear(name)
            mate.address = address
            if not mate.excluded and (mate.task is None or mate.task.done()):
                mate.task = asyncio.create_task(self._attend(mate))
        if gone:
            for name, mate in self._mates.items():
                if name not in there and name in self._ledger.workers:
                    self._lose(mate, "its connection to the scheduler ended")

    def _left(self) -> list[str]:
        """Packages that are not through."""
        return sorted({self._shards[s].package.path for s in self._ledger.open})

    def _lose(self, mate: Mate, why: str) -> None:
        if mate.task is not None:
            mate.task.cancel()
            mate.task = None
        self._lose_leases(mate, why)

    def _lose_leases(self, mate: Mate, why: str) -> None:
        leases = self._ledger.lose(mate.name)
        mate.outgoing.clear()
        mate.unwanted += [(lease.shard, lease.attempt) for lease in leases]
        mate.running, mate.busy, mate.compiling = [], False, 0
        for lease in leases:
            for name in self._shown[lease.shard]:
                mate.shown.pop((lease.shard, name), None)
        what = f"{len(leases)} shard{'s' if len(leases) != 1 else ''} it had {'go' if len(leases) != 1 else 'goes'} to others"
        self._say(f"Worker {mate.name} is lost: {why}." + (f" The {what}." if leases else ""))
        self._wake()

    def _wake(self) -> None:
        for mate in self._mates.values():
            mate.wake.set()

    def _judge(self) -> None:
        for name in self._ledger.silent():
            if self._mates[name].excluded:
                self._ledger.lose(name)
                continue
            self._lose(self._mates[name], f"no sign of life for {self._terms.silence_seconds:.0f} s")
        for shard, why in self._ledger.give_up():
            path = self._shards[shard].package.path
            self._lost_to[path] = why
            self._settled(path)

    # --- one worker ---

    async def _attend(self, mate: Mate) -> None:
        mate.greeted = False
        taking: asyncio.Task[News] | None = None
        try:
            while True:
                try:
                    if not mate.greeted:
                        await self._greet(mate)
                    await self._hand_out(mate)
                    soon = mate.busy or not mate.free  # else nothing changes there unless it is given something
                    wait = min(_BUSY_SECONDS, self._terms.heartbeat_seconds) if soon else self._terms.heartbeat_seconds
                    if taking is None:
                        taking = asyncio.create_task(
                            self._ask(mate, News, "take", self._terms.silence_seconds, acknowledged=mate.acknowledged, seconds=wait)
                        )
                    waking = asyncio.create_task(mate.wake.wait())
                    await asyncio.wait({taking, waking}, return_when=asyncio.FIRST_COMPLETED)
                    waking.cancel()
                    if taking.done():
                        answer = taking.result()
                        taking = None
                        self._hear(mate, answer)
                except Unreachable:
                    taking = None
                    await asyncio.sleep(_AGAIN_SECONDS)
        except msgspec.DecodeError:
            why = "its answers cannot be read: it has another version of steadygo."
            self._exclude(mate, why)
            self._say(f"Worker {mate.name} takes no part: {why}")
        finally:
            if taking is not None:
                taking.cancel()

    async def _greet(self, mate: Mate) -> None:
        token = await self._ask(mate, str, "begin", self._terms.heartbeat_seconds)
        if token != mate.session:
            mate.acknowledged = 0
            mate.parts.clear()
            if self._ledger.leases(mate.name):
                self._lose_leases(mate, "it knows nothing of this run any more")
            if self._terms.deliver is not None:
                await self._equip(mate, self._terms.deliver)
            mate.session = token
        if mate.unwanted:
            await self._ask(mate, bool, "drop", self._terms.heartbeat_seconds, keys=mate.unwanted)
            mate.unwanted.clear()
        mate.greeted = True
        self._ledger.hear(mate.name)

    async def _equip(self, mate: Mate, deliver: Callable[[Ask], Awaitable[object]]) -> None:
        """Measure the link, and send the sources."""

        async def ask(kind: type[Answer], question: str, **words: Any) -> Answer:
            answer = await self._ask(mate, kind, question, self._terms.silence_seconds, **words)
            self._ledger.hear(mate.name)
            return answer

        async def echo(data: bytes, back: int) -> bytes:
            try:
                return await ask(bytes, "echo", data=data, back=back)
            except Unreachable as error:
                raise OSError from error

        mate.link = await measure(echo)
        try:
            await deliver(functools.partial(ask, Receipt))
        except Refused as refused:
            self._exclude(mate, refused.sentence)
            self._say(f"Worker {mate.name} refuses: {refused.sentence}")

    def _exclude(self, mate: Mate, why: str) -> None:
        self._ledger.exclude(mate.name, why)
        mate.outgoing.clear()
        mate.excluded, mate.running, mate.busy, mate.compiling = True, [], False, 0
        self._wake()

    async def _hand_out(self, mate: Mate) -> None:
        mate.wake.clear()
        ahead = max(1, min(_MOST_AHEAD, self._ledger.queued // (2 * max(1, len(self._ledger.workers)))))
        while len(self._ledger.leases(mate.name)) < mate.slots + ahead:
            lease = self._ledger.lease(mate.name)
            if lease is None:
                break
            mate.outgoing.append(lease)
        if not self._ledger.leases(mate.name):
            await self._relieve(mate)
        while mate.outgoing:  # kept until it is known to have arrived
            sent = list(mate.outgoing)
            signed = [self._terms.sign(self._shards[x.shard], x.attempt, mate.name) for x in sent]
            keys = [(x.shard, x.attempt) for x in sent]
            if await self._ask(mate, bool, "give", self._terms.silence_seconds, keys=keys, signed=signed):
                del mate.outgoing[: len(sent)]
                mate.busy = True
            else:
                await self._greet(mate)

    async def _relieve(self, idle: Mate) -> None:
        """A worker has nothing to do: the one with the longest queue gives back half of what it will not start soon.

        Other runs may have its processes, and those of the idle one: that one then waits like the rest.
        """
        if not idle.free:
            return
        waiting = {m.name: self._waiting(m) for m in self._mates.values() if m.greeted and not m.outgoing}
        name = max(waiting, key=lambda n: len(waiting[n]), default="")
        if not name or not waiting[name]:
            return
        other = self._mates[name]
        keys = [(x.shard, x.attempt) for x in waiting[name][len(waiting[name]) // 2 :]]
        try:
            back = await self._ask(other, list[tuple[str, int]], "withdraw", self._terms.heartbeat_seconds, keys=keys)
        except (Unreachable, msgspec.DecodeError):  # it may have heard, or not: have it drop them for certain
            other.unwanted += keys
            other.greeted = False
            back = keys
        if [1 for shard, attempt in back if self._ledger.release(name, shard, attempt)]:
            idle.wake.set()

    def _waiting(self, mate: Mate) -> list[Lease]:
        """What a worker has and can start no process for, as far as it said."""
        return [x for x in self._ledger.leases(mate.name) if (x.shard, x.attempt) not in mate.started][mate.free :]

    def _hear(self, mate: Mate, news: News) -> None:
        if not news.known:
            mate.greeted = False
            return
        self._ledger.hear(mate.name)
        mate.running, mate.compiling, mate.busy = list(news.running), news.compiling, news.busy
        mate.started, mate.free = set(news.started), news.free
        for number, data in enumerate(news.messages, news.first):
            if number >= mate.acknowledged:
                mate.acknowledged = number + 1
                self._take(mate, messages.decode(data))

    def _take(self, mate: Mate, message: messages.Message) -> None:
        match message:
            case Verdict(shard, attempt, path, test):
                if self._ledger.stands(mate.name, shard, attempt):
                    mate.shown[shard, test.name] += 1
                    if mate.shown[shard, test.name] > self._shown[shard][test.name]:  # an attempt that was lost may have shown it
                        self._shown[shard][test.name] += 1
                        self._tell(Tested(path, test))
            case Chunk(shard, attempt, data, last, profile):
                mate.parts[shard, attempt, profile] += data
                if last and not profile:
                    mate.ended(shard, attempt)
                    self._result(mate, shard, attempt)
            case Refusal(shard, attempt, why):
                mate.ended(shard, attempt)
                if self._ledger.refuse(mate.name, shard, attempt, why) and (mate.name, why) not in self._complaints:
                    self._complaints.add((mate.name, why))
                    self._say(f"Worker {mate.name} refuses: {why}")
                self._wake()
            case Over():
                mate.over = True

    def _result(self, mate: Mate, shard: str, attempt: int) -> None:
        data, profile = mate.parts.pop((shard, attempt, False)), mate.parts.pop((shard, attempt, True), b"")
        if shard not in self._shards:
            return
        planned = self._shards[shard].package
        path = planned.path
        result = messages.whole(bytes(data), path)
        if not self._ledger.settle(mate.name, shard, attempt):
            self._say(f"A late answer of worker {mate.name} for {path} (attempt {attempt}) was ignored: the shard had gone to others.")
            return
        self._results[path].append((result, share(mate, attempt, len(planned.tests), result.seconds)))
        self._settled(path, bytes(profile))
        for other in self._mates.values():
            if not self._ledger.leases(other.name):
                other.wake.set()

    def _settled(self, path: str, profile: bytes = b"") -> None:
        """One more shard of the package has its result, or will never have one."""
        self._open[path] -= 1
        if not self._open[path]:
            self._tell(Finished(merged(self._plan[path], self._results.pop(path, []), self._lost_to.get(path, "")), profile))

    # --- the end ---

    async def _halt(self) -> None:
        """Have everything stopped, and take what is known."""
        until = time.monotonic() + _STOP_SECONDS
        for mate in self._mates.values():
            if mate.task is not None:
                mate.task.cancel()
        await asyncio.gather(*(self._halt_one(mate, until) for mate in self._mates.values()))
        self._tell_parts("the run was stopped")

    def _tell_parts(self, missing: str) -> None:
        """What is known of packages that are through in part."""
        for path, parts in list(self._results.items()):
            self._tell(Finished(merged(self._plan[path], parts, missing)))

    async def _halt_one(self, mate: Mate, until: float) -> None:
        with contextlib.suppress(Unreachable, asyncio.CancelledError, msgspec.DecodeError):
            mate.over = not await self._ask(mate, bool, "halt", _STOP_SECONDS / 2)
            while not mate.over and time.monotonic() < until:
                left = max(0.1, until - time.monotonic())
                self._hear(mate, await self._ask(mate, News, "take", left, acknowledged=mate.acknowledged, seconds=min(1.0, left)))

    async def _leave(self) -> None:
        """Tell all workers that the run is over."""

        async def end(mate: Mate) -> None:
            with contextlib.suppress(Unreachable):
                await self._ask(mate, bool, "end", 5.0)

        await asyncio.gather(*(end(mate) for mate in self._mates.values()), return_exceptions=True)
