"""systemd units with their drop-ins, and environment files."""

from __future__ import annotations

import msgspec

from steadygo.facts.commands import Variable
from steadygo.facts.place import Gap


class Directive(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """`section.name = value` after continuation lines were joined. An empty value resets a list."""

    section: str
    name: str
    value: str
    line: int
    path: str = ""


class Unit(msgspec.Struct, frozen=True, array_like=True, tag="unit", gc=False):
    """A unit file, or a drop-in (`drop_in_of` names the unit, "orders.service")."""

    path: str
    name: str
    directives: tuple[Directive, ...] = ()
    drop_in_of: str = ""
    gaps: tuple[Gap, ...] = ()

    def find_all(self, section: str, name: str) -> list[Directive]:
        """Every value of a list directive, after resets, in order."""
        found: list[Directive] = []
        for d in self.directives:
            if d.section == section and d.name == name:
                if d.value == "":
                    found.clear()
                else:
                    found.append(d)
        return found

    def find(self, section: str, name: str) -> Directive | None:
        """The value that counts: the last one."""
        found = self.find_all(section, name)
        return found[-1] if found else None


class EnvironmentFile(msgspec.Struct, frozen=True, array_like=True, tag="envfile", gc=False):
    """A .env or EnvironmentFile. Values of names that look like secrets are None with source "secret"."""

    path: str
    variables: tuple[Variable, ...] = ()
    gaps: tuple[Gap, ...] = ()
