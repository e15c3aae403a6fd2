"""What `go list`, `go test -c` and test2json answer about test binaries. The environment is the caller's: it is what the tests see."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from steadygo.errors import ToolMissing, UserError
from steadygo.tools import guard
from steadygo.tools.run import Outcome, Ran, follow, run

_LIST_SECONDS = 600.0
_COMPILE_SECONDS = 3600.0
_FILES = (
    "GoFiles", "CgoFiles", "CFiles", "CXXFiles", "HFiles", "SFiles", "SysoFiles", "EmbedFiles",
    "TestGoFiles", "XTestGoFiles", "TestEmbedFiles", "XTestEmbedFiles",
)  # fmt: skip


class Listed(NamedTuple):
    """One package as `go list -test -deps` sees it. `files` are paths below `directory`; `asked`: a pattern named it.

    `fixed` is MODULE@VERSION where the files cannot change: the standard library (go) and modules of the cache.
    """

    import_path: str
    directory: str
    asked: bool
    fixed: str
    files: tuple[str, ...]
    tests: tuple[str, ...]
    imports: tuple[str, ...]
    error: str


def find_packages(go: Path, directory: Path, patterns: Sequence[str], flags: Sequence[str], environment: Mapping[str, str]) -> list[Listed]:
    """The packages that the patterns name, their test variants, and all that these import. Raises UserError with go's own complaint."""
    wanted = ("ImportPath", "Dir", "DepOnly", "Standard", "Module", "Imports", "Error", "ForTest", *_FILES)
    arguments: list[str | Path] = [go, "list", "-e", "-deps", "-test", f"-json={','.join(wanted)}", *flags, "--", *patterns]
    ran = run(arguments, directory=directory, environment=environment, timeout_seconds=_LIST_SECONDS, most_bytes=1 << 30)
    if ran.outcome is Outcome.MISSING:
        raise ToolMissing(f"{go} is not a Go toolchain that can be run.", "Install Go, or give --go.")
    if not ran.ok:
        raise UserError(f"go list failed: {ran.complaint}.", "Run `go list` by hand in this directory to see more.")
    return [_listed(entry) for entry in _objects(ran.text)]


def _objects(text: str) -> Iterator[dict[str, Any]]:
    decoder, at = json.JSONDecoder(), 0
    while (at := text.find("{", at)) >= 0:
        entry, at = decoder.raw_decode(text, at)
        yield entry


def _listed(entry: Mapping[str, Any]) -> Listed:
    error = entry.get("Error") or {}
    return Listed(
        import_path=entry["ImportPath"],
        directory=entry.get("Dir", ""),
        asked=not entry.get("DepOnly") and not entry.get("ForTest") and not entry["ImportPath"].endswith(".test"),
        fixed="go" if entry.get("Standard") else _version(entry.get("Module") or {}),
        files=tuple(name for kind in _FILES for name in entry.get(kind) or ()),
        tests=(*(entry.get("TestGoFiles") or ()), *(entry.get("XTestGoFiles") or ())),
        imports=tuple(entry.get("Imports") or ()),
        error=str(error.get("Err", "")).strip(),
    )


def _version(module: Mapping[str, Any]) -> str:
    used = module.get("Replace") or module
    return f"{used['Path']}@{used['Version']}" if used.get("Version") and not module.get("Main") else ""


