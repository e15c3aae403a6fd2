"""Delta debugging: the smallest set of tests that still does it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise


def minimal(items: Sequence[str], does: Callable[[Sequence[str]], bool]) -> list[str]:
    """A 1-minimal sublist of `items` for which `does` holds; it holds for `items` themselves and is not asked about those.

    Halves first: one culprit among n costs at most 2⌈log₂ n⌉ questions. No set is asked about twice. (Zeller, Hildebrandt 2002.)
    """
    current, pieces = list(items), 2
    asked: dict[tuple[str, ...], bool] = {}

    def ask(candidate: Sequence[str]) -> bool:
        key = tuple(candidate)
        if key not in asked:
            asked[key] = does(candidate)
        return asked[key]

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
