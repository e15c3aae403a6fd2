"""The client's end of what is shipped: offer the manifest to a worker, then send what it lacks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from steadygo.testing.cluster import depot, manifest
from steadygo.testing.cluster.gathering import Gathered
from steadygo.testing.cluster.refused import Refused
from steadygo.testing.cluster.shipping import send

Ask = Callable[..., Awaitable[dict[str, Any]]]
"""(question, **words) -> the worker's answer. Raises what the transport raises."""


class Delivered(msgspec.Struct, frozen=True):
    """What one worker had to be sent: contents, bytes on the wire, seconds."""

    contents: int
    sent_bytes: int
    seconds: float


class Consignment:
    """A gathered tree, ready to be delivered to any number of workers."""

    def __init__(self, found: Gathered) -> None:
        self._found = found
        self._encoded = manifest.encode(found.manifest)
        self.digest = manifest.digest(self._encoded)

    async def deliver(self, ask: Ask) -> Delivered:
        """Questions `offer` and `contents`, answered as by `depot.offered` and `depot.contents`.

        Raises Refused with the worker's sentence, UserError when a file changed meanwhile.
        """
        started, missing, sent = time.monotonic(), list[str](), 0
        for words in depot.parts(self._encoded):
            missing = _checked(await ask("offer", digest=self.digest, **words))["missing"]
            sent += len(words["part"])
        messages = send(self._found.root, self._found.manifest, missing) if missing else iter(())
        while (message := await asyncio.to_thread(next, messages, None)) is not None:
            _checked(await ask("contents", digest=self.digest, message=message))
            sent += len(message)
        return Delivered(len(missing), sent, time.monotonic() - started)


def _checked(answer: dict[str, Any]) -> dict[str, Any]:
    if answer.get("refused"):
        raise Refused(str(answer["refused"]))
    return answer
