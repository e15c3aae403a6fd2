"""Packages and their tests -> shards of about the same length, by the times of earlier runs."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from steadygo.testing.flags import Flags
from steadygo.testing.plan import Planned

_LEAST_SECONDS = 1.0  # a package that takes less is never split
_MOST_START_SECONDS = 0.25  # of a part's time may go into starting the binary: TestMain, init
_MOST_PATTERN = 100_000  # characters; Linux takes 131,072 in one argument


@dataclass(frozen=True)
class Timing:
    """How long a package took lately, and its top-level tests, in seconds."""

    seconds: float
    tests: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Shard:
    """What one worker runs as one process. `package` has the tests of this shard only; `divided`: there are others of the package.

    `seconds` is None for what was never timed.
    """

    id: str
    package: Planned
    divided: bool = False
    seconds: float | None = None


def cut(plan: Sequence[Planned], times: Mapping[str, Timing], flags: Flags, at_once: int) -> list[Shard]:
    """Shards in the order in which they should start: never timed ones, then the longest first. `at_once` processes run at a time.

    Each package with something to run is one shard, unless it alone would keep the others waiting: then its tests are dealt out.
    """
    runnable = [p for p in plan if p.has_files and not p.error]
    timed = {p.path: times[p.path] for p in runnable if p.path in times}
    share = sum(t.seconds for t in timed.values()) / max(1, at_once)
    shards = []
    for package in runnable:
        timing = timed.get(package.path)
        parts = _parts(package, timing, share) if timing and at_once > 1 and is_divisible(package, flags) else []
        shards += [_shard(package, part, seconds) for part, seconds in parts] or [_whole(package, timing)]
    return sorted(shards, key=lambda s: -(float("inf") if s.seconds is None else s.seconds))


def pattern(tests: Sequence[str]) -> str:
    """-test.run for exactly these top-level tests."""
    return f"^({'|'.join(map(re.escape, tests))})$"


def is_divisible(package: Planned, flags: Flags) -> bool:
    """Whether its parts mean what the whole means, which has one order, one first failure, one percentage, one round of benchmarks."""
    if not package.known or len(set(package.tests)) < 2:
        return False
    covered = flags.coverprofile or any(f.startswith("-cover") and f != "-cover=false" for f in flags.build)
    return not (flags.seed != "off" or flags.failfast or covered or "bench" in flags.values or "/" in flags.run)


def _parts(package: Planned, timing: Timing, share: float) -> list[tuple[tuple[str, ...], float]]:
    """(tests, seconds) of each part; nothing when splitting does not pay."""
    if timing.seconds < _LEAST_SECONDS or timing.seconds <= share * 1.1:
        return []
    names = tuple(dict.fromkeys(package.tests))
    usual = sorted(timing.tests.values())[len(timing.tests) // 2] if timing.tests else 0.0
    alone = {name: timing.tests.get(name, usual) for name in names}
    together = sum(alone.values())
    start = max(0.0, timing.seconds - together)
    if not together:
        return []
    scale = min(1.0, timing.seconds / together)  # tests that run in parallel take more than their package
    count = min(len(names), -int(-timing.seconds // max(share, _LEAST_SECONDS / 2)))
    if count < 2 or start > _MOST_START_SECONDS * (start + together * scale / count):
        return []
    dealt: list[list[str]] = [[] for _ in range(count)]
    loads = [0.0] * count
    for name in sorted(names, key=lambda n: -alone[n]):
        least = min(range(count), key=lambda i: (loads[i], len(dealt[i])))
        dealt[least].append(name)
        loads[least] += alone[name] * scale
    if any(len(pattern(part)) > _MOST_PATTERN for part in dealt):
        return []
    place = {name: number for number, name in enumerate(names)}
    return [(tuple(sorted(part, key=place.__getitem__)), start + load) for part, load in zip(dealt, loads, strict=True) if part]


def _shard(package: Planned, tests: tuple[str, ...], seconds: float) -> Shard:
    part = Planned(package.path, package.directory, package.source, tests, package.known, package.has_files, package.error)
    return Shard(_id(part), part, True, seconds)


def _whole(package: Planned, timing: Timing | None) -> Shard:
    return Shard(_id(package), package, False, timing.seconds if timing else None)


def _id(package: Planned) -> str:
    return hashlib.sha256("\n".join((package.path, package.source, *package.tests)).encode()).hexdigest()[:16]
