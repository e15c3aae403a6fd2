"""go.mod, go.work, go.sum and vendor/modules.txt."""

from __future__ import annotations

import msgspec

from steadygo.facts.place import Gap, Text


class Requirement(msgspec.Struct, frozen=True, array_like=True, gc=False):
    path: str
    version: str
    line: int
    indirect: bool = False


class Replacement(msgspec.Struct, frozen=True, array_like=True, gc=False):
    path: str
    version: str  # "" for every version
    by: str  # module path or a local directory
    by_version: str  # "" for a local directory
    line: int


class Retraction(msgspec.Struct, frozen=True, array_like=True, gc=False):
    low: str
    high: str
    reason: str
    line: int


class GoMod(msgspec.Struct, frozen=True, array_like=True, tag="gomod", gc=False):
    path: str
    module: Text | None = None
    go: Text | None = None  # the go line, "1.24" or "1.24.3"
    toolchain: Text | None = None  # "go1.24.3" or "default"
    godebug: tuple[Text, ...] = ()  # "name=value"
    requirements: tuple[Requirement, ...] = ()
    replacements: tuple[Replacement, ...] = ()
    retractions: tuple[Retraction, ...] = ()
    tools: tuple[Text, ...] = ()
    gaps: tuple[Gap, ...] = ()
    exclusions: tuple[Requirement, ...] = ()
    ignores: tuple[Text, ...] = ()  # directories that `go` leaves out of ./...

    @property
    def directory(self) -> str:
        return self.path.rpartition("/")[0]


class GoWork(msgspec.Struct, frozen=True, array_like=True, tag="gowork", gc=False):
    path: str
    go: Text | None = None
    toolchain: Text | None = None
    godebug: tuple[Text, ...] = ()
    uses: tuple[Text, ...] = ()
    replacements: tuple[Replacement, ...] = ()
    gaps: tuple[Gap, ...] = ()


class GoSum(msgspec.Struct, frozen=True, array_like=True, tag="gosum", gc=False):
    """`entries` are (module, version, hash); version ends in /go.mod for the go.mod's own hash."""

    path: str
    entries: tuple[tuple[str, str, str], ...] = ()
    gaps: tuple[Gap, ...] = ()


class VendorModules(msgspec.Struct, frozen=True, array_like=True, tag="vendor", gc=False):
    """vendor/modules.txt. `modules` are the `# path version` lines; `explicit` those marked `## explicit`."""

    path: str
    modules: tuple[Requirement, ...] = ()
    explicit: tuple[str, ...] = ()
    replacements: tuple[Replacement, ...] = ()
    packages: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()
