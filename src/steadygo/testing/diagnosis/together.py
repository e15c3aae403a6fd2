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


def in_process(case: Case, whole: Trial, seen: Answer) -> Found | None:
    """Does it fail when tests run in parallel, and pass when they run one at a time? None: it does not, or is not parallel at all."""
    if case.test not in seen.parallel or len(seen.parallel) < 2:
        return None
    case.trying = "tests running in parallel"
    wide = replace(whole, parallel=_WIDE, count=_count(seen.seconds))
    narrow = replace(wide, parallel=1)
    failed, runs = _rate(case, wide)
    if not failed:
        case.tried.append("parallel")
        return None
    there, runs_there = 0, 0
    while fisher(failed, runs, there, runs_there) > _CHANCE and runs_there < _MOST_TRIES:
        there, runs_there = there + case.fails(narrow), runs_there + 1
        if there:
            return None
        if runs < runs_there:
            failed, runs = failed + case.fails(wide), runs + 1
    if fisher(failed, runs, there, runs_there) > _CHANCE:
        return None
    case.because.append(f"with -parallel={_WIDE} it failed in {failed} of {runs} runs, with -parallel=1 in {there} of {runs_there}")
    enough = min(_MOST_TRIES, reruns(failed / runs, 0.98))
    partners = [n for n in seen.order if n in seen.parallel and n != case.test]

    def disturb(chosen: Sequence[str]) -> bool:
        return any(case.fails(wide.only(*chosen, case.test)) for _ in range(enough))

    if not disturb(partners):
        return Found("parallel", wide)
    culprits = minimal(partners, disturb)
    least = wide.only(*culprits, case.test)
    case.because.append(f"beside {' and '.join(culprits)} alone it fails too")
    return Found("parallel", least, polluters=tuple(culprits))


def two_processes(case: Case, seen: Answer) -> Found | None:
    """Does it fail when two processes of the same tests run at once: a port in use, a shared file, a shared database?"""
    case.trying = "two processes at once"
    count = _count(seen.seconds)
    both, one = replace(case.alone, copies=2, count=count), replace(case.alone, count=count)
    failed, runs = _rate(case, both)
    case.tried.append("two processes")
    if not failed:
        return None
    there, runs_there = 0, 0
    while runs_there < _MOST_TRIES and fisher(failed, runs, there, runs_there) > _CHANCE:
        there, runs_there = there + case.fails(one), runs_there + 1
        if there:
            return None
        if runs < runs_there:
            failed, runs = failed + case.fails(both), runs + 1
    if fisher(failed, runs, there, runs_there) > _CHANCE:
        return None
    case.because.append(
        f"two processes at once: it failed in {failed} of {runs} runs; one by itself with the same -count: in {there} of {runs_there}"
    )
    return Found("parallel", both, polluters=(f"{case.test} in another process",))


def _count(seconds: float) -> int:
    """Repetitions within a process, so that short tests overlap."""
    return max(1, min(_MOST_COUNT, math.ceil(_OVERLAP_SECONDS / max(seconds, 0.001))))


def _rate(case: Case, trial: Trial) -> tuple[int, int]:
    failed = 0
    for run in range(1, _TRIES + 1):
        failed += case.fails(trial)
        if not failed and run == _TRIES:
            break
    return failed, _TRIES
