"""`go env`, with where each value came from, and the toolchains on PATH.

Precedence: a non-empty variable of the process, the user's file (`go env -w`), $GOROOT/go.env, the built-in default. Source:
cmd/go/internal/cfg (Getenv, initEnvCache). `go env -changed` cannot see what a distribution wrote into go.env, so go.env is
compared with what upstream ships.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from steadygo.environment.fingerprint import Stated
from steadygo.environment.versions import order
from steadygo.tools import go as go_tool

UPSTREAM = {"GOPROXY": "https://proxy.golang.org,direct", "GOSUMDB": "sum.golang.org", "GOTOOLCHAIN": "auto"}
# Settings of `go env` that people set (go1.27.3, cmd/go/internal/envcmd); GODEBUG is the program's as well and is told as env.GODEBUG.
NAMES = frozenset({
    "AR", "CC", "CXX", "FC", "PKG_CONFIG", "CGO_ENABLED", "CGO_CFLAGS", "CGO_CPPFLAGS", "CGO_CXXFLAGS", "CGO_FFLAGS",
    "CGO_LDFLAGS", "GCCGO", "GO111MODULE", "GO386", "GOAMD64", "GOARCH", "GOARM", "GOARM64", "GOAUTH", "GOBIN",
    "GOCACHE", "GOCACHEPROG", "GOENV", "GOEXPERIMENT", "GOFIPS140", "GOFLAGS", "GOINSECURE", "GOMIPS", "GOMIPS64",
    "GOMODCACHE", "GONOPROXY", "GONOSUMDB", "GOOS", "GOPACKAGESDRIVER", "GOPATH", "GOPPC64", "GOPRIVATE", "GOPROXY",
    "GORISCV64", "GOROOT", "GOSUMDB", "GOTELEMETRY", "GOTMPDIR", "GOTOOLCHAIN", "GOVCS", "GOWASM", "GOWORK",
})  # fmt: skip
# Worked out anew by every call of go: they name temporary directories or say what another key already says.
_PASSING = frozenset({"GOGCCFLAGS", "GOTOOLDIR", "GOEXE", "GOTELEMETRYDIR"})
_WORKED_OUT = {
    "GOMOD": "the go.mod found from here",
    "GOWORK": "the go.work found from here",
    "GOVERSION": "the toolchain",
    "GOROOT": "the toolchain",
}


def parse_env_file(text: str) -> dict[str, str]:
    """NAME=value lines of a user's go/env or a GOROOT's go.env, as cmd/go reads them: no quotes, no trimming."""
    found: dict[str, str] = {}
    for line in text.split("\n"):
        name, mark, value = line.partition("=")
        if mark and "A" <= line[0] <= "Z":
            found[name] = value
    return found


def user_file(environment: Mapping[str, str]) -> Path | None:
    """The file that `go env -w` writes; None when GOENV=off or there is no home."""
    named = environment.get("GOENV", "")
    if named == "off":
        return None
    if named:
        return Path(named)
    config = environment.get("XDG_CONFIG_HOME") or (environment["HOME"] + "/.config" if environment.get("HOME") else "")
    return Path(config, "go/env") if config else None


def read_env_file(path: Path | None) -> dict[str, str]:
    """The settings in `path`, none when it cannot be read."""
    if path is None:
        return {}
    try:
        return parse_env_file(path.read_text("utf-8", "replace"))
    except OSError:
        return {}


def find_go(environment: Mapping[str, str]) -> list[Path]:
    """Programs named `go` or `go1.N…` on PATH, the one that counts first. Two names of one file count once."""
    found: dict[Path, Path] = {}
    for directory in environment.get("PATH", "").split(":"):
        if not directory.startswith("/"):
            continue
        try:
            names = sorted(e.name for e in os.scandir(directory) if e.name == "go" or e.name.startswith("go1."))
        except OSError:
            continue
        for name in names:
            path = Path(directory, name)
            if path.is_file() and os.access(path, os.X_OK):
                found.setdefault(path.resolve(), path)
    # A bare `go` is what people run: goX.Y programs only count after it.
    return sorted(found.values(), key=lambda p: p.name != "go")


def capture(directory: Path, environment: Mapping[str, str]) -> Iterator[Stated]:
    """go.version, go.root, go.toolchains, go.env.*"""
    programs = find_go(environment)
    user = user_file(environment)
    written = read_env_file(user)
    if not programs or programs[0].name != "go":
        yield Stated("go.version", None, "no go on PATH")
        yield from _without_go(environment, written, user)
        return
    settings, complaint = go_tool.find_env(programs[0], directory, environment)
    if not settings:
        yield Stated("go.version", go_tool.find_version(programs[0]), str(programs[0]))
        yield Stated("go.env", None, complaint)
        yield from _without_go(environment, written, user)
        return
    root = Path(settings.get("GOROOT", ""))
    versions = {p: go_tool.find_version(p) or "unknown" for p in programs}
    yield Stated("go.toolchains", ", ".join(f"{v} {p}" for p, v in versions.items()), "PATH")
    yield from stated(settings, str(programs[0]), environment, written, str(user or ""), read_env_file(root / "go.env"))


def stated(
    settings: Mapping[str, str],
    program: str,
    environment: Mapping[str, str],
    written: Mapping[str, str],
    user: str,
    distribution: Mapping[str, str],
) -> Iterator[Stated]:
    """go.version, go.root and go.env.* from the answer of `go env -json` (asked with GOTOOLCHAIN=local) and the files behind it."""
    root = settings.get("GOROOT", "")
    yield Stated("go.version", settings.get("GOVERSION", ""), program)
    yield Stated("go.root", root, "GOROOT of the process" if environment.get("GOROOT") else program)
    for name in sorted(settings):
        if name in _PASSING:
            continue
        value = settings[name]
        if name == "GOTOOLCHAIN":
            # We ask with GOTOOLCHAIN=local, so that nothing is fetched: what counts without us is worked out here.
            value = environment.get(name) or written.get(name) or distribution.get(name) or UPSTREAM[name]
        yield Stated(f"go.env.{name}", value, origin(name, value, environment, written, user, distribution, root))


def origin(
    name: str,
    value: str,
    environment: Mapping[str, str],
    written: Mapping[str, str],
    user: str,
    distribution: Mapping[str, str],
    root: str,
) -> str:
    """Where the value of one setting came from."""
    if name in _WORKED_OUT and not (name == "GOROOT" and environment.get(name)):
        return _WORKED_OUT[name]
    if environment.get(name):
        return "process environment"
    if written.get(name):
        return f"user file {user}"
    if name in distribution:
        upstream = UPSTREAM.get(name)
        if distribution[name] == upstream:
            return "default"
        return f"the distribution's {root}/go.env" + (f" (upstream: {upstream})" if upstream else "")
    if UPSTREAM.get(name, value) != value:
        return f"not in {root}/go.env (upstream: {UPSTREAM[name]})"
    return "default"


def _without_go(environment: Mapping[str, str], written: Mapping[str, str], user: Path | None) -> Iterator[Stated]:
    for name in sorted({*written, *(n for n in environment if n in NAMES)}):
        if environment.get(name):
            yield Stated(f"go.env.{name}", environment[name], "process environment")
        elif written.get(name):
            yield Stated(f"go.env.{name}", written[name], f"user file {user}")


def selected(local: str, go_line: str, toolchain_line: str, gotoolchain: str) -> str:
    """The toolchain that `go` would run for a module: the newest of its own, go line and toolchain line, unless GOTOOLCHAIN pins one.

    A name "go1.26.3" means an exact toolchain; "go1.27 or newer, refused" when GOTOOLCHAIN=local forbids what the module asks for.
    """
    base, _, rule = gotoolchain.partition("+")
    switching = base in ("auto", "path") or rule in ("auto", "path")
    start = local if base in ("auto", "path", "local", "") else base
    asked = [v for v in (go_line and f"go{go_line}", "" if toolchain_line == "default" else toolchain_line) if v]
    if not switching:
        needed = f"go{go_line}" if go_line else ""
        return f"{needed} or newer, refused by GOTOOLCHAIN={gotoolchain}" if needed and order(needed) > order(start) else start
    return max([start, *asked], key=order)
