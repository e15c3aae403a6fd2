"""The smallest set of tests that still does it, in few questions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

Does = Callable[[Sequence[str]], bool]


def minimal(items: Sequence[str], does: Does) -> list[str]:
    """A 1-minimal sublist of `items` for which `does` holds; [] when it does not hold for `items` themselves.

    One culprit among n costs at most ⌈log₂ n⌉ + 1 questions, k culprits about k·(⌈log₂ n⌉ + 2). `items` themselves are asked about
    only where the search has not come upon a subset that does it. Where a superset does not do what its subset does (a cleaner stands
    between), delta debugging takes over (Zeller, Hildebrandt 2002). No set is asked about twice.
    """
    asked: dict[tuple[str, ...], bool] = {}

    def ask(candidate: Sequence[str]) -> bool:
        key = tuple(candidate)
        if key not in asked:
            asked[key] = does(candidate)
        return asked[key]

    found = _by_prefix(list(items), ask) if items else []
    if found is not None:
        return found
    least = min((known for known, held in asked.items() if held), key=len, default=())
    return _by_halves(list(least), ask)


def _by_prefix(items: list[str], ask: Does) -> list[str] | None:
    """The last item of the shortest prefix that does it is a culprit; with that one kept, the next is searched for before it.

    None: what does it is no union of culprits.
    """
    culprits: list[str] = []
    room = len(items)
    while not culprits or not ask(culprits):
        if room == 0:
            return None
        low, high = 0 if culprits else 1, room
        while low < high:
            middle = (low + high) // 2
            if ask([*items[:middle], *culprits]):
                high = middle
            else:
                low = middle + 1
        if low == 0:
            return None  # the culprits alone did not suffice a moment ago
        if low == len(items) and not ask(items[-1:]) and not ask(items):
            return []
        culprits.insert(0, items[low - 1])
        room = low - 1
    for one in list(culprits) if len(culprits) > 2 else ():
        fewer = [c for c in culprits if c != one]
        if ask(fewer):
            culprits = fewer
    return culprits


def _by_halves(items: list[str], ask: Does) -> list[str]:
    current, pieces = items, 2
    while len(current) > 1:
        bounds = [len(current) * i // pieces for i in range(pieces + 1)]
        chunks = [current[a:b] for a, b in pairwise(bounds)]
        complements = [[x for chunk in chunks[:i] + chunks[i + 1 :] for x in chunk] for i in range(pieces)]
        smaller = next((c for c in complements if ask(c)), None)
        if smaller is not None:
            current, pieces = smaller, max(pieces - 1, 2)
            continue
        chunk = next((c for c in chunks if len(c) < len(current) and ask(c)), None) if pieces > 2 else None
        if chunk is not None:
            current, pieces = chunk, 2
            continue
        if pieces >= len(current):
            break
        pieces = min(len(current), pieces * 2)
    return current
