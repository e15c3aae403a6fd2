"""What the modules of a build are: versions, replacements, retractions, licences."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from steadygo.build import licences, semver
from steadygo.build.verify import Check
from steadygo.facts.modules import GoMod, Replacement
from steadygo.findings import Verdict

ReadMod = Callable[[bytes], GoMod | None]
"""The bytes of a go.mod -> what it states."""


def inspect(module: GoMod, root: Path, cache: Path, read_mod: ReadMod, allowed: Iterable[str], denied: Iterable[str]) -> Iterator[Check]:
    """Each requirement of go.mod in turn; everything is looked up in the module cache, nothing is fetched."""
    allowed, denied = tuple(allowed), tuple(denied)
    for requirement in module.requirements:
        name = f"{requirement.path} {requirement.version}"
        replacement = _replacement(module, requirement.path, requirement.version)
        yield from _version(name, requirement.path, requirement.version)
        if replacement is not None:
            yield _replaced(name, replacement, root)
        elif retracted := _retraction(requirement.path, requirement.version, cache, read_mod):
            yield Check(name, Verdict.FAIL, retracted)
        yield _licence(name, _places(requirement.path, requirement.version, replacement, root, cache), allowed, denied)


def _replacement(module: GoMod, path: str, version: str) -> Replacement | None:
    found = [r for r in module.replacements if r.path == path and r.version in ("", version)]
    return max(found, key=lambda r: bool(r.version), default=None)


def _replaced(name: str, replacement: Replacement, root: Path) -> Check:
    place = f"(go.mod:{replacement.line})"
    if replacement.by_version:
        return Check(name, Verdict.PASS, f"Replaced by {replacement.by} {replacement.by_version} {place}.")
    here = root.resolve()
    top = next((folder for folder in (here, *here.parents) if (folder / ".git").exists()), here)
    target = (here / replacement.by).resolve()
    if target.is_relative_to(top) and target.is_dir():
        return Check(name, Verdict.PASS, f"Replaced by {replacement.by}, a directory of this repository {place}.")
    return Check(name, Verdict.FAIL, f"Replaced by {replacement.by} {place}, which is outside of this repository: others cannot build it.")


def _version(name: str, path: str, text: str) -> Iterator[Check]:
    version = semver.parse(text)
    if version is None:
        yield Check(name, Verdict.FAIL, f"{text} is no semantic version.")
        return
    if not semver.fits_path(path, version):
        yield Check(name, Verdict.FAIL, f"Major version {version.major} does not agree with the module path.")
    if pseudo := semver.pseudo(text):
        yield Check(name, Verdict.PASS, f"A pseudo-version: commit {pseudo.revision} of {pseudo.time:%Y-%m-%d}, no release.")
    if version.build.startswith("incompatible"):
        yield Check(name, Verdict.PASS, "+incompatible: a major version without go.mod; its own requirements are not known to Go.")


def _retraction(path: str, text: str, cache: Path, read_mod: ReadMod) -> str:
    """The newest go.mod that the cache has decides, as in Go. Empty when nothing there retracts the version."""
    version = semver.parse(text)
    known = []
    for file in (cache / "cache" / "download" / semver.escaped(path) / "@v").glob("*.mod"):
        parsed = semver.parse(file.name.removesuffix(".mod"))
        if parsed is not None and not semver.pseudo(file.name.removesuffix(".mod")):
            known.append((bool(parsed.prerelease), parsed, file))
    if version is None or not known:
        return ""
    # Go asks the highest release, and a prerelease only where there is no release.
    releases = [entry for entry in known if not entry[0]] or known
    newest = max(releases, key=lambda entry: entry[1])
    stated = read_mod(newest[2].read_bytes())
    for retraction in stated.retractions if stated else ():
        low, high = semver.parse(retraction.low), semver.parse(retraction.high)
        if low is not None and high is not None and low <= version <= high:
            reason = f": {retraction.reason}" if retraction.reason else ""
            return f"Retracted by its authors in {newest[2].name.removesuffix('.mod')}{reason}."
    return ""


def _places(path: str, version: str, replacement: Replacement | None, root: Path, cache: Path) -> list[Path]:
    if replacement is not None and not replacement.by_version:
        return [root / replacement.by]
    if replacement is not None:
        path, version = replacement.by, replacement.by_version
    return [cache / f"{semver.escaped(path)}@{semver.escaped(version)}", root / "vendor" / path]


def _licence(name: str, places: Iterable[Path], allowed: tuple[str, ...], denied: tuple[str, ...]) -> Check:
    files = next((found for place in places if (found := licences.find(place))), {})
    expression = licences.expression(files.values())
    if not expression:
        words = ", ".join(files) + " is not known" if files else "no licence file in the module cache or vendor/"
        return Check(name, Verdict.NOT_KNOWN, f"Licence: {words}.")
    if not licences.is_allowed(expression, allowed, denied):
        return Check(name, Verdict.FAIL, f"Licence {expression} is not allowed by steadygo.toml.")
    return Check(name, Verdict.PASS, f"Licence {expression}.")
