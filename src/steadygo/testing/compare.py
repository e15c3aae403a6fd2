"""Two runs side by side: the tests that differ, and the differences of their contexts, ranked by evidence."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import StrEnum

import msgspec

from steadygo.testing import opened
from steadygo.testing.results import Outcome, Package, Run

# Differences that decide about tests and that no log of what a test looked at would show.
_MATTERS = (
    "time.zone", "env.TZ", "locale", "process.umask", "go.version", "go.selected", "go.maxprocs", "go.env.GOFLAGS", "go.env.GOOS",
    "go.env.GOARCH", "go.env.CGO_ENABLED", "cgroup.", "cpu.", "godebug.", "env.GOMAXPROCS", "env.GODEBUG", "env.GOGC", "env.GOMEMLIMIT",
)  # fmt: skip


class Evidence(StrEnum):
    """Why a difference may be the cause, strongest first."""

    LOOKED = "a differing test's package looked at it"
    MATTERS = "known to change what tests do"
    DIFFERS = "differs"


class Differs(msgspec.Struct, frozen=True):
    """One difference of the two contexts; `a` or `b` None: unset there. `packages` looked at it."""

    key: str
    a: str | None
    b: str | None
    evidence: Evidence
    because: str
    packages: tuple[str, ...] = ()


class Other(msgspec.Struct, frozen=True):
    """A test (or with an empty name a package) that ended otherwise. `a` or `b` "": not in that run."""

    package: str
    test: str
    a: str
    b: str
    note: str = ""


class Compared(msgspec.Struct, frozen=True):
    """The answer. `stale` are packages whose pass is out of Go's cache, by run id: nothing can be said about those.

    `not_known` are sentences.
    """

    a: str
    b: str
    tests: tuple[Other, ...]
    context: tuple[Differs, ...]
    stale: tuple[tuple[str, str], ...] = ()
    not_known: tuple[str, ...] = ()


class Stated(msgspec.Struct, frozen=True):
    """A difference of fingerprints as the environment's room states it. `weighty`: it says that behaviour changes."""

    key: str
    a: str | None
    b: str | None
    weighty: bool
    why: str


def compare(a: Run, b: Run, stated: Iterable[Stated]) -> Compared:
    """Compare two runs; `stated` are the differences of their fingerprints."""
    others = tuple(_others(a, b))
    concerned = {o.package for o in others}
    looked = _looked([p for run in (a, b) for p in run.packages if p.path in concerned])
    files = opened.compare(a, b)
    context = [*_asked(a, b), *(_of_file(f, concerned) for f in files.differing), *(_ranked(s, looked) for s in stated)]
    order = list(Evidence)
    context.sort(key=lambda d: (order.index(d.evidence), d.key))
    stale = tuple((run.id, path) for run in (a, b) for path in run.stale)
    return Compared(a.id, b.id, others, tuple(context), stale, tuple(opened.not_known(a, b, files, concerned)))


def _others(a: Run, b: Run) -> Iterable[Other]:
    one, two = ({p.path: p for p in run.packages} for run in (a, b))
    for path in sorted({*one, *two}):
        p, q = one.get(path), two.get(path)
        note = "its source differs" if p and q and p.source and q.source and p.source != q.source else ""
        left, right = (_outcomes(x) for x in (p, q))
        found = [
            Other(path, n, left.get(n, ""), right.get(n, ""), note) for n in dict.fromkeys([*left, *right]) if left.get(n) != right.get(n)
        ]
        yield from found
        if not found and (p.outcome if p else "") != (q.outcome if q else ""):
            yield Other(path, "", p.outcome if p else "", q.outcome if q else "", note)


def _outcomes(package: Package | None) -> dict[str, str]:
    """{test: outcome}; a test that ran several times (-count) and did not always end alike shows all of them."""
    found: dict[str, dict[Outcome, None]] = {}
    for test in package.tests if package else ():
        found.setdefault(test.name, {})[test.outcome] = None
    return {name: " and ".join(sorted(outcomes)) for name, outcomes in found.items()}


def _looked(packages: Sequence[Package]) -> dict[str, tuple[str, ...]]:
    """{environment variable: packages that asked for it}."""
    found: dict[str, dict[str, None]] = {}
    for package in packages:
        for one in package.looked:
            if one.what == "getenv":
                found.setdefault(one.name, {})[package.path] = None
    return {name: tuple(paths) for name, paths in found.items()}


def _ranked(s: Stated, looked: Mapping[str, tuple[str, ...]]) -> Differs:
    packages = looked.get(s.key[4:], ()) if s.key.startswith("env.") else ()
    if packages:
        return Differs(s.key, s.a, s.b, Evidence.LOOKED, f"{', '.join(packages[:3])} asked for {s.key[4:]}", packages)
    if s.key.startswith(_MATTERS) or (s.weighty and not s.key.startswith("env.")):
        return Differs(s.key, s.a, s.b, Evidence.MATTERS, s.why)
    return Differs(s.key, s.a, s.b, Evidence.DIFFERS, s.why)


def _of_file(file: opened.Differing, concerned: Collection[str]) -> Differs:
    packages = tuple(p for p in file.packages if p in concerned)
    because = f"{', '.join((packages or file.packages)[:3])} {file.verb} it"
    return Differs(f"file.{file.name}", file.a, file.b, Evidence.LOOKED if packages else Evidence.DIFFERS, because, packages)


def _asked(a: Run, b: Run) -> Iterable[Differs]:
    """What the two runs were asked for."""
    pairs = {"go test flags": (" ".join(a.context.flags), " ".join(b.context.flags)), "shuffle seed": (a.context.seed, b.context.seed)}
    pairs["faults"] = (" ".join(a.context.faults), " ".join(b.context.faults))
    for key, (one, two) in pairs.items():
        if one != two:
            yield Differs(key, one or None, two or None, Evidence.MATTERS, "the runs were asked for different things")
