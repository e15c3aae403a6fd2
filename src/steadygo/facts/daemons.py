"""The systemd units that keep a program running."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from steadygo.facts.repository import Repository, Service
from steadygo.facts.roles import aside
from steadygo.facts.units import Directive, Unit
from steadygo.findings import Place


@dataclass(frozen=True)
class Daemon:
    """A .service unit that ships, with its ExecStart; `service` is the one it was joined with."""

    unit: Unit
    start: Directive
    service: Service | None

    @property
    def name(self) -> str:
        """The service's name for a finding, "" when it was not joined."""
        return self.service.name if self.service else ""

    def at(self, directive: Directive | None = None) -> Place:
        """Where a directive stands (a drop-in has its own path); the ExecStart without one."""
        d = directive or self.start
        return Place(d.path or self.unit.path, d.line)

    def value(self, section: str, name: str, default: str = "") -> str:
        """The value that counts, `default` when it is not set."""
        d = self.unit.find(section, name)
        return d.value.strip() if d else default


def daemons(facts: Repository) -> Iterator[Daemon]:
    """Units of type service with an ExecStart that do not end by design (Type=oneshot), tests and examples left out."""
    for unit in facts.units:
        start = unit.find("Service", "ExecStart")
        kind = unit.find("Service", "Type")
        if not unit.name.endswith(".service") or start is None or aside(unit.path) or (kind and kind.value.strip() == "oneshot"):
            continue
        owner = next((s for s in facts.services if any(u.path == unit.path for u in s.units)), None)
        yield Daemon(unit, start, owner)
