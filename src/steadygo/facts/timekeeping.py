"""How the machine's clock is kept: the configuration of chrony or ntpd."""

from __future__ import annotations

import msgspec

from steadygo.facts.place import Gap


class TimeSettings(msgspec.Struct, frozen=True, array_like=True, tag="time", gc=False):
    """program: chrony ntp. `directives` are (name, words, line), comments left out."""

    path: str
    program: str
    directives: tuple[tuple[str, tuple[str, ...], int], ...] = ()
    gaps: tuple[Gap, ...] = ()
