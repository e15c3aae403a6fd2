"""The unit is killed without the warning that was meant: MemoryHigh= is not below MemoryMax=, so the kernel never slows it down first.

Above MemoryHigh= the kernel throttles the processes of the unit and takes memory back; at MemoryMax= it kills. With MemoryHigh= at
or above MemoryMax= the first never happens: no slow phase that a metric or an operator could see, only the kill.

Percentages, and limits of slices above the unit, are not compared.

Fix: set MemoryHigh= to 80 to 95 % of MemoryMax=.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts.gomemory import shown
from steadygo.facts.repository import Repository
from steadygo.facts.units import size
from steadygo.findings import Because, Confidence, Finding, Place, Severity
from steadygo.rules.rule import Rule


def check(facts: Repository) -> Iterator[Finding]:
    for unit in facts.units:
        high, most = unit.find("Service", "MemoryHigh"), unit.find("Service", "MemoryMax")
        if high is None or most is None or not facts.ships(unit.path):
            continue
        above, limit = size(high.value), size(most.value)
        if above is None or limit is None or above < limit or float("inf") in (above, limit):
            continue
        yield Finding(
            f"{unit.name} is killed at {shown(limit)} before the kernel would slow it down at {shown(above)}",
            Place(high.path or unit.path, high.line),
            (Because(most.path or unit.path, most.line, f"MemoryMax={most.value}"),),
            f"Set MemoryHigh={int(limit * 0.9) >> 20}M, or raise MemoryMax=.",
            next((s.name for s in facts.services if any(u.path == unit.path for u in s.units)), ""),
        )


RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    needs=("unit",),
    fails=(
        {"main.go": "package main\n", "orders.service": "[Service]\nExecStart=/orders\n# want below\nMemoryHigh=600M\nMemoryMax=512M\n"},
        {
            "main.go": "package main\n",
            "orders.service": "[Service]\nExecStart=/orders\n# want below\nMemoryHigh=1G\n",
            "orders.service.d/max.conf": "[Service]\nMemoryMax=1024M\n",
        },
    ),
    passes=(
        {"main.go": "package main\n", "orders.service": "[Service]\nExecStart=/orders\nMemoryHigh=500M\nMemoryMax=512M\n"},
        {"main.go": "package main\n", "orders.service": "[Service]\nExecStart=/orders\nMemoryHigh=80%\nMemoryMax=512M\n"},
        {"main.go": "package main\n", "orders.service": "[Service]\nExecStart=/orders\nMemoryHigh=600M\nMemoryMax=infinity\n"},
        {
            "main.go": "package main\n",
            "orders.service": "[Service]\nExecStart=/orders\nMemoryHigh=600M\nMemoryMax=512M\n",
            "orders.service.d/high.conf": "[Service]\nMemoryHigh=450M\n",
        },
    ),
)
