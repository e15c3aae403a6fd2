"""Tests that disturb each other because they run at the same time: in one process, or in two."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from steadygo.testing.diagnosis.case import Case, Found
from steadygo.testing.diagnosis.minimal import minimal
from steadygo.testing.diagnosis.probe import Answer
from steadygo.testing.diagnosis.statistics import fisher, reruns
from steadygo.testing.diagnosis.trial import Trial

_WIDE = 16  # tests at a time
_TRIES = 3
_MOST_TRIES = 12
_CHANCE = 0.01
_OVERLAP_SECONDS = 1.0
_MOST_COUNT = 20


def in_process(case: Case, base: Trial, seen: Answer) -> Found | None:
    """Does it fail when tests run in parallel, and pass when they run one at a time? None: it does not, or nothing is parallel.

    What runs in parallel are the test and others beside it, or its own subtests.
    """
    depth = case.test.count("/") + 1
    own = sorted(n for n in seen.parallel if n.startswith(case.test + "/") and n.count("/") == depth)
    beside = [n for n in seen.order if n in seen.parallel and n != case.test] if case.test in seen.parallel else []
    if not beside and len(own) < 2:
        return None
    case.trying = "tests running in parallel"
    case.tried.append("parallel")
    wide = replace(base if beside else case.alone, parallel=_WIDE, count=_count(seen.seconds))
    compared = _compare(case, wide, replace(wide, parallel=1))
    if compared is None:
        return None
    failed, runs, runs_there = compared
    case.because.append(f"with -parallel={_WIDE} it failed in {failed} of {runs} runs, with -parallel=1 in 0 of {runs_there}")
    enough = min(_MOST_TRIES, reruns(failed / runs, 0.98))
    always = (case.test,) if beside else ()

    def disturb(chosen: Sequence[str]) -> bool:
        return any(case.fails(wide.only(*chosen, *always)) for _ in range(enough))

    culprits = minimal(beside or own, disturb)
    if not culprits:
        return Found("parallel", wide)
    case.because.append(f"{'beside ' if beside else ''}{' and '.join(culprits)} {'it fails too' if beside else 'suffice'}")
    return Found("parallel", wide.only(*culprits, *always), polluters=tuple(culprits))


def two_processes(case: Case, seen: Answer) -> Found | None:
    """Does it fail when two processes of the same tests run at once: a port in use, a shared file, a shared database?"""
    case.trying = "two processes at once"
    count = _count(seen.seconds)
    both, one = replace(case.alone, copies=2, count=count), replace(case.alone, count=count)
    case.tried.append("two processes")
    compared = _compare(case, both, one)
    if compared is None:
        return None
    failed, runs, runs_there = compared
    case.because.append(
        f"two processes at once: it failed in {failed} of {runs} runs; one by itself with the same -count: in 0 of {runs_there}"
    )
    return Found("parallel", both, polluters=(f"{case.test} in another process",))


def _compare(case: Case, one: Trial, other: Trial) -> tuple[int, int, int] | None:
    """(failures, runs of one, runs of the other) when the first fails and the other never does, more than by chance."""
    failed, runs, runs_there = sum(case.fails(one) for _ in range(_TRIES)), _TRIES, 0
    while failed and runs_there < _MOST_TRIES:
        if case.ask(other).failed is not False:
            return None
        runs_there += 1
        if fisher(failed, runs, 0, runs_there) <= _CHANCE:
            return failed, runs, runs_there
        if runs <= runs_there:
            failed, runs = failed + case.fails(one), runs + 1
    return None


def _count(seconds: float) -> int:
    """Repetitions within a process, so that short tests overlap."""
    return max(1, min(_MOST_COUNT, math.ceil(_OVERLAP_SECONDS / max(seconds, 0.001))))
