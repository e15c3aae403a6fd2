"""Run rules over a repository. A rule that breaks costs its own answer, which then is not known."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec

from steadygo.facts.repository import Repository
from steadygo.findings import Finding, NotKnown, Place, Severity
from steadygo.rules.registry import Registered


@dataclass
class Judgement:
    """What all rules said. `seconds` by rule id."""

    findings: list[Finding] = field(default_factory=list)
    not_known: list[NotKnown] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)


def judge(repository: Repository, rules: Iterable[Registered]) -> Judgement:
    """Findings with rule, chapter, severity, confidence and service filled in, sorted and without duplicates."""
    judgement = Judgement()
    owners = _Owners(repository)
    findings: dict[Finding, None] = {}
    for registered in rules:
        started = time.perf_counter()
        try:
            for said in registered.rule.check(repository):
                service = said.service or owners.of(said.at.path)
                if isinstance(said, NotKnown):
                    judgement.not_known.append(
                        msgspec.structs.replace(said, rule=registered.id, chapter=registered.chapter, service=service)
                    )
                    continue
                whole = msgspec.structs.replace(
                    said,
                    rule=registered.id,
                    chapter=registered.chapter,
                    service=service,
                    severity=said.severity or registered.rule.severity,
                    confidence=said.confidence or registered.rule.confidence,
                )
                findings.setdefault(whole)
        except Exception as error:  # a rule's fault must not hide what the others found
            judgement.not_known.append(
                NotKnown(f"the rule failed: {type(error).__name__}: {error}", Place("."), "", registered.id, registered.chapter)
            )
        judgement.seconds[registered.id] = time.perf_counter() - started
    judgement.findings = list(findings)
    return in_order(judgement)


def in_order(judgement: Judgement) -> Judgement:
    """The same, sorted by service, worst first, then by chapter, place and rule."""
    order = tuple(Severity)
    return Judgement(
        sorted(judgement.findings, key=lambda f: (f.service, order.index(f.severity or Severity.NOTE), f.chapter, f.at, f.rule, f.message)),
        sorted(judgement.not_known, key=lambda n: (n.at, n.rule, n.message)),
        judgement.seconds,
    )


class _Owners:
    """Which service a path belongs to: only when exactly one does."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._known: dict[str, str] = {}
        self._services = [s for s in repository.services if not s.tool]

    def of(self, path: str) -> str:
        if path not in self._known:
            self._known[path] = self._find(path)
        return self._known[path]

    def _find(self, path: str) -> str:
        services = self._services
        if len(services) == 1:
            return services[0].name
        if path.endswith(".go"):
            directory = path.rpartition("/")[0]
            owners = [s.name for s in services if s.has(directory)]
        else:
            owners = [
                s.name
                for s in services
                if any(i.image.path == path for i in s.images)
                or any(r.workload.path == path for r in s.running)
                or any(u.path == path for u in s.units)
            ]
        return owners[0] if len(owners) == 1 else ""
