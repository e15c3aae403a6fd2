"""How often the sides of a cluster tell each other that they are there."""

from __future__ import annotations

from collections.abc import Mapping

VARIABLE = "STEADYGO_HEARTBEAT_SECONDS"
"""For our own tests, which cannot wait half a minute for each loss. Both sides need the same."""

_SECONDS = 10.0


def heartbeat_seconds(environment: Mapping[str, str]) -> float:
    """Seconds between signs of life; three missed ones are a loss."""
    try:
        return max(0.1, float(environment[VARIABLE]))
    except (KeyError, ValueError):
        return _SECONDS
