"""Latencies turn negative or huge when the clock is set: elapsed time is the difference of two wall-clock numbers.

time.Now() carries a monotonic reading that survives clock steps, but UnixNano(), UnixMilli() and Unix() throw it away. After a step by
NTP, a resumed VM or a leap second the difference is wrong by the whole step: timeouts fire at once or never, histograms get
values that hide all others.

Only differences of two readings within one function are reported, or of a reading and a local variable that holds one.

Fix: keep the time.Time and use time.Since(start), which takes the monotonic clock.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts.go import Assignment, Comparison, GoFile
from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Severity, because
from steadygo.rules.rule import Rule

_READING = re.compile(r"time\.Now\(\)(?:\.UTC\(\))?\.Unix(?:Nano|Milli|Micro)?\(\)$")


def check(facts: Repository) -> Iterator[Finding]:
    for directory, package in facts.go.packages.items():
        if not facts.ships(f"{directory}/x.go".lstrip("/")):
            continue
        for file in package.files:
            if not any(c.operator == "-" and "Unix" in c.left + c.right for c in file.comparisons):
                continue
            for difference in file.comparisons:
                start = _start(facts, file, difference)
                if start is None:
                    continue
                yield Finding(
                    f"{difference.left} - {difference.right} is wrong by every step of the clock in between",
                    file.at(difference),
                    (because(file.at(start), "the start is kept as a number, without the monotonic clock"),),
                    "Keep start := time.Now() and use time.Since(start).",
                )


def _start(facts: Repository, file: GoFile, difference: Comparison) -> Assignment | None:
    """The assignment of the local variable that is taken from a reading of the clock."""
    if difference.operator != "-" or not _READING.search(difference.left):
        return None
    function = facts.go.declared_function_at(file, difference.block)
    if function is None:
        return None
    given = [a for a in file.assignments if difference.right in a.names and function.line <= a.line <= difference.line]
    readings = [a for a in given if len(a.values) == 1 and _READING.search(a.values[0])]
    return readings[0] if len(given) == len(readings) == 1 else None


_MOD = {"go.mod": "module example.com/orders\n\ngo 1.25\n"}
_HEAD = 'package main\n\nimport "time"\n\nfunc work() {}\n\nfunc main() {\n'

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.LIKELY,
    since="0.1",
    check=check,
    fails=(
        {**_MOD, "main.go": _HEAD + "\tstart := time.Now().UnixNano()\n\twork()\n\tprintln(time.Now().UnixNano() - start) // want\n}\n"},
        {
            **_MOD,
            "main.go": _HEAD
            + "\tt := time.Now().UTC().UnixMilli()\n\twork()\n\td := time.Now().UTC().UnixMilli() - t // want\n\tprintln(d)\n}\n",
        },
    ),
    passes=(
        {**_MOD, "main.go": _HEAD + "\tstart := time.Now()\n\twork()\n\tprintln(time.Since(start).Nanoseconds())\n}\n"},
        {**_MOD, "main.go": _HEAD + "\tprintln(time.Now().Unix() - 3600)\n}\n"},
        {**_MOD, "main.go": _HEAD + "\tprintln(age(7))\n}\n\nfunc age(created int64) int64 { return time.Now().Unix() - created }\n"},
    ),
)
