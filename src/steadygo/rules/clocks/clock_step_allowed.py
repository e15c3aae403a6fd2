"""Timers, leases and logs jump: the time daemon may set the clock at any moment instead of slewing it.

A step while services run makes wall-clock deadlines pass at once or an hour late, tokens look expired or not yet valid, and log lines
stand in the wrong order. chrony steps at any time with `makestep THRESHOLD -1`; without makestep, or with a small count, only during
the first updates after it starts. ntpd steps on every offset above 0.128 s unless `tinker step 0` is set.

Only configuration that lies in the repository is seen. Units with ProtectClock= do not change this: the daemon sets the clock.

Fix: `makestep 1.0 3` for chrony: step at the start only, slew afterwards; `tinker step 0` for ntpd.
"""

from __future__ import annotations

from collections.abc import Iterator

from steadygo.facts.repository import Repository
from steadygo.findings import Confidence, Finding, Place, Severity
from steadygo.rules.rule import Rule

_MOST_STEPS = 10  # updates after the start of chrony


def check(facts: Repository) -> Iterator[Finding]:
    for settings in facts.time_settings:
        if not facts.ships(settings.path):
            continue
        for name, words, line in settings.directives:
            at = Place(settings.path, line)
            if settings.program == "chrony" and name == "makestep" and len(words) == 2 and _number(words[0]) < 3600:
                if words[1].startswith("-"):
                    message = f"chrony may step the clock at any time by more than {words[0]} s"
                    yield Finding(message, at, fix=f"Write makestep {words[0]} 3: step only at the start.")
                elif _number(words[1]) > _MOST_STEPS:
                    message = f"chrony may step the clock by more than {words[0]} s during its first {words[1]} updates"
                    yield Finding(message, at, fix=f"Write makestep {words[0]} 3: step only at the start.", severity=Severity.NOTE)
            elif settings.program == "ntp" and name == "tinker" and "step" in words[:-1] and _number(words[words.index("step") + 1]) > 0:
                threshold = words[words.index("step") + 1]
                yield Finding(f"ntpd steps the clock whenever it is off by more than {threshold} s", at, fix="Write tinker step 0.")


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


_MAIN = {"go.mod": "module example.com/orders\n\ngo 1.25\n", "main.go": "package main\n\nfunc main() {}\n"}

RULE = Rule(
    severity=Severity.HAZARD,
    confidence=Confidence.CERTAIN,
    since="0.1",
    check=check,
    needs=("go",),
    fails=(
        {**_MAIN, "deploy/chrony.conf": "server ntp1.example.com iburst\n# want below\nmakestep 1.0 -1\nrtcsync\n"},
        {**_MAIN, "deploy/ntp.conf": "server ntp1.example.com\n# want below\ntinker panic 0 step 0.5\n"},
    ),
    passes=(
        {**_MAIN, "deploy/chrony.conf": "server ntp1.example.com iburst\nmakestep 1.0 3\n"},
        {**_MAIN, "deploy/chrony.conf": "server ntp1.example.com iburst\n#makestep 1.0 -1\n"},
        {**_MAIN, "deploy/ntp.conf": "server ntp1.example.com\ntinker step 0\n"},
        {**_MAIN, "examples/chrony.conf": "makestep 1.0 -1\n"},
    ),
)
