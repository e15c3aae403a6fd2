"""What tests cover in a directory: by running them, out of profiles that exist already, or out of what was kept of an unchanged base."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import msgspec

from steadygo import __version__
from steadygo.commands.test.prepared import prepared
from steadygo.commands.test.shown import Progress, failure, package_line
from steadygo.environment.gosettings import read_env_file, user_file
from steadygo.errors import UserError
from steadygo.report.terminal import Look
from steadygo.scan.cache import directory as caches
from steadygo.testing import engine
from steadygo.testing.coverage.profile import Profile, merged, readable
from steadygo.testing.flags import Flags
from steadygo.testing.results import Outcome, Package
from steadygo.tools import git_diff, go_test, guard
from steadygo.tools.go import find_go, find_version

_KEPT = 40  # bases that are kept, the newest
_SAYS_NOTHING = frozenset({"PWD", "OLDPWD", "SHLVL", "_", engine.RUN_VARIABLE, guard.VARIABLE})  # variables that differ without a meaning


@dataclass(frozen=True)
class Measured:
    """`profile` of all packages. `failed`: (package, sentence) where tests failed or did not run. `origin`: ran, kept or profile."""

    profile: Profile
    origin: str
    failed: tuple[tuple[str, str], ...] = ()
    seconds: float = 0.0


class _Kept(msgspec.Struct, frozen=True):
    """A base that passed. `variables`: hashes of what the tests asked the environment for, None for unset ones."""

    profile: str
    variables: dict[str, str | None]


def read(files: Sequence[Path], program: str | None) -> Measured:
    """Profiles, and directories that were GOCOVERDIR. Raises UserError."""
    return Measured(readable(merged((_content(file, program), str(file)) for file in files)), "profile")


def _content(file: Path, program: str | None) -> bytes:
    if file.is_dir():
        return go_test.covered_by_binaries(find_go(program, os.environ), Path.cwd(), file, os.environ)
    try:
        return file.read_bytes()
    except OSError as error:
        raise UserError(
            f"{file} cannot be read: {error.strerror}.", "Give a profile of go test -coverprofile, or a directory that was GOCOVERDIR."
        ) from None


Tell = Callable[[engine.Finished], None]


def run(
    patterns: tuple[str, ...], flags: Flags, program: str | None, directory: Path, look: Look, *, loud: bool, tell: Tell = lambda _: None
) -> Measured:
    """Run the tests of `patterns` in `directory`; failures are printed as they come when `loud`, `tell` gets packages. Raises UserError."""
    measured, _ = _run(patterns, flags, program, directory, look, loud=loud, keep=flags.coverprofile, tell=tell)
    return measured


def _run(
    patterns: tuple[str, ...],
    flags: Flags,
    program: str | None,
    directory: Path,
    look: Look,
    *,
    loud: bool = False,
    keep: str = "",
    tell: Tell = lambda _: None,
) -> tuple[Measured, list[Package]]:
    started, packages = time.monotonic(), list[Package]()
    with guard.scratch("steadygo-test-") as scratch:
        out = keep or str(scratch / "profile")
        plan, setting, _ = prepared(patterns, flags.covering(out), program, directory=directory)
        progress = Progress(len(plan), shown=sys.stderr.isatty())
        for happening in engine.run(plan, setting):
            match happening:
                case engine.Tested(path, test):
                    progress.count(test)
                    if loud and test.outcome.bad and (said := failure(path, test, look)):
                        progress.clear()
                        click.echo(said)
                case engine.Finished(package):
                    progress.finish()
                    packages.append(package)
                    tell(happening)
                    if loud and package.why and package.outcome.bad:
                        progress.clear()
                        click.echo(package_line(package, look))
                case engine.Tick():
                    progress.tick(happening)
        progress.clear()
        profile = readable(merged([((directory / out).read_bytes(), out)]))
    failed = tuple((p.path, p.why or _failed(p)) for p in sorted(packages, key=lambda p: p.path) if p.outcome.bad)
    return Measured(profile, "ran", failed, time.monotonic() - started), packages


def _failed(package: Package) -> str:
    names = [t.name for t in package.tests if t.outcome in (Outcome.FAILED, Outcome.LOST)]
    leaves = [n for n in names if not any(o.startswith(n + "/") for o in names)]
    return f"{', '.join(leaves[:3])}{f' and {len(leaves) - 3} more' if len(leaves) > 3 else ''} failed."


def base(top: Path, revision: git_diff.Revision, patterns: tuple[str, ...], flags: Flags, program: str | None, look: Look) -> Measured:
    """What the same tests cover in the tree of `revision`, without running them when that is known already. Raises UserError."""
    below = Path.cwd().resolve().relative_to(top.resolve())
    file = caches() / "coverage" / _key(revision.tree, str(below), patterns, flags, program)
    kept = _load(file)
    if kept is not None:
        return Measured(merged([(kept.profile.encode("utf-8", "surrogateescape"), str(file))]), "kept")
    with guard.scratch("steadygo-base-") as scratch:
        tree = scratch.resolve() / "tree"
        git_diff.export(top, revision.commit, tree)
        if not (tree / below).is_dir():
            raise UserError(f"There was no {below} yet.")
        measured, packages = _run(patterns, flags, program, tree / below, look)
    if not measured.failed:
        _save(file, _Kept(measured.profile.text(), _asked_for(packages, os.environ)))
    return measured


def _key(tree: str, below: str, patterns: Iterable[str], flags: Flags, program: str | None) -> str:
    """All that decides what the base's tests cover, but for what they look at."""
    go = find_go(program, os.environ)
    seedless = [f for f in flags.given if not f.lstrip("-").startswith("coverprofile")]
    about_go = sorted((k, v) for k, v in os.environ.items() if k.startswith(("GO", "CGO_")) or k in ("CC", "CXX", "PKG_CONFIG"))
    about_go += sorted(read_env_file(user_file(os.environ)).items())  # what `go env -w` wrote, GOFLAGS for example
    parts = [__version__, tree, below, *patterns, "--", *seedless, str(find_version(go)), *map(str, about_go)]
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()


def _asked_for(packages: Iterable[Package], environment: Mapping[str, str]) -> dict[str, str | None]:
    names = {looked.name for p in packages for looked in p.looked if looked.what == "getenv"} - _SAYS_NOTHING
    return {name: _hash(environment.get(name)) for name in sorted(names)}


def _hash(value: str | None) -> str | None:
    return None if value is None else hashlib.sha256(value.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _load(file: Path) -> _Kept | None:
    try:
        kept = msgspec.msgpack.decode(zlib.decompress(file.read_bytes()), type=_Kept)
    except (OSError, zlib.error, msgspec.DecodeError):
        return None
    if any(_hash(os.environ.get(name)) != value for name, value in kept.variables.items()):
        return None
    os.utime(file)
    return kept


def _save(file: Path, kept: _Kept) -> None:
    """Keep it; a cache that cannot be written costs the next run its time, nothing else."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=file.parent)
        with os.fdopen(descriptor, "wb") as written:
            written.write(zlib.compress(msgspec.msgpack.encode(kept)))
        os.replace(name, file)
        for old in sorted(file.parent.iterdir(), key=lambda f: -f.stat().st_mtime)[_KEPT:]:
            old.unlink(missing_ok=True)
    except OSError:
        pass
