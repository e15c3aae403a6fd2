"""The lines of a package's source that are most likely at fault, once an experiment has said what kind of fault it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from steadygo.facts.go import GoFile
from steadygo.testing.suspects import chance, state, surroundings
from steadygo.testing.suspects.clue import Clue
from steadygo.testing.suspects.source import Source

_MOST = 5
_LEAST_WEIGHT = 40.0
_LEAST_SHARE = 0.6  # of the best one's weight
_FRAME = re.compile(r"([^\s/,:]+\.go):(\d+)")


class Suspect(msgspec.Struct, frozen=True):
    """A line of source, as it stands, and why it is looked at. `path` is that of the facts."""

    path: str
    line: int
    source: str
    why: str


def find_suspects(
    files: Sequence[GoFile],
    texts: Mapping[str, str],
    *,
    test: str,
    kind: str,
    role: str = "",
    others: Sequence[str] = (),
    factor: str = "",
    race: str = "",
) -> tuple[Suspect, ...]:
    """At most five lines, the likeliest first; none where nothing fits. `others`: the polluters, or what sets a brittle test's state.

    `race`: a text with FILE.go:LINE of what the race detector saw.
    """
    source = Source(tuple(files), texts)
    top = test.partition("/")[0]
    best: dict[tuple[str, int], Clue] = {}
    for one in (*_seen_racing(source, race), *_clues(source, top, kind, role, others, factor)):
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


def _seen_racing(source: Source, said: str) -> Iterator[Clue]:
    """Lines of the package that the race detector named, code before tests."""
    by_name = {file.path.rpartition("/")[2]: file for file in source.files}
    for name, line in _FRAME.findall(said):
        if name in by_name:
            yield Clue(by_name[name].path, int(line), "the race detector saw this access", 105.0 if by_name[name].is_test else 110.0)
