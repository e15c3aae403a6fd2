"""The client's end of what is shipped: offer the manifest to a worker, then send what it lacks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from steadygo.testing.cluster import depot, manifest
from steadygo.testing.cluster.gathering import Gathered
from steadygo.testing.cluster.messages import Receipt
from steadygo.testing.cluster.refused import Refused
from steadygo.testing.cluster.shipping import send

Ask = Callable[..., Awaitable[Receipt]]
"""(question, **words) -> the worker's answer. Raises what the transport raises."""


class Consignment:
    """A gathered tree, ready to be delivered to any number of workers."""

    def __init__(self, found: Gathered) -> None:
        self._found = found
        self._encoded = manifest.encode(found.manifest)
        self.digest = manifest.digest(self._encoded)

    async def deliver(self, ask: Ask) -> None:
        """Questions `offer` and `contents`, answered as by `depot.offered` and `depot.contents`.

        Raises Refused with the worker's sentence, UserError when a file changed meanwhile.
        """
        missing: tuple[str, ...] = ()
        for words in depot.parts(self._encoded):
            missing = _checked(await ask("offer", digest=self.digest, **words)).missing
        messages = send(self._found.root, self._found.manifest, missing) if missing else iter(())
        while (message := await asyncio.to_thread(next, messages, None)) is not None:
            _checked(await ask("contents", digest=self.digest, message=message))


def _checked(answer: Receipt) -> Receipt:
    if answer.refused:
        raise Refused(answer.refused)
    return answer
