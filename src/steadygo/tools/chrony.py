"""How far chrony says this clock is off."""

from __future__ import annotations

from steadygo.tools.run import run


def offset_seconds() -> float | None:
    """How far the system clock is from NTP time, either way. None when chrony is not there or not running."""
    ran = run(["chronyc", "-n", "-c", "tracking"], timeout_seconds=1.0)
    fields = ran.text.strip().split(",")
    if not ran.ok or len(fields) < 14:
        return None
    try:
        return abs(float(fields[4]))
    except ValueError:
        return None
