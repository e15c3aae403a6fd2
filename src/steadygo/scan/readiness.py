"""The readiness table: services x chapters -> verdict. Not known is never counted as pass."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from steadygo.findings import Finding, NotKnown, Verdict
from steadygo.rules.chapters import CHAPTERS
from steadygo.rules.registry import Registered
from steadygo.scan.result import REPOSITORY

if TYPE_CHECKING:
    from steadygo.facts.repository import Repository, Service


def applicable(repository: Repository, rules: Iterable[Registered]) -> dict[str, dict[str, bool]]:
    """{service: {chapter: whether one of its rules applies there}}; the last row is the repository's own."""
    services = [s for s in repository.services if not s.tool]
    needs: dict[str, list[tuple[str, ...]]] = {chapter: [] for chapter in CHAPTERS}
    for registered in rules:
        needs[registered.chapter].append(registered.rule.needs)
    table: dict[str, dict[str, bool]] = {}
    for service in services:
        present = _present(repository, service)
        table[service.name] = {chapter: any(_applies(n, present) for n in needs[chapter]) for chapter in CHAPTERS}
    present = set() if services else _present(repository, None)
    table[""] = {chapter: any(_applies(n, present) for n in needs[chapter]) for chapter in CHAPTERS}
    return table


def verdicts(
    applies: Mapping[str, Mapping[str, bool]], findings: Iterable[Finding], not_known: Iterable[NotKnown]
) -> dict[str, dict[str, Verdict]]:
    """A chapter fails when one of its rules found something, passes when at least one of its rules applied and none was in doubt."""
    failed = {(f.service, f.chapter) for f in findings}
    unknown = {(n.service, n.chapter) for n in not_known if n.chapter}
    table: dict[str, dict[str, Verdict]] = {}
    for service, chapters in applies.items():
        if service or len(applies) == 1 or any(s == "" for s, _ in failed | unknown):
            table[service or REPOSITORY] = {c: _verdict((service, c), failed, unknown, chapters[c]) for c in CHAPTERS}
    return table


_DATABASES = (
    "database/sql",
    "gorm.io/",
    "github.com/jackc/pgx",
    "github.com/jmoiron/sqlx",
    "github.com/go-sql-driver/",
    "github.com/lib/pq",
)


def _verdict(key: tuple[str, str], failed: set[tuple[str, str]], unknown: set[tuple[str, str]], applies: bool) -> Verdict:
    if key in failed:
        return Verdict.FAIL
    if key in unknown:
        return Verdict.NOT_KNOWN
    return Verdict.PASS if applies else Verdict.NOT_APPLICABLE


def _applies(needs: tuple[str, ...], present: set[str]) -> bool:
    return all(n in present or (n.startswith("import:") and any(p.startswith(n) for p in present)) for n in needs)


def _present(repository: Repository, service: Service | None) -> set[str]:
    """The words of Rule.needs that hold for a service (for the whole repository when None)."""
    present: set[str] = set()
    of = (service,) if service else repository.services
    running = service.running if service else tuple(r for s in repository.services for r in s.running)
    units = service.units if service else repository.units
    images = service.images if service else tuple(i for s in repository.services for i in s.images)
    for word, there in (
        ("image", images),
        ("workload", running),
        ("compose", any(r.workload.kind == "compose" for r in running)),
        ("kubernetes", any(r.workload.kind != "compose" for r in running)),
        ("unit", units),
        ("probe", any(r.container.probes for r in running)),
        ("environment", running or units or images or repository.environment_files),
        ("delivery", any(s.delivered for s in of)),
        ("pipeline", repository.pipelines),
        ("alerts", repository.alerts),
        ("dashboard", repository.dashboards),
        ("openapi", repository.contracts),
        ("migration", repository.migrations),
        ("module", service.module if service else repository.modules),
    ):
        if there:
            present.add(word)
    for package in repository.go.packages.values():
        if service is not None and not service.has(package.directory):
            continue
        if package.files:
            present.add("go")
        if package.tests:
            present.add("tests")
        for file in package.files:
            present.update(f"import:{i.path}" for i in file.imports)
    if any(p.startswith(tuple(f"import:{path}" for path in _DATABASES)) for p in present):
        present.add("database")
    return present
