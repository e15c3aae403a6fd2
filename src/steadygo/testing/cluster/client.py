"""Run tests on the workers of a cluster, and tell what happens as the engine of one machine does."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractAsyncContextManager

from steadygo.testing import engine
from steadygo.testing.cluster.conversation import Conversation
from steadygo.testing.cluster.looking import Meeting
from steadygo.testing.cluster.shards import Shard
from steadygo.testing.cluster.terms import Terms
from steadygo.testing.coverage import profile
from steadygo.testing.engine import Finished, Happening, Notice, Setting
from steadygo.testing.plan import Planned

_TICK_SECONDS = 0.1


Meet = Callable[[], AbstractAsyncContextManager[Meeting]]
"""Client and workers meet for as long as the run lasts."""


def run(plan: Sequence[Planned], shards: Sequence[Shard], meet: Meet, terms: Terms, setting: Setting) -> Generator[Happening, None, None]:
    """Run the shards of a plan; `setting` is that of this machine, where a coverage profile is written.

    On Ctrl-C everything is stopped everywhere, what is known so far is told, and KeyboardInterrupt is raised. Raises UserError when there
    is no scheduler or no worker for too long.
    """
    merger = profile.Merger()
    for finished in engine.pass_over(plan, setting):
        merger.add(finished.profile, f"the profile of {finished.package.path}")
        yield finished
    yield from _run(plan, shards, meet, terms, merger)
    if setting.flags.coverprofile:
        profile.write(merger.profile(), setting.flags.coverprofile, setting.directory)


def _run(
    plan: Sequence[Planned], shards: Sequence[Shard], meet: Meet, terms: Terms, merger: profile.Merger
) -> Generator[Happening, None, None]:
    if not shards:
        return
    told: queue.SimpleQueue[Happening | BaseException | None] = queue.SimpleQueue()
    conversation = Conversation({p.path: p for p in plan}, shards, terms, told.put, lambda s: told.put(Notice(s)))
    work = threading.Thread(target=_converse, args=(conversation, meet, told), daemon=True)
    work.start()
    interrupted = False
    try:
        while True:
            try:
                one = told.get(timeout=_TICK_SECONDS)
                if isinstance(one, BaseException):
                    raise one
                if one is None:
                    break
                if isinstance(one, Finished):
                    merger.add(one.profile, f"the profile of {one.package.path}")
                yield one
            except queue.Empty:
                yield conversation.tick()
            except KeyboardInterrupt:
                if interrupted:
                    raise
                interrupted = True
                conversation.stop()
    finally:
        conversation.stop()
        work.join()
    if interrupted:
        raise KeyboardInterrupt


def _converse(conversation: Conversation, meet: Meet, told: queue.SimpleQueue[Happening | BaseException | None]) -> None:
    async def main() -> None:
        async with meet() as meeting:
            await conversation.hold(meeting)

    try:
        asyncio.run(main())
    except BaseException as error:  # told to the thread that waits
        told.put(error)
    told.put(None)
