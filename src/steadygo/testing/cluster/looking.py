"""The client's look at the scheduler: whether it is there, and which workers it knows."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from steadygo.errors import UserError
from steadygo.testing.cluster.obstacle import obstacle
from steadygo.testing.cluster.terms import Terms

_LOOK_SECONDS = 1.0  # between two looks at the scheduler


@dataclass(frozen=True)
class Meeting:
    """Where client and workers meet: the scheduler's address. `hired` are the run's own worker processes: each tells how it ended."""

    address: str
    hired: Mapping[str, Callable[[], str]] = field(default_factory=dict)


class Listed(NamedTuple):
    """A worker in the scheduler's list: the `number`th time that it joined."""

    number: int
    address: str
    slots: int


def listed(workers: Mapping[str, Mapping[str, Any]]) -> dict[str, Listed]:
    """Workers by name, each as it joined last. Whoever is not called NAME/NUMBER is none of ours."""
    found: dict[str, Listed] = {}
    for address, known in workers.items():
        name, _, number = str(known["name"]).rpartition("/")
        if name and number.isascii() and number.isdigit():
            one = Listed(int(number), address, int(known["nthreads"]))
            found[name] = max(one, found.get(name, one))
    return found


class Lookout:
    """Follows the scheduler's list.

    `meet` gets the workers, and whether those that are missing have left; `alive` says whether one answers, `left` names open packages.
    """

    def __init__(
        self,
        scheduler: Any,
        meeting: Meeting,
        terms: Terms,
        say: Callable[[str], None],
        meet: Callable[[dict[str, Listed], bool], None],
        alive: Callable[[], bool],
        left: Callable[[], list[str]],
    ) -> None:
        self._scheduler, self._address, self._terms, self._say = scheduler, meeting.address, terms, say
        self._hired, self._met = meeting.hired, set[str]()
        self._meet, self._alive, self._left = meet, alive, left
        self._id = ""

    async def follow(self) -> None:
        """Look until cancelled. Raises UserError when there is no scheduler, or no worker that answers, for too long."""
        seen, unheard = time.monotonic(), False
        while True:
            try:
                found = await asyncio.wait_for(self._scheduler.identity(), self._terms.heartbeat_seconds)
            except (OSError, TimeoutError, RuntimeError) as error:
                if not unheard and self._id:
                    self._say(f"The scheduler at {self._address} does not answer; waiting for it.")
                unheard = True
                await self._still_nobody(time.monotonic() - seen, error)
            else:
                if unheard and self._id:
                    self._say(f"The scheduler at {self._address} answers again.")
                unheard = False
                there = listed(found["workers"])
                self._meet(there, found["id"] == self._id)
                self._id = found["id"]
                self._look_at_hired(there)
                now = time.monotonic()
                if self._alive():
                    seen = now
                elif now - seen > self._terms.patience_seconds:
                    raise self._nobody_works()
            await asyncio.sleep(_LOOK_SECONDS if self._alive() else 0.1)

    def _look_at_hired(self, there: Collection[str]) -> None:
        """Say who ended without having been there. Raises UserError when all have ended."""
        self._met.update(there)
        ended = {name: how for name, process in self._hired.items() if (how := process())}
        if ended and len(ended) == len(self._hired):
            how = ", ".join(f"{name}: {how}" for name, how in ended.items())
            raise UserError(f"All worker processes of this run have ended ({how}).", self._with_fewer())
        for name in ended.keys() - self._met:
            self._met.add(name)
            self._say(f"Worker {name} ended before it took part ({ended[name]}). The others run its share.")

    async def _still_nobody(self, silent: float, error: Exception) -> None:
        patience = self._terms.patience_seconds
        if self._id and silent <= 4 * patience:
            return
        tls = self._terms.security.get_connection_args("client")["ssl_context"]
        found = await asyncio.to_thread(obstacle, tls, self._address)
        if found and found.lasts and not self._id:
            raise UserError(f"The scheduler at {self._address} cannot be talked to: {found.words}.")
        if silent > patience:
            why = found.words if found else str(error).strip().split("\n")[0] or type(error).__name__
            raise UserError(f"No scheduler answers at {self._address}: {why}.", self._how_to_go_on())

    def _how_to_go_on(self) -> str:
        if not self._id:
            return "Is it started (`steadygo cluster scheduler`), and are the keys those of its cluster?"
        return f"What has run is kept. Start it again and run the rest: {' '.join(self._left())}"

    def _with_fewer(self) -> str:
        return f"Was there memory for all of them? Run fewer, or without --workers. What is left: {' '.join(self._left())}"

    def _nobody_works(self) -> UserError:
        patience = f"{self._terms.patience_seconds:.0f} s"
        if self._terms.deliver is None:  # they are processes of this run
            return UserError(f"No worker process of this run answered for {patience}.", self._with_fewer())
        return UserError(
            f"The scheduler at {self._address} had no worker that answers for {patience}.",
            "Start one with `steadygo cluster worker`, or look at what the workers say.",
        )