def find_variables(go: Path, directory: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Where Go's own caches and settings are, as variables: they hold for go in another HOME too."""
    names = ("GOCACHE", "GOMODCACHE", "GOPATH", "GOENV")
    ran = run([go, "env", *names], directory=directory, environment=environment, timeout_seconds=60.0)
    return {name: value for name, value in zip(names, ran.text.split("\n"), strict=False) if value}


def compile_tests(
    go: Path,
    directory: Path,
    packages: Sequence[str],
    out: Path,
    flags: Sequence[str],
    environment: Mapping[str, str],
    stopped: Callable[[], bool],
) -> Ran:
    """`go test -c`: one package to the file `out`, several to NAME.test in the directory `out`. Those that compile are written.

    go's own work directory stands beside `out`, so that it goes with it when go is killed.
    """
    where = str(out) if len(packages) == 1 else f"{out}/"
    arguments: list[str | Path] = [go, "test", "-c", *flags, "-o", where, *packages]
    beside = {**environment, "GOTMPDIR": str(out.parent)}
    return run(arguments, directory=directory, environment=beside, timeout_seconds=_COMPILE_SECONDS, stopped=stopped)


def cover_untested(
    go: Path,
    directory: Path,
    packages: Sequence[str],
    out: Path,
    flags: Sequence[str],
    environment: Mapping[str, str],
    stopped: Callable[[], bool],
) -> Ran:
    """Write the profile of packages that have no tests: from Go 1.22 on each of their blocks with the count 0, before that nothing."""
    arguments: list[str | Path] = [go, "test", *flags, f"-coverprofile={out}", *packages]
    return run(arguments, directory=directory, environment=environment, timeout_seconds=_COMPILE_SECONDS, stopped=stopped)


def find_directories(go: Path, directory: Path, packages: Sequence[str], environment: Mapping[str, str]) -> dict[str, str]:
    """Where packages lie, by import path; those that go does not find are left out."""
    if not packages:
        return {}
    arguments: list[str | Path] = [go, "list", "-e", "-find", "-json=ImportPath,Dir", "--", *packages]
    ran = run(arguments, directory=directory, environment=environment, timeout_seconds=_LIST_SECONDS)
    return {entry["ImportPath"]: entry["Dir"] for entry in _objects(ran.text) if entry.get("Dir")}


def covered_by_binaries(go: Path, directory: Path, data: Path, environment: Mapping[str, str]) -> bytes:
    """The profile of what programs built with -cover left in the directory `data` (GOCOVERDIR). Raises UserError."""
    remedy = "Give the directory that was GOCOVERDIR for programs built with go build -cover, and the same Go version."
    if not any(data.glob("covmeta.*")):
        raise UserError(f"{data} holds no coverage data.", remedy)
    with guard.scratch("steadygo-test-", environment) as scratch:
        out = scratch / "profile"
        arguments: list[str | Path] = [go, "tool", "covdata", "textfmt", f"-i={data}", f"-o={out}"]
        ran = run(arguments, directory=directory, environment=environment, timeout_seconds=_LIST_SECONDS)
        if ran.outcome is Outcome.MISSING:
            raise ToolMissing(f"{go} is not a Go toolchain that can be run.", "Install Go, or give --go.")
        if not ran.ok or not out.is_file():
            raise UserError(f"go tool covdata cannot read {data}: {ran.complaint}.", remedy)
        return out.read_bytes()


def plain(go: Path, directory: Path, words: Sequence[str], environment: Mapping[str, str]) -> bytes:
    """What `go test -json` with these flags and packages prints; Go's cache is used. Raises UserError when it prints nothing."""
    with guard.scratch("steadygo-go-", environment) as work:
        here = {**environment, "GOTMPDIR": str(work)}
        ran = run([go, "test", "-json", *words], directory=directory, environment=here, timeout_seconds=86400.0, most_bytes=1 << 30)
    if not ran.stdout:
        raise UserError(f"go test printed nothing: {ran.complaint}.", "Run it by hand in this directory to see more.")
    return ran.stdout


def run_binary(
    binary: Path,
    arguments: Sequence[str],
    take: Callable[[bytes], None],
    *,
    test2json: Path,
    directory: Path,
    environment: Mapping[str, str],
    timeout_seconds: float,
    stopped: Callable[[], bool],
    marked: bool = True,
    began: Callable[[int], None] | None = None,
    ended: Callable[[], None] | None = None,
    linger_seconds: float = 30.0,
) -> Ran:
    """Run a test binary from its package's directory; `take` gets chunks of test2json's lines as they come.

    `marked` False: `arguments` have -test.v=test2json in them, because `binary` is a program that starts the test binary.
    `began` gets the id of the process when it has started; `ended` is called when it has ended, before what it left is killed.
    """
    return follow(
        [binary, *(["-test.v=test2json"] if marked else []), *arguments],
        take,
        through=[test2json, "-t"],
        directory=directory,
        environment=environment,
        timeout_seconds=timeout_seconds,
        stopped=stopped,
        began=began,
        ended=ended,
        linger_seconds=linger_seconds,
    )
