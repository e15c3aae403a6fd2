"""GODEBUG of the exact toolchain: which settings it knows, and what is in effect for a module.

Source: src/internal/godebugs/table.go of each toolchain, read from its GOROOT when it is present, else from data/godebug.json,
which scripts/godebug_tables.py makes from real toolchains. Precedence, weakest first: go line, go.mod `godebug`, `//go:debug`, environment.
"""

from __future__ import annotations

import importlib.resources
import re
from collections.abc import Iterable
from pathlib import Path

import msgspec

from steadygo.environment.versions import minor, order

_ENTRY = re.compile(r"\{Name: \"(?P<name>\w+)\"(?P<rest>(?:[^{}\"]|\"[^\"]*\"|\{[^{}]*\})*)\}")
_FIELD = re.compile(r"\b(Package|Changed|Old|Removed|Immutable): (?:\"([^\"]*)\"|(func[^{]*\{[^{}]*\})|(\w+))")
_LITERAL = re.compile(r"s == \"([^\"]*)\"")
_PREDICATES = {"zero": ("0",), "one": ("1",)}


class Setting(msgspec.Struct, frozen=True, array_like=True):
    """One row of `All`. `changed` is the minor version whose default differs from `old`, 0 when it never changed."""

    name: str
    package: str
    changed: int = 0
    old: str = ""
    immutable: bool = False


class Removed(msgspec.Struct, frozen=True, array_like=True):
    """One row of `Removed`. `old` are the values that are refused; empty where the toolchain (before 1.27) refuses none."""

    name: str
    removed: int
    old: tuple[str, ...] = ()


class Table(msgspec.Struct, frozen=True, array_like=True):
    """The settings of one toolchain; `version` is the one it was read from."""

    version: str
    settings: tuple[Setting, ...]
    removed: tuple[Removed, ...] = ()

    def find(self, name: str) -> Setting | None:
        return next((s for s in self.settings if s.name == name), None)


class Effect(msgspec.Struct, frozen=True):
    """A setting in effect and who set it."""

    name: str
    value: str
    origin: str


def parse_table(version: str, text: str) -> Table:
    """table.go -> table. Comments are dropped first: they hold rows that do not count."""
    text = "\n".join(line.partition("//")[0] if line.lstrip().startswith("//") else line for line in text.split("\n"))
    settings: list[Setting] = []
    removed: list[Removed] = []
    for entry in _ENTRY.finditer(text):
        fields = {m[1]: (m[2] or m[3] or m[4] or "") for m in _FIELD.finditer(entry["rest"])}
        if "Removed" in fields:
            old = fields.get("Old", "")
            removed.append(Removed(entry["name"], int(fields["Removed"]), _PREDICATES.get(old) or tuple(_LITERAL.findall(old))))
        else:
            settings.append(
                Setting(
                    entry["name"],
                    fields.get("Package", ""),
                    int(fields.get("Changed", "0")),
                    fields.get("Old", ""),
                    fields.get("Immutable") == "true",
                )
            )
    return Table(version, tuple(settings), tuple(removed))


def table_for(version: str, goroot: Path | None = None) -> Table:
    """The table of `version`: its own when `goroot` holds the source, else the shipped one of the nearest patch of that minor."""
    if goroot is not None:
        try:
            own = parse_table(version, (goroot / "src/internal/godebugs/table.go").read_text("utf-8"))
        except (OSError, UnicodeDecodeError):
            own = None
        if own is not None and own.settings:
            return own
    tables = shipped()
    wanted = minor(version)
    same = [t for t in tables if minor(t.version) == wanted]
    if same:
        return min(same, key=lambda t: abs(order(t.version)[2] - order(version)[2]))
    return tables[0] if wanted is not None and wanted < (minor(tables[0].version) or 0) else tables[-1]


def shipped() -> tuple[Table, ...]:
    """The tables that come with steadygo, oldest toolchain first."""
    data = importlib.resources.files("steadygo.environment").joinpath("data/godebug.json").read_bytes()
    return msgspec.json.decode(data, type=tuple[Table, ...])


def defaults(table: Table, go_line: str) -> list[Effect]:
    """What the go line alone turns back: every setting that changed after it. GOPATH mode is go line 1.20."""
    line = minor(go_line)
    if line is None:
        return []
    return [
        Effect(s.name, s.old, f"go line {go_line}: the default changed in Go 1.{s.changed}") for s in table.settings if line < s.changed
    ]


def effective(
    table: Table, go_line: str, module: Iterable[tuple[str, str, str]] = (), environment: str = "", environment_origin: str = "environment"
) -> list[Effect]:
    """The settings in effect, sorted by name. `module` are (name, value, origin) of go.mod and `//go:debug` lines, in that order.

    `default=go1.N` among them replaces the go line. In the environment the last field of a name wins.
    """
    stated = list(module)
    for name, value, _ in stated:
        if name == "default" and minor(value) is not None:
            go_line = value.removeprefix("go")
    found = {e.name: e for e in defaults(table, go_line)}
    found |= {name: Effect(name, value, origin) for name, value, origin in stated if name != "default"}
    for field in environment.split(","):
        name, mark, value = field.partition("=")
        if mark:
            found[name] = Effect(name, value, environment_origin)
    return [found[name] for name in sorted(found)]
