"""A log of `go test -json` that somebody else's CI wrote -> packages with their verdicts."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from steadygo.errors import UserError
from steadygo.testing.events import Event, Lines, Watch
from steadygo.testing.results import Outcome, Package
from steadygo.testing.verdict import meant

_CUT = "the log ends before its verdict"


@dataclass
class _Foreign:
    watch: Watch = field(default_factory=Watch)
    verdict: Event | None = None
    cached: bool = False
    built: list[str] = field(default_factory=list)


def read(data: bytes, name: str) -> tuple[str, tuple[Package, ...]]:
    """(when it started, the packages in the order of the log). Lines that are no events are passed over. Raises UserError without any."""
    packages: dict[str, _Foreign] = defaultdict(_Foreign)
    builds: dict[str, list[str]] = defaultdict(list)
    lines, started = Lines(), ""
    for event in lines.feed(data + b"\n"):
        if event.Action in ("build-output", "build-fail"):
            builds[event.ImportPath].append(event.Output)
            continue
        if not event.Package:
            continue
        started = started or event.Time
        one = packages[event.Package]
        one.watch.take(event)
        if not event.Test:
            if event.Action in ("pass", "fail", "skip"):
                one.verdict = event
                one.built += builds.get(event.FailedBuild, ())
            one.cached = one.cached or (event.Output.startswith("ok  \t") and event.Output.rstrip().endswith("(cached)"))
    if not packages:
        raise UserError(f"{name} holds no events of go test.", "Write it with `go test -json ./... > FILE`.")
    return started[:19] + "Z" if started else "", tuple(_package(path, one) for path, one in packages.items())


def _package(path: str, one: _Foreign) -> Package:
    tests = one.watch.tests((), _CUT if one.verdict is None else "the process ended before its verdict")
    planned = tuple(dict.fromkeys(t.name for t in tests if "/" not in t.name))
    output = "".join(one.built) + one.watch.output()
    if one.verdict is None:
        return Package(path, Outcome.FAILED, 0.0, "The log ends before its verdict.", output, planned=planned, tests=tests)
    outcome = {"pass": Outcome.PASSED, "fail": Outcome.FAILED, "skip": Outcome.SKIPPED}[one.verdict.Action]
    tests = meant(tests) if outcome is Outcome.PASSED else tests
    bad = any(t.outcome.bad for t in tests)
    why = ""
    if one.built:
        why = "It does not compile: " + next((x.strip() for x in one.built if x.strip() and not x.startswith("#")), "see its output")
    elif outcome is Outcome.FAILED and not bad:
        why = "It failed, though no test failed."
    elif outcome is Outcome.SKIPPED:
        why = "no test files"
    if bad:
        outcome = Outcome.FAILED
    return Package(path, outcome, one.verdict.Elapsed, why, output, planned=planned, tests=tests, cached=one.cached)
