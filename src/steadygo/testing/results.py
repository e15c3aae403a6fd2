"""What a run of tests found: frozen, and stored as JSON."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

import msgspec

from steadygo.errors import UserError


class Outcome(StrEnum):
    """How a test or a package ended. LOST: planned, and it has no verdict of its own; counted as failed."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    LOST = "lost"

    @property
    def bad(self) -> bool:
        return self in (Outcome.FAILED, Outcome.LOST)


class Test(msgspec.Struct, frozen=True):
    """One execution of a test, subtest, example or fuzz test's seeds. `why` says what the test itself could not say.

    `started` and `ended` are UTC with microseconds, "" where unknown; `meanwhile`: what faults did while a failed test ran.
    """

    __test__ = False

    name: str
    outcome: Outcome
    seconds: float = 0.0
    output: str = ""
    why: str = ""
    started: str = ""
    ended: str = ""
    meanwhile: str = ""


class Interference(msgspec.Struct, frozen=True, order=True):
    """What a fault did to a connection. `at` is UTC with microseconds, `connection` its number, 0 for what concerns all.

    `what`: opened, delayed (from then on, for so many `seconds`), slowed, cut, held (taken and never answered), refused (by the
    dependency itself), down.
    """

    at: str
    dependency: str
    connection: int
    what: str
    detail: str = ""
    seconds: float = 0.0


class Looked(msgspec.Struct, frozen=True, order=True):
    """What a test binary asked its environment: `what` is getenv, open, stat or chdir.

    `found`: of open and stat, what the file was when the tests had run (filestate.py); "" where that is not known.
    """

    what: str
    name: str
    found: str = ""


class Share(msgspec.Struct, frozen=True):
    """What one worker did of a package: `tests` top-level ones, at this attempt (1 is the first), in so many seconds.

    The link to it as measured before: round trip in milliseconds, megabytes a second, lost echoes of 1; None where it was not measured.
    """

    worker: str
    attempt: int
    tests: int
    seconds: float
    rtt_ms: float | None = None
    megabytes_per_second: float | None = None
    loss: float | None = None


class Package(msgspec.Struct, frozen=True):
    """One package's tests. `why` is the sentence when the package failed as a whole; `source` hashes its files and all it imports.

    `tests` are in the order in which they started; `planned` are the top-level names that its source declares and `-run` selects.
    `shares` say which workers ran it; none for a run without workers.
    """

    path: str
    outcome: Outcome
    seconds: float = 0.0
    why: str = ""
    output: str = ""
    source: str = ""
    planned: tuple[str, ...] = ()
    tests: tuple[Test, ...] = ()
    looked: tuple[Looked, ...] = ()
    cached: bool = False
    interference: tuple[Interference, ...] = ()
    shares: tuple[Share, ...] = ()

    @property
    def stale(self) -> bool:
        """A pass out of Go's cache: its tests did not run in the context that the run states."""
        return self.cached and self.outcome is Outcome.PASSED

    @property
    def failures(self) -> int:
        """Failed tests; a package that failed without one counts once."""
        bad = sum(t.outcome.bad for t in self.tests)
        return bad or (1 if self.outcome.bad else 0)


class Context(msgspec.Struct, frozen=True):
    """What a run was asked for and where. `started` is UTC, `planned` the packages, `fingerprint` JSON of the environment's room.

    `faults` are the words of --fault that do the same again.
    """

    started: str
    directory: str
    patterns: tuple[str, ...]
    flags: tuple[str, ...]
    seed: str
    planned: tuple[str, ...]
    fingerprint: str = ""
    origin: str = "here"
    faults: tuple[str, ...] = ()


class Run(msgspec.Struct, frozen=True):
    """One kept run. A run that was stopped has fewer packages than planned."""

    id: str
    context: Context
    packages: tuple[Package, ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        """Planned packages without a result."""
        there = {p.path for p in self.packages}
        return tuple(p for p in self.context.planned if p not in there)

    @property
    def stale(self) -> tuple[str, ...]:
        """Packages whose pass is out of Go's cache."""
        return tuple(p.path for p in self.packages if p.stale)

    def count(self, outcome: Outcome) -> int:
        """Tests with that outcome; LOST ones and packages that failed as a whole count as FAILED."""
        if outcome is Outcome.FAILED:
            return sum(p.failures for p in self.packages)
        return sum(t.outcome is outcome for p in self.packages for t in p.tests)

    @property
    def failed(self) -> bool:
        return bool(self.missing) or any(p.outcome.bad for p in self.packages)


class Time(msgspec.Struct, frozen=True):
    """How long a test took."""

    name: str
    seconds: float = 0.0


class Times(msgspec.Struct, frozen=True):
    """How long a stored package took, and its tests: read in a fraction of the time that the whole takes."""

    path: str
    seconds: float = 0.0
    tests: tuple[Time, ...] = ()


Stored = TypeVar("Stored", Context, Package, Times)


def encode(value: Context | Package) -> str:
    """The text that is stored."""
    return msgspec.json.encode(value).decode()


def decode(text: str, kind: type[Stored]) -> Stored:
    """Read what was stored. Raises UserError when another program wrote it."""
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.DecodeError as error:
        raise UserError(f"A stored test run cannot be read: {error}.", "Was the database written by another steadygo?") from None
