"""How many runs it takes to be sure: sequential tests, exact tests, and how often to repeat."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

ALPHA, BETA = 0.10, 0.02
"""Shares of wrong answers: "it does" where it does not, and "it does not" where it does."""


@dataclass
class Sprt:
    """Wald's sequential test of a failure rate: at most `low`, or at least `high`?"""

    low: float
    high: float
    alpha: float = ALPHA
    beta: float = BETA
    _weight: float = 0.0

    def add(self, failed: bool) -> bool | None:
        """Count one run. True: the rate is high; False: it is low; None: more runs are needed."""
        if self.verdict is None:
            high, low = (self.high, self.low) if failed else (1 - self.high, 1 - self.low)
            self._weight += math.log(high / low)
        return self.verdict

    @property
    def verdict(self) -> bool | None:
        if self._weight >= math.log((1 - self.beta) / self.alpha):
            return True
        if self._weight <= math.log(self.beta / (1 - self.alpha)):
            return False
        return None


def passes_needed(low: float, high: float) -> int:
    """How many runs without a failure make such a test say that the rate is low."""
    return math.ceil(math.log((1 - ALPHA) / BETA) / math.log((1 - low) / (1 - high)))


def fisher(failed: int, runs: int, failed_there: int, runs_there: int) -> float:
    """Two-sided p of Fisher's exact test: how likely are rates as different as these by chance?"""
    total, bad = runs + runs_there, failed + failed_there

    def weight(k: int) -> float:
        return math.comb(runs, k) * math.comb(runs_there, bad - k) / math.comb(total, bad)

    seen = weight(failed)
    possible = range(max(0, bad - runs_there), min(runs, bad) + 1)
    return min(1.0, sum(w for w in map(weight, possible) if w <= seen * (1 + 1e-9)))


def discoveries(chances: Sequence[float], share: float = 0.05) -> list[bool]:
    """Which of several p-values stand when at most `share` of those named may be false (Benjamini, Hochberg 1995)."""
    ranked = sorted(range(len(chances)), key=lambda i: chances[i])
    last = max((rank for rank, i in enumerate(ranked, 1) if chances[i] <= share * rank / len(chances)), default=0)
    named = set(ranked[:last])
    return [i in named for i in range(len(chances))]


def reruns(rate: float, certainty: float = 0.95) -> int:
    """Runs after which a failure of that rate has shown with that certainty: n ≥ ln(1−C)/ln(1−p)."""
    if rate >= 1.0:
        return 1
    return max(1, math.ceil(math.log(1 - certainty) / math.log(1 - rate)))


def at_least(failed: int, runs: int) -> float:
    """A rate that the true one hardly ever lies below: the lower end of Wilson's interval at 95 %."""
    z, seen = 1.96, failed / runs
    middle, spread = seen + z * z / (2 * runs), z * math.sqrt(seen * (1 - seen) / runs + z * z / (4 * runs * runs))
    return (middle - spread) / (1 + z * z / runs)
