"""Causes that the build information itself records."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from steadygo.build.buildinfo import BuildInfo, Module
from steadygo.build.cause import ABSENT, Cause

_LEVELS = {"GOAMD64", "GO386", "GOARM", "GOARM64", "GOMIPS", "GOMIPS64", "GOPPC64", "GORISCV64", "GOWASM"}
_VCS = {"vcs", "vcs.revision", "vcs.time", "vcs.modified"}
# Keys whose difference shows in another cause's words.
_OWN_WORDS = {"-ldflags", "-tags", "-trimpath", "DefaultGODEBUG", "GOOS", "GOARCH"} | _LEVELS | _VCS
_PSEUDO = re.compile(r"^v\d+\.(?:0\.0-|\d+\.\d+-(?:[^+]*\.)?0\.)\d{14}-[0-9a-f]{12}(?:\+|$)")
_FLAG_WHY = {
    "-gcflags": "The compiler was given other flags.",
    "-asmflags": "The assembler was given other flags.",
    "-buildmode": "Another kind of program was linked.",
    "-race": "The race detector adds code to every memory access.",
    "-cover": "Coverage counters were compiled in.",
    "-pgo": "Another profile guided inlining and layout; keep default.pgo with the source.",
    "-compiler": "Another compiler family.",
    "GOEXPERIMENT": "Another set of compiler experiments.",
    "GOFIPS140": "Another FIPS 140-3 module was linked.",
}


def causes(a: BuildInfo, b: BuildInfo) -> Iterator[Cause]:
    """What differs between two records; nothing where both say the same."""
    if a.go_version != b.go_version:
        yield Cause(
            "toolchain", "go version", a.go_version, b.go_version, "Another compiler, runtime and standard library. Pin `toolchain`."
        )
    for key in ("GOOS", "GOARCH"):
        if a.setting(key) != b.setting(key):
            yield Cause("target", key, _shown(a, key), _shown(b, key), "Built for another system or processor.")
    if a.path != b.path:
        why = "Another main package."
        if "command-line-arguments" in (a.path, b.path):
            why = "One side was built from file names (`go build main.go`): no module version and no VCS stamp. Build the package."
        yield Cause("entry-point", "path", a.path, b.path, why)
    yield from _modules(a, b)
    yield from _stamps(a, b)
    if a.setting("-trimpath") == b.setting("-trimpath"):
        # -trimpath keeps -ldflags out of the record: nothing to compare when one side has it.
        yield from _linker_flags(a.setting("-ldflags"), b.setting("-ldflags"))
    yield from _settings(a, b)


def is_pseudo(version: str) -> bool:
    """v0.0.0-20260102030405-abcdefabcdef and its kin."""
    return _PSEUDO.match(version) is not None


def variables(ldflags: str) -> dict[str, str]:
    """The -X settings of an -ldflags value: {"main.version": "v1"}."""
    return _taken_apart(ldflags)[0]


def _shown(info: BuildInfo, key: str) -> str:
    return next((value for name, value in info.settings if name == key), ABSENT)


def _modules(a: BuildInfo, b: BuildInfo) -> Iterator[Cause]:
    left, right = ({module.path: module for module in info.deps} for info in (a, b))
    # A directory that replaces a module has no hash anyway.
    plain = [path for path in left.keys() & right.keys() if not (left[path].replaced_by or right[path].replaced_by)]
    without_sums = [name for name, deps in (("a", left), ("b", right)) if plain and not any(deps[path].sum for path in plain)]
    if len(without_sums) == 1:
        words = ("vendor/", "module cache") if "a" in without_sums else ("module cache", "vendor/")
        yield Cause("flag", "-mod", *words, "Vendored builds record no module hashes. Build both with the same -mod.")
    for path in sorted({*left, *right}):
        one, two = left.get(path), right.get(path)
        if one == two:
            continue
        if one is None or two is None:
            yield Cause("module-version", path, _words(one), _words(two), "A module is part of one build only.")
        elif (one.replaced_by is None) != (two.replaced_by is None) or (one.replaced_by and one.built[:2] != two.built[:2]):
            yield Cause("replaced-module", path, _words(one), _words(two), "A replace directive or go.work put other source in its place.")
        elif one.version != two.version:
            why = "Another version of the module."
            if "(devel)" in (one.version, two.version):
                why = "go.work puts the local directory in its place; GOWORK=off restores the module."
            yield Cause("module-version", path, _words(one), _words(two), why)
        elif one.built.sum != two.built.sum and not without_sums:
            sums = (_with_sum(one), _with_sum(two))
            yield Cause("module-version", path, *sums, "The same version with other content: one side is not what was published.")


def _words(module: Module | None) -> str:
    if module is None:
        return ABSENT
    return module.version + (f" => {' '.join(filter(None, module.replaced_by[:2]))}" if module.replaced_by else "")


def _with_sum(module: Module) -> str:
    return f"{module.built.version} {module.built.sum or 'no hash'}"


def _stamps(a: BuildInfo, b: BuildInfo) -> Iterator[Cause]:
    versions = (a.main.version if a.main else ABSENT, b.main.version if b.main else ABSENT)
    paths = (a.main.path if a.main else ABSENT, b.main.path if b.main else ABSENT)
    stamps = [(info.setting("vcs.revision"), info.setting("vcs.modified")) for info in (a, b)]
    if paths[0] != paths[1] and a.path == b.path:
        yield Cause("entry-point", "mod", *paths, "The main module has another name.")
    if stamps[0] != stamps[1] or a.setting("vcs.time") != b.setting("vcs.time"):
        words = (_stamp(a), _stamp(b))
        why = "Another commit."
        if not stamps[0][0] or not stamps[1][0]:
            why = "One side carries no VCS stamp: -buildvcs=false, no .git, or built from file names."
        elif stamps[0][0] == stamps[1][0]:
            why = "The same commit, but one checkout had changed or untracked files."
        if versions[0] != versions[1]:
            why += f" It also changes the main module's version: {versions[0]} against {versions[1]}."
        yield Cause("vcs", "vcs.revision", *words, why)
    elif versions[0] != versions[1] and not (a.go_version != b.go_version and "(devel)" in versions):
        why = "The main module's version differs at the same commit."
        if any(map(is_pseudo, versions)):
            why += " One checkout had no tags (in CI: fetch-depth 0, fetch-tags), or GOPROXY=off with a module cache from before the tag."
        yield Cause("version-stamp", "mod", *versions, why)


def _stamp(info: BuildInfo) -> str:
    revision = info.setting("vcs.revision")
    if not revision:
        return ABSENT
    return f"{revision[:12]} {info.setting('vcs.time')}" + (" modified" if info.setting("vcs.modified") == "true" else "")


def _linker_flags(a: str, b: str) -> Iterator[Cause]:
    (left, rest_a), (right, rest_b) = _taken_apart(a), _taken_apart(b)
    for name in sorted({*left, *right}):
        if left.get(name) != right.get(name):
            yield Cause("ldflag", f"-X {name}", left.get(name, ABSENT), right.get(name, ABSENT), "-ldflags=-X sets this string.")
    if rest_a != rest_b:
        yield Cause("flag", "-ldflags", rest_a or ABSENT, rest_b or ABSENT, "The linker was given other flags.")


def _taken_apart(ldflags: str) -> tuple[dict[str, str], str]:
    try:
        words = shlex.split(ldflags)
    except ValueError:
        words = ldflags.split()
    found: dict[str, str] = {}
    rest: list[str] = []
    position = 0
    while position < len(words):
        word = words[position]
        position += 1
        if word in ("-X", "--X") and position < len(words):
            word = "-X=" + words[position]
            position += 1
        if word.startswith(("-X=", "--X=")):
            name, _, value = word.partition("=")[2].partition("=")
            found[name] = value
        else:
            rest.append(word)
    return found, " ".join(rest)


def _settings(a: BuildInfo, b: BuildInfo) -> Iterator[Cause]:
    cgo_differs = a.setting("CGO_ENABLED") != b.setting("CGO_ENABLED")
    trim_differs = a.setting("-trimpath") != b.setting("-trimpath")
    for key in dict.fromkeys(name for info in (a, b) for name, _ in info.settings):
        one, two = _shown(a, key), _shown(b, key)
        if one == two or key in ("GOOS", "GOARCH", "-ldflags") or key in _VCS:
            continue
        if key == "-tags":
            yield Cause("build-tag", key, one, two, "Other files were chosen by their build constraints.")
        elif key == "-trimpath":
            yield Cause(
                "path", key, one, two, "Without -trimpath the program holds the directories it was built in, and differs between them."
            )
        elif key in _LEVELS:
            if _shown(a, "GOARCH") == _shown(b, "GOARCH"):
                yield Cause("goamd64", key, one, two, "Other instructions may be used; the program stops at start on an older processor.")
        elif key == "DefaultGODEBUG":
            if a.go_version != b.go_version:
                continue
            why = "Other defaults compiled in: the go line or godebug block of go.mod, or a //go:debug line."
            yield Cause("godebug", key, *_only_different(one, two), why)
        elif key == "CGO_ENABLED":
            yield Cause("cgo", key, one, two, "With cgo, package net and os/user use the C library, and the program needs its version.")
        elif key.startswith("CGO_"):
            # Recorded only with cgo and without -trimpath: not a second cause then.
            if not cgo_differs and not trim_differs:
                yield Cause("cgo", key, one, two, "C code was compiled or linked with other flags.")
        elif key not in _OWN_WORDS:
            yield Cause("flag", key, one, two, _FLAG_WHY.get(key, "A build setting differs."))


def _only_different(a: str, b: str) -> tuple[str, str]:
    if ABSENT in (a, b):
        return a, b
    left, right = a.split(","), b.split(",")
    return ",".join(x for x in left if x not in right) or ABSENT, ",".join(x for x in right if x not in left) or ABSENT
