"""The seventeen chapters: what can break a running service, one plain question each. Their order is the order of every report."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

QUESTIONS: Mapping[str, str] = MappingProxyType(
    {
        "pools": "Do its pools of connections have a limit?",
        "logs": "Do its logs tell what happened?",
        "reload": "Does it run with the settings you gave it?",
        "clocks": "Does it survive a clock that steps?",
        "memory": "Does it stay within its memory and processors?",
        "cancellation": "Does work stop when nobody waits for it?",
        "goroutines": "Does every goroutine end?",
        "errors": "Do errors keep their cause?",
        "boundaries": "Are its edges what they promise to be?",
        "build": "Is what you build what you run?",
        "pipeline": "Can you believe a green pipeline?",
        "health": "Do its probes say whether it can work?",
        "shutdown": "Does it stop without losing work?",
        "metrics": "Will an alert fire when it must?",
        "tests": "Do its tests find what they are for?",
        "units": "Does systemd keep it running?",
        "changes": "Can a change to production be undone?",
    }
)

CHAPTERS: tuple[str, ...] = tuple(QUESTIONS)
