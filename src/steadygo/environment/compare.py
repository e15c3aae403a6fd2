"""Two fingerprints side by side: what differs, ranked by what the difference does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from steadygo.environment import impact, meeting
from steadygo.environment.fingerprint import Fingerprint
from steadygo.environment.impact import Impact, Pair
from steadygo.environment.secrets import comparable
from steadygo.environment.versions import minor
from steadygo.findings import Verdict

# Says nothing about how a program behaves: when and where the fingerprint was taken, or what another key says better.
_PASSED_OVER = frozenset(
    {"go.env.GODEBUG", "go.env.GOVERSION", "go.env.GOMOD", "go.toolchains", "go.root", "go.env.GOROOT", "clock.error_seconds"}
)
# The environment variable on the left is judged by what it leads to, when both sides state that.
_LEADS_TO = {
    "env.TZ": "time.zone",
    "env.SSL_CERT_FILE": "tls.roots",
    "env.LANG": "locale",
    "env.LC_ALL": "locale",
    "env.LC_CTYPE": "locale",
}
_UTC = frozenset({"UTC", "Etc/UTC", "Etc/UCT", "Etc/Universal", "Etc/Zulu", "UCT", "Universal", "Zulu"})


class Difference(msgspec.Struct, frozen=True):
    """One thing that differs. `a` or `b` None: unset, or not there, on that side."""

    key: str
    a: str | None
    b: str | None
    impact: Impact
    why: str
    source: str


class Comparison(msgspec.Struct, frozen=True):
    """Differences, worst first. The verdict fails on a fatal one; it is not known when the sides state nothing in common."""

    differences: tuple[Difference, ...]
    verdict: Verdict
    not_compared: tuple[str, ...] = ()


def compare(a: Fingerprint, b: Fingerprint, reads: Mapping[str, str] | None = None) -> Comparison:
    """Compare and rank. `reads`: {environment variable: place} that the module's code reads, None when that is not known."""
    differences: list[Difference] = []
    skipped: list[str] = []
    compared = 0
    for key in sorted({*a.values, *b.values}):
        if key in _PASSED_OVER or key.startswith("unit."):
            continue
        state = _state(key, a, b)
        if state is None:
            skipped.append(key)
            continue
        compared += 1
        one, two = state
        if _same(key, one, two) or _said_elsewhere(key, a, b):
            continue
        judged = impact.judge(Pair(key, one, two, a, b, reads))
        differences.append(Difference(key, one, two, judged.impact, judged.why, judged.source))
    met = list(_met(a, b))
    covered = {d.key for d in met}
    differences = [*met, *(d for d in differences if d.key not in covered)]
    order = list(Impact)
    differences.sort(key=lambda d: (order.index(d.impact), d.key))
    verdict = Verdict.FAIL if any(d.impact is Impact.FATAL for d in differences) else Verdict.PASS
    if not compared and not met and not (meeting.applies(a, b) or meeting.applies(b, a)):
        verdict = Verdict.NOT_KNOWN
    return Comparison(tuple(differences), verdict, tuple(skipped))


def _state(key: str, a: Fingerprint, b: Fingerprint) -> tuple[str | None, str | None] | None:
    """The two values, None in place of an unset one; None altogether when the sides cannot be compared on this key."""
    sides: list[str | None] = []
    for side in (a, b):
        if key in side.values:
            if side.values[key].value is None:
                return None
            sides.append(side.values[key].value)
        elif side.says_unset(key):
            sides.append(None)
        else:
            return None
    one, two = sides
    if one is not None and two is not None and not comparable(one, two):
        return None
    return one, two


def _same(key: str, one: str | None, two: str | None) -> bool:
    if one == two:
        return True
    if key == "time.zone" and one in _UTC and two in _UTC:
        return True
    if key in ("go.version", "go.selected") and one and two and minor(one) == minor(two):
        # "go1.26" stands for whichever patch is newest when it is installed.
        return one.count(".") < 2 or two.count(".") < 2
    return False


def _said_elsewhere(key: str, a: Fingerprint, b: Fingerprint) -> bool:
    """Whether another key that both sides state carries this difference."""
    if key.startswith("env."):
        twin = f"go.env.{key[4:]}"
        if twin not in _PASSED_OVER and a.find(twin) is not None and b.find(twin) is not None:
            return True
    if key == "env.GODEBUG" and "godebug." in a.closed and "godebug." in b.closed:
        return True
    other = _LEADS_TO.get(key)
    return other is not None and a.find(other) is not None and b.find(other) is not None


def _met(a: Fingerprint, b: Fingerprint) -> Iterator[Difference]:
    seen: set[tuple[str, str]] = set()
    for program, host, turned in ((a, b, False), (b, a, True)):
        for m in meeting.meet(program, host):
            if (m.key, m.why) in seen:
                continue
            seen.add((m.key, m.why))
            yield Difference(m.key, *((m.host, m.program) if turned else (m.program, m.host)), m.impact, m.why, m.source)
