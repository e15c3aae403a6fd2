"""What a run is asked for, before it is known where it runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from steadygo.testing.cluster.shards import Timing
from steadygo.testing.engine import Setting
from steadygo.testing.plan import Planned
from steadygo.testing.results import Context


@dataclass(frozen=True)
class Asked:
    """What is going to be tested, and how long it took lately. `faults` are the words of --fault."""

    plan: Sequence[Planned]
    setting: Setting
    context: Context
    times: Mapping[str, Timing]
    faults: tuple[str, ...]
