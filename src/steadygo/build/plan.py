"""What a build will do, and what it refuses to do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from steadygo.build import semver
from steadygo.build.settings import BuildSettings
from steadygo.errors import UserError
from steadygo.facts.godebug import SETTINGS, fatal_at_start
from steadygo.facts.modules import GoMod
from steadygo.facts.secrets import HIDDEN, is_secret, replaced
from steadygo.tools.git import Checkout
from steadygo.tools.go_build import Package

# Where modules come from, not what is built: these pass through to go.
_NETWORK = (
    "GOPROXY", "GOPRIVATE", "GONOPROXY", "GONOSUMDB", "GOSUMDB", "GOAUTH", "GOINSECURE", "GOVCS", "GOMODCACHE", "GOCACHE", "GOPATH",
)  # fmt: skip
_SYSTEM = (
    "PATH",
    "HOME",
    "TMPDIR",
    "USER",
    "SSH_AUTH_SOCK",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
)
_CGO = ("CC", "CXX", "CGO_CFLAGS", "CGO_CPPFLAGS", "CGO_CXXFLAGS", "CGO_LDFLAGS", "PKG_CONFIG", "PKG_CONFIG_PATH")
_TARGET = re.compile(r"([a-z0-9]+)/([a-z0-9]+)(?:/(v?[0-9a-z.,]+))?")
_LEVEL_KEYS = {
    "amd64": "GOAMD64",
    "arm": "GOARM",
    "arm64": "GOARM64",
    "386": "GO386",
    "mips": "GOMIPS",
    "ppc64le": "GOPPC64",
    "riscv64": "GORISCV64",
}


@dataclass(frozen=True)
class Target:
    """A system and a processor; `level` is GOAMD64 or its peer, empty for Go's default."""

    goos: str
    goarch: str
    level: str = ""

    def __str__(self) -> str:
        return "/".join(filter(None, (self.goos, self.goarch, self.level)))

    @property
    def environment(self) -> dict[str, str]:
        level = {_LEVEL_KEYS[self.goarch]: self.level} if self.level else {}
        return {"GOOS": self.goos, "GOARCH": self.goarch, **level}


@dataclass(frozen=True)
class Wanted:
    """What the user asked for. `allowed` may hold "dirty", "untagged" and "no-vcs"."""

    argument: str
    targets: tuple[Target, ...] = ()
    tags: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    cgo: bool = False
    allowed: frozenset[str] = frozenset()


def target(text: str) -> Target:
    """`linux/amd64` or `linux/amd64/v3`. Raises UserError."""
    found = _TARGET.fullmatch(text)
    if not found or (found[3] and found[2] not in _LEVEL_KEYS):
        raise UserError(f"{text!r} is not a target.", "Write it as linux/amd64 or linux/amd64/v3.")
    return Target(found[1], found[2], found[3] or "")


def refuse_argument(argument: str) -> None:
    """Habits of `go run` that lose the record. Raises UserError."""
    if argument.endswith(".go"):
        folder = str(PurePosixPath(argument).parent)
        package = "." if folder == "." else f"./{folder.removeprefix('./')}"
        raise UserError(
            f"{argument} is a file: Go would call the program command-line-arguments and leave out the module and the VCS stamp.",
            f"Build the package: steadygo build {package}",
        )
    if "..." in argument:
        raise UserError(f"{argument} names many packages, a release has one entry point.", "Name one main package, as in ./cmd/api.")


def refuse_variables(variables: Iterable[str]) -> None:
    """What `-X` cannot take, or go cannot read. Raises UserError."""
    for variable in variables:
        name, equals, value = variable.partition("=")
        if not equals or "." not in name.strip("."):
            raise UserError(f"--set {name} sets nothing.", "Write it as main.version=v1.2.3 or example.com/pkg.name=value.")
        if "'" in value or "\n" in value:
            raise UserError(f"--set {name}: a value with a quote or a line break cannot be handed to the linker.", "Take it out.")


def refuse_package(packages: Sequence[Package], argument: str, settings: BuildSettings) -> Package:
    """The one main package that is meant. Raises UserError."""
    if len(packages) != 1:
        raise UserError(f"{argument} names {len(packages)} packages.", "Name one main package, as in ./cmd/api.")
    package = packages[0]
    if package.name != "main":
        raise UserError(f"{argument} is package {package.name or 'without a name'}, not main: nothing to start.", "Name the main package.")
    if not package.module_path:
        raise UserError(f"{argument} is in no module, so nothing of it would be recorded.", "Run `go mod init` at the root.")
    place = Path(package.directory).resolve()
    root = Path(package.module_directory).resolve()
    declared = {(root / entry).resolve() for entry in settings.entry_points}
    if declared and place not in declared:
        names = ", ".join(settings.entry_points)
        raise UserError(f"{argument} is not a declared entry point.", f"steadygo.toml declares {names}: build one of these, or declare it.")
    return package


