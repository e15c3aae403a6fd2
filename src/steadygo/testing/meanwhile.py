"""What faults did while a test ran: told with each test that failed. It happened meanwhile; whether it is the cause is not known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from steadygo.testing.results import Interference, Package, Test

_LATE = timedelta(milliseconds=5)  # test2json may see a test start that much later than it did; its first connections are its own
_SAYS = {
    "cut": "{many} to {name} {were} cut",
    "refused": "{name} itself refused {many}",
    "held": "{many} to {name} {were} held without an answer",
    "delayed": "{many} to {name} {were} delayed",
    "slowed": "{many} to {name} {were} slowed down",
}


def annotated(package: Package, seen: Sequence[Interference]) -> Package:
    """The package with what was seen, and with its failed tests told of it."""
    if not seen:
        return package
    return msgspec.structs.replace(package, interference=tuple(seen), tests=tuple(told(test, seen) for test in package.tests))


def told(test: Test, seen: Iterable[Interference]) -> Test:
    """A failed test with what happened between its start and its end; others as they are."""
    if not test.outcome.bad or not test.started:
        return test
    started = datetime.fromisoformat(test.started)
    if test.ended:  # its own measure, which counts from its true start and is rounded to 10 ms
        started = min(started, datetime.fromisoformat(test.ended) - timedelta(seconds=test.seconds))
    early = _utc(started - _LATE)
    before = [e for e in seen if not test.ended or e.at <= test.ended]
    fresh = {(e.dependency, e.connection) for e in before if e.what == "opened" and e.at >= early}

    def concerns(e: Interference) -> bool:
        if e.at >= test.started or e.what == "down" or (e.dependency, e.connection) in fresh:
            return True
        return e.at >= early and datetime.fromisoformat(e.at) + timedelta(seconds=e.seconds) > started

    said = _sentence([e for e in before if concerns(e)])
    return msgspec.structs.replace(test, meanwhile=said) if said else test


def _utc(time: datetime) -> str:
    return time.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _sentence(seen: Sequence[Interference]) -> str:
    parts = [f"{name} was down" for name in dict.fromkeys(e.dependency for e in seen if e.what == "down")]
    for what, words in _SAYS.items():
        for name in dict.fromkeys(e.dependency for e in seen if e.what == what):
            count = len({e.connection for e in seen if e.what == what and e.dependency == name})
            many = f"{count} connection{'s' if count > 1 else ''}"
            parts.append(words.format(many=many, name=name, were="were" if count > 1 else "was"))
    return f"while it ran, {' and '.join([', '.join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)}" if parts else ""
