"""The lines of a package's source that are most likely at fault, once an experiment has said what kind of fault it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from steadygo.facts.go import GoFile
from steadygo.testing.suspects import chance, state, surroundings
from steadygo.testing.suspects.clue import Clue
from steadygo.testing.suspects.source import Source

_MOST = 5
_LEAST_WEIGHT = 40.0
_LEAST_SHARE = 0.6  # of the best one's weight
_FRAME = re.compile(r"^\s+(\S+\.go):(\d+)", re.MULTILINE)


class Suspect(msgspec.Struct, frozen=True):
    """A line of source, as it stands, and why it is looked at. `path` is that of the facts."""

    path: str
    line: int
    source: str
    why: str


def find_suspects(
    files: Sequence[GoFile], texts: Mapping[str, str], *, test: str, kind: str, role: str = "", others: Sequence[str] = (), factor: str = ""
) -> tuple[Suspect, ...]:
    """At most five lines, the likeliest first; none where nothing fits. `others`: the polluters, or what sets a brittle test's state."""
    source = Source(tuple(files), texts)
    top = test.partition("/")[0]
    best: dict[tuple[str, int], Clue] = {}
    for one in _clues(source, top, kind, role, others, factor):
        known = best.get((one.path, one.line))
        if known is None or one.weight > known.weight:
            best[one.path, one.line] = one
    ranked = sorted(best.values(), key=lambda c: (-c.weight, c.path, c.line))
    least = max(_LEAST_WEIGHT, ranked[0].weight * _LEAST_SHARE) if ranked else 0.0
    return tuple(Suspect(c.path, c.line, source.line(c.path, c.line).strip(), c.why) for c in ranked[:_MOST] if c.weight >= least)


def _clues(source: Source, test: str, kind: str, role: str, others: Sequence[str], factor: str) -> Iterator[Clue]:
    match kind:
        case "order-dependent" if others:
            yield from state.passed_on(source, [o.partition("/")[0] for o in others], test, role == "brittle")
        case "not-idempotent":
            yield from state.left_for_itself(source, test)
        case "parallel":
            yield from state.shared_at_once(source, test)
            yield from chance.unlocked(source, test)
        case "factor":
            yield from surroundings.clues(source, test, factor)
            if factor == "TMPDIR":
                yield from state.left_for_itself(source, test)
        case "nondeterministic":
            yield from chance.clues(source, test)


def race_frames(report: str, paths: Iterable[str]) -> list[tuple[str, int]]:
    """(path, line) of the package's own files that a report of the race detector names, in its order. `paths` are those of the facts."""
    by_name = {path.rpartition("/")[2]: path for path in paths}
    found = [(by_name[name], int(line)) for file, line in _FRAME.findall(report) if (name := file.rpartition("/")[2]) in by_name]
    return list(dict.fromkeys(found))
