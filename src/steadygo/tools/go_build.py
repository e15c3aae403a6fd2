"""What `go build`, `go list` and their tools answer. GOTOOLCHAIN=local and the environment are the caller's to give."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from steadygo.errors import ToolMissing, UserError
from steadygo.tools.run import Outcome, Ran, run

_BUILD_SECONDS = 3600.0


class Package(NamedTuple):
    """One package as `go list` sees it. `module_directory` is empty outside of a module."""

    import_path: str
    name: str
    directory: str
    module_path: str
    module_directory: str


def find_package(go: Path, directory: Path, pattern: str, tags: Sequence[str], environment: Mapping[str, str]) -> list[Package]:
    """The packages that a pattern names. Raises UserError with go's own complaint."""
    ran = _run(
        go, directory, ["list", "-e", f"-tags={','.join(tags)}", "-json=ImportPath,Name,Dir,Module,Error", "--", pattern], environment
    )
    packages = []
    decoder = json.JSONDecoder()
    text = ran.text.strip()
    while text:
        entry, end = decoder.raw_decode(text)
        text = text[end:].lstrip()
        if entry.get("Error") and not entry.get("Name"):
            raise UserError(f"Go finds no package {pattern}: {entry['Error'].get('Err', '').strip()}.", "Name a package's directory.")
        module = entry.get("Module") or {}
        packages.append(
            Package(entry["ImportPath"], entry.get("Name", ""), entry.get("Dir", ""), module.get("Path", ""), module.get("Dir", ""))
        )
    return packages


def build(
    go: Path,
    directory: Path,
    package: str,
    out: Path,
    flags: Sequence[str],
    environment: Mapping[str, str],
    before: Sequence[str] = (),
) -> None:
    """Compile and link; `before` are words that go before the command. Raises UserError with what the compiler said."""
    ran = run(
        [*before, go, "build", "-o", out, *flags, "--", package],
        directory=directory,
        environment=environment,
        timeout_seconds=_BUILD_SECONDS,
    )
    if ran.outcome is Outcome.MISSING:
        raise _missing(go)
    if not ran.ok:
        said = ran.stderr.decode("utf-8", "replace").strip() or str(ran.outcome)
        raise UserError(f"go build {package} failed:\n{said}\n", "Mend the build; nothing was written.")


def tool_ids(go: Path, directory: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """What the compiler, assembler and linker call themselves: {"compile": "compile version go1.27.3"}."""
    found = {}
    for tool in ("compile", "asm", "link", "cgo"):
        ran = run([go, "tool", tool, "-V=full"], directory=directory, environment=environment, timeout_seconds=20.0)
        if ran.ok:
            found[tool] = ran.text.strip()
    return found


def _run(go: Path, directory: Path, arguments: Sequence[str], environment: Mapping[str, str]) -> Ran:
    ran = run([go, *arguments], directory=directory, environment=environment, timeout_seconds=120.0)
    if ran.outcome is Outcome.MISSING:
        raise _missing(go)
    if not ran.ok:
        raise UserError(f"go {arguments[0]} failed: {ran.complaint}", "Run it by hand in the module's directory to see more.")
    return ran


def _missing(go: Path) -> ToolMissing:
    return ToolMissing(f"{go} is not a Go toolchain that can be run.", "Install Go, or give --go.")