def refuse_checkout(checkout: Checkout | None, prefix: str, allowed: Iterable[str]) -> None:
    """A release comes from a clean checkout of a tagged commit. `prefix` is the module's folder in the work tree. Raises UserError."""
    allowed = frozenset(allowed)
    if checkout is None:
        if "no-vcs" in allowed:
            return
        raise UserError("This is no git checkout with a commit, so the program could not say what it was built from.", "Commit it first.")
    if (checkout.changed or checkout.untracked) and "dirty" not in allowed:
        parts = [f"{count} {what}" for count, what in ((checkout.changed, "changed"), (checkout.untracked, "untracked")) if count > 0]
        words = " and ".join(parts) or "an unknown number of changed"
        raise UserError(f"The checkout is dirty: {words} file(s).", "Commit or remove them (git status), or give --allow dirty.")
    if not version_of_tag(checkout.tag, prefix) and "untagged" not in allowed:
        near = f" (nearest: {checkout.described})" if checkout.described else ""
        shallow = " History was cut off: in CI set fetch-depth: 0." if checkout.shallow else ""
        raise UserError(
            f"Commit {checkout.commit[:12]} has no version tag{near}.{shallow}",
            f"git tag {prefix}vX.Y.Z, git fetch --tags, or --allow untagged.",
        )


def version_of_tag(tag: str, prefix: str) -> str:
    """`v1.2.3` of `v1.2.3` or `sub/dir/v1.2.3`; empty when the tag is no version of this module."""
    name = tag.removeprefix(prefix) if prefix else tag
    return name if (not prefix or tag.startswith(prefix)) and semver.parse(name) else ""


def refuse_godebug(module: GoMod | None, godebug: str, go_minor: int) -> None:
    """Settings that this Go no longer knows, in go.mod or the environment. Raises UserError."""
    fatal = fatal_at_start(godebug, go_minor)
    if fatal:
        raise UserError(f"GODEBUG={','.join(fatal)} is set, and Go 1.{go_minor} exits at start with it.", "Take it out of the environment.")
    removed = {setting.name: setting for setting in SETTINGS if 0 < setting.removed <= go_minor}
    for line in module.godebug if module else ():
        name, _, value = line.value.partition("=")
        if name in removed and value in removed[name].old:
            raise UserError(
                f"{module.path if module else 'go.mod'}:{line.line}: godebug {line.value} was removed in Go 1.{removed[name].removed}.",
                "Take the line out, and see that the service does without.",
            )


def environment(process: Mapping[str, str], go_settings: Mapping[str, str], wanted: Wanted, where: Target | None) -> dict[str, str]:
    """The whole environment of a reproducible build. What a user's `go env -w` says of the build itself does not count."""
    chosen = {key: process[key] for key in _SYSTEM if process.get(key)}
    chosen |= {key: go_settings[key] for key in _NETWORK if go_settings.get(key)}
    if wanted.cgo:
        chosen |= {key: process[key] for key in _CGO if process.get(key)}
    chosen |= {"GOENV": "off", "GOFLAGS": "", "GOWORK": "off", "GOTOOLCHAIN": "local"}
    chosen |= {"CGO_ENABLED": "1" if wanted.cgo else "0", "LC_ALL": "C", "TZ": "UTC"}
    return chosen | (where.environment if where else {})


def flags(wanted: Wanted, has_vcs: bool) -> list[str]:
    """The flags of a reproducible build."""
    chosen = ["-trimpath", "-buildvcs=true" if has_vcs else "-buildvcs=false"]
    if wanted.tags:
        chosen.append(f"-tags={','.join(wanted.tags)}")
    if wanted.variables:
        chosen.append("-ldflags=" + " ".join(f"-X '{variable}'" for variable in wanted.variables))
    return chosen


def stated_flags(wanted: Wanted, has_vcs: bool) -> list[str]:
    """The flags as a manifest states them: values of `-X` that look like secrets are hidden."""
    shown = []
    for variable in wanted.variables:
        name, _, value = variable.partition("=")
        variable_name = name.rpartition(".")[2]
        is_hidden = is_secret(variable_name, value) or replaced(variable_name, value, lambda _: HIDDEN) != value
        shown.append(f"{name}={HIDDEN}" if is_hidden else variable)
    return flags(replace(wanted, variables=tuple(shown)), has_vcs)


def file_name(package: Package, where: Target, many: bool) -> str:
    """`api`, or `api-linux-amd64` when several targets share a directory; .exe on Windows. A /v2 suffix is not the name."""
    words = package.import_path.split("/")
    name = words[-2] if len(words) > 1 and re.fullmatch(r"v[2-9]\d*", words[-1]) else words[-1]
    if many:
        name = "-".join([name, where.goos, where.goarch, *filter(None, [where.level])])
    return name + (".exe" if where.goos == "windows" else "")
