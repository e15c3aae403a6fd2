"""Proxies that answer with an older list of versions than somebody else knows: another proxy of GOPROXY, the module cache, go.mod.

A version that anybody has is published, so a list without it is stale. The other way round nothing follows: when all agree, all may be
stale, for repositories themselves are not asked. Releases only: `@latest` passes prereleases over while there is a release.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from steadygo.environment.doctor import Patient, is_internal_proxy, private_because, wanted
from steadygo.environment.modulepaths import matches, proxy_list
from steadygo.findings import Because, Confidence, Finding, Place, Severity

_RELEASE = re.compile(r"v(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:\+incompatible)?")


class Question(NamedTuple):
    """A proxy that go would ask for a module."""

    proxy: str
    module: str


class Answer(NamedTuple):
    """What came back. `problem` is "" for a list, even for an empty one; `is_absent` for a proxy without this module."""

    versions: tuple[str, ...] = ()
    problem: str = ""
    is_absent: bool = False


class Known(NamedTuple):
    """A version that is known to be published, and where it is known from."""

    version: str
    where: str


def shown(proxy: str) -> str:
    """A proxy's address without its password."""
    return re.sub(r"//[^/@]*@", "//", proxy)


def questions(patient: Patient, over_network: bool) -> Iterator[Question]:
    """Whom to ask for what, as go would: nothing that GONOPROXY keeps from proxies, no private path to a public proxy."""
    proxies = []
    for proxy, _ in proxy_list(patient.settings.get("GOPROXY", "")):
        if proxy in ("direct", "off"):
            break
        proxies.append(proxy)
    for path in dict.fromkeys(path for path, _, _ in wanted(patient)):
        if matches(patient.settings.get("GONOPROXY", ""), path):
            continue
        for proxy in proxies:
            is_file = proxy.startswith("file://")
            if is_file or (over_network and (is_internal_proxy(proxy) or not private_because(patient, path))):
                yield Question(proxy, path)


def judge(patient: Patient, answers: Mapping[Question, Answer], cached: Mapping[str, Iterable[Known]]) -> tuple[list[Finding], list[str]]:
    """(stale answers, what is not known and why). `cached` are the versions in the module cache."""
    findings: list[Finding] = []
    unknown: dict[str, int] = {}
    for path, required, line in wanted(patient):
        asked = [(q.proxy, answer) for q, answer in answers.items() if q.module == path]
        for proxy, answer in asked:
            if answer.problem and not answer.is_absent:
                said = f"{shown(proxy)} gave no list: {answer.problem}"
                unknown[said] = unknown.get(said, 0) + 1
        # go takes the answer of the first proxy that has the module; the ones after it are never asked.
        first = next(((p, a) for p, a in asked if not a.is_absent), None)
        if first is None or first[1].problem:
            continue
        known = [Known(required, f"go.mod:{line}"), *cached.get(path, ())]
        known += [Known(v, shown(p)) for p, a in asked if p != first[0] for v in a.versions]
        if finding := _stale(path, line, first[0], first[1].versions, known):
            findings.append(finding)
    return findings, [
        f"whether proxies answer with old versions: {said} ({count} module{'s' if count > 1 else ''})" for said, count in unknown.items()
    ]


def _stale(path: str, line: int, proxy: str, listed: tuple[str, ...], known: list[Known]) -> Finding | None:
    newest = max(filter(None, map(_release, listed)), default=(0, 0, -1))
    newer = [(number, k) for k in known if (number := _release(k.version)) is not None and number > newest and k.version not in listed]
    if not newer:
        return None
    best = max(newer, key=lambda pair: pair[0])[1]
    last = "v{}.{}.{}".format(*newest) if newest[2] >= 0 else "no release"
    message = f"{shown(proxy)} lists {last} as the newest of {path}, but {best.version} is out: @latest and go get -u stay behind"
    because = tuple(Because("module versions", 1, f"{k.version} is in {k.where}") for _, k in newer[:3])
    fix = f"let the proxy ask upstream again (its list has a time to live), or GOPROXY=direct go list -m -versions {path}"
    return Finding(
        message, Place("go.mod", line), because, fix, "", "stale-proxy-answer", "environment", Severity.DEGRADED, Confidence.CERTAIN
    )


def _release(version: str) -> tuple[int, int, int] | None:
    found = _RELEASE.fullmatch(version)
    return (int(found[1]), int(found[2]), int(found[3])) if found else None
