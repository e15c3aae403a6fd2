"""Carry out a planned build: compile, state what was made, and put everything in its place at once or not at all."""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from steadygo.build import buildinfo, licences, plan, sbom, semver, statement
from steadygo.build.buildinfo import BuildInfo, Module
from steadygo.build.image import opened_image
from steadygo.build.plan import Target, Wanted
from steadygo.errors import UserError
from steadygo.facts.modules import GoMod
from steadygo.tools import cc, go_build
from steadygo.tools.git import Checkout
from steadygo.tools.go_build import Package

# What of the environment is stated in the manifest.
_STATED = ("GO", "CGO_", "CC", "CXX", "TZ", "LC_")

Sign = Callable[[bytes], bytes]
"""A statement's bytes -> its signed envelope."""


@dataclass(frozen=True)
class Setting:
    """Where a build happens. `go_settings` is `go env`, `prefix` the module's folder in the work tree with a slash behind it."""

    go: Path
    package: Package
    module: GoMod | None
    checkout: Checkout | None
    prefix: str
    go_settings: Mapping[str, str]
    process: Mapping[str, str]


@dataclass(frozen=True)
class Release:
    """One program that was made."""

    name: str
    target: Target
    sha256: str
    size: int
    info: BuildInfo
    version: str
    licences: Mapping[str, str]
    files: tuple[str, ...]


def make(wanted: Wanted, setting: Setting, out: Path, sign: Sign | None) -> list[Release]:
    """Build all targets into `out`. On any failure nothing of it stays. Raises UserError."""
    native = Target(setting.go_settings.get("GOOS", ""), setting.go_settings.get("GOARCH", ""))
    targets = wanted.targets or (native,)
    if wanted.cgo and any((t.goos, t.goarch) != (native.goos, native.goarch) for t in targets) and not setting.process.get("CC"):
        raise UserError("Cross-compiling with cgo needs a C compiler for the target.", "Set CC to it, or leave out --cgo.")
    # Outside of the checkout: a file in it would make the next target's VCS stamp say modified.
    with tempfile.TemporaryDirectory(prefix="steadygo-build-") as name:
        scratch = Path(name)
        releases = [_one(wanted, setting, target, scratch, sign, many=len(targets) > 1) for target in targets]
        sums = "".join(f"{sha256_of(path)}  {path.name}\n" for path in sorted(scratch.iterdir()))
        (scratch / "SHA256SUMS").write_text(sums)
        try:
            _put(scratch, out)
        except OSError as error:
            raise UserError(f"{out} cannot be written: {error.strerror}.", "Give another folder with --out.") from None
    return releases


def _put(scratch: Path, out: Path) -> None:
    """Copy everything beside its place, then rename all: a full disk leaves the old release as it was."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out, prefix=".making-") as beside:
        for path in sorted(scratch.iterdir()):
            shutil.copy(path, beside)
        for path in sorted(Path(beside).iterdir()):
            path.replace(out / path.name)


def _one(wanted: Wanted, setting: Setting, target: Target, scratch: Path, sign: Sign | None, *, many: bool) -> Release:
    name = plan.file_name(setting.package, target, many)
    program = scratch / name
    environment = plan.environment(setting.process, setting.go_settings, wanted, target)
    flags = plan.flags(wanted, setting.checkout is not None)
    started = _now()
    go_build.build(setting.go, Path(setting.package.directory), ".", program, flags, environment)
    finished = _now()
    info = buildinfo.read(program)
    refuse_stale_stamp(info, setting.checkout, setting.prefix)
    version = true_version(info, setting.checkout, setting.prefix)
    found = module_licences(info, setting)
    digest = sha256_of(program)
    bill = sbom.Bill(name, digest, info, version, found)
    extra = {f"{name}.cdx.json": sbom.cyclonedx(bill), f"{name}.spdx.json": sbom.spdx(bill)}
    left_out = _left_out(wanted, setting, environment)
    made = statement.Made(
        package=wanted.argument,
        source=_source(info),
        started=started,
        finished=finished,
        flags=plan.stated_flags(wanted, setting.checkout is not None),
        environment={key: _without_password(value) for key, value in sorted(environment.items()) if key.startswith(_STATED)},
        left_out=left_out,
        go_line=setting.module.go.value if setting.module and setting.module.go else "",
        requires={r.path: r.version for r in setting.module.requirements} if setting.module else {},
        linkage=linkage(program),
        byproducts={path: hashlib.sha256(data).hexdigest() for path, data in extra.items()},
    )
    payload = statement.encode(statement.statement({name: digest}, info, made))
    extra[f"{name}.manifest.json"] = sign(payload) if sign else payload
    for path, data in extra.items():
        (scratch / path).write_bytes(data)
    return Release(name, target, digest, program.stat().st_size, info, version, found, (name, *extra))


def refuse_stale_stamp(info: BuildInfo, checkout: Checkout | None, prefix: str) -> None:
    """A module cache from before the tag, used with GOPROXY=off, makes Go stamp the pseudo-version. Raises UserError."""
    tagged = plan.version_of_tag(checkout.tag, prefix) if checkout else ""
    stamped = info.main.version if info.main else ""
    if tagged and semver.pseudo(stamped) and "+dirty" not in stamped:
        raise UserError(
            f"The commit is tagged {tagged}, but Go stamped {stamped}: its module cache knows the commit from before the tag.",
            "Build with a GOPROXY other than off, or run `go clean -modcache`.",
        )


def true_version(info: BuildInfo, checkout: Checkout | None, prefix: str) -> str:
    """The main module's version. Go 1.24 and later stamp it; before that it says (devel), and the tag tells."""
    stamped = info.main.version if info.main else ""
    if semver.parse(stamped):
        return stamped
    tagged = plan.version_of_tag(checkout.tag, prefix) if checkout else ""
    if tagged:
        return tagged + ("+dirty" if info.setting("vcs.modified") == "true" else "")
    revision, time = info.setting("vcs.revision"), info.setting("vcs.time")
    if len(revision) >= 12 and time:
        return f"v0.0.0-{''.join(filter(str.isdigit, time))[:14]}-{revision[:12]}"
    return stamped


def module_licences(info: BuildInfo, setting: Setting) -> dict[str, str]:
    """{module path: SPDX expression}, "" where the licence file is missing or unknown. Looks into vendor/ and the module cache."""
    found = {}
    root = Path(setting.package.module_directory)
    cache = Path(setting.go_settings.get("GOMODCACHE", ""))
    if info.main:
        found[info.main.path] = licences.expression(licences.find(root).values())
    for module in info.deps:
        places = (_place(root, cache, module), root / "vendor" / module.path)
        texts = next((files for place in places if (files := licences.find(place))), {})
        found[module.path] = licences.expression(texts.values())
    return found


def _place(root: Path, cache: Path, module: Module) -> Path:
    built = module.built
    if built.path.startswith((".", "/")):
        return (root / built.path).resolve()
    return cache / f"{semver.escaped(built.path)}@{semver.escaped(built.version)}"


def linkage(program: Path) -> dict[str, Any]:
    """How a program is linked: {"static", "interpreter", "libraries", "needs"}."""
    with opened_image(program) as image:
        return {
            "static": not image.interpreter and not image.libraries,
            "interpreter": image.interpreter,
            "libraries": list(image.libraries),
            "needs": dict(sorted(image.library_versions.items())),
            "compilers": list(image.compilers),
        }


def _left_out(wanted: Wanted, setting: Setting, environment: Mapping[str, str]) -> dict[str, str]:
    """What Go does not record in the program."""
    vendored = (Path(setting.package.module_directory) / "vendor" / "modules.txt").exists()
    found = {
        "GOFLAGS": environment["GOFLAGS"],
        "mod": "vendor" if vendored else "readonly",
        "GOROOT": setting.go_settings.get("GOROOT", ""),
    }
    found |= {f"tool.{name}": identity for name, identity in go_build.tool_ids(setting.go, setting.go.parent, environment).items()}
    if wanted.allowed:
        found["allowed"] = ",".join(sorted(wanted.allowed))
    if wanted.cgo:
        command = environment.get("CC") or setting.go_settings.get("CC", "cc")
        found |= cc.describe(command, environment)
        found["libc"] = cc.c_library()
        found |= {key: environment[key] for key in environment if key.startswith(("CGO_", "PKG_CONFIG"))}
    return found


def _source(info: BuildInfo) -> str:
    return f"git+{info.main.path if info.main else info.path}@{info.setting('vcs.revision')}" if info.setting("vcs.revision") else ""


def _without_password(value: str) -> str:
    return re.sub(r"//[^/@,|\s]*@", "//***@", value)


def sha256_of(path: Path) -> str:
    """A file's SHA-256 in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def allowed(words: Iterable[str]) -> frozenset[str]:
    """The values of --allow. Raises UserError."""
    chosen = frozenset(words)
    unknown = chosen - {"dirty", "untagged", "no-vcs"}
    if unknown:
        raise UserError(f"--allow {', '.join(sorted(unknown))} is not known.", "Allow dirty, untagged or no-vcs.")
    return chosen
