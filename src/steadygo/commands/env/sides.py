"""A side of a comparison, as people write it: here, a saved name, a JSON file, unit:FILE, image:PATH, binary:PATH, ci:FILE, ssh:HOST."""

from __future__ import annotations

import contextlib
import datetime
import os
import re
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from steadygo.build import buildinfo, executable
from steadygo.build.image import Image, opened_image
from steadygo.commands.env import saved
from steadygo.commands.env.around import here, sealer
from steadygo.commands.env.workflows import pipeline_repository
from steadygo.environment import binary, dockerfile, image, imagearchive, manager, pipeline, remote
from steadygo.environment import unit as unit_environment
from steadygo.environment.accounts import find_account
from steadygo.environment.fingerprint import Fingerprint, Stated, gather, load
from steadygo.errors import UserError
from steadygo.facts.units import Directive, Unit
from steadygo.read import dockerfile as dockerfile_reader
from steadygo.read import unit as unit_reader
from steadygo.tools import ssh

_UNIT_DIRECTORIES = (
    "etc/systemd/system",
    "run/systemd/system",
    "usr/local/lib/systemd/system",
    "usr/lib/systemd/system",
    "lib/systemd/system",
)
_USER_DIRECTORIES = ("etc/systemd/user", "run/systemd/user", "usr/local/lib/systemd/user", "usr/lib/systemd/user", "lib/systemd/user")


def resolve(text: str, directory: Path) -> Fingerprint:
    """The fingerprint that `text` names. `directory` is where the module is looked for."""
    kind, colon, rest = text.partition(":")
    if text == "here":
        return here(directory)
    if colon and kind in _KINDS:
        if not rest:
            raise UserError(f"{text!r} names nothing.", f"Write {kind}:{'HOST' if kind == 'ssh' else 'PATH'}.")
        return _KINDS[kind](rest, directory)
    if Path(text).is_file():
        return load(Path(text))
    if colon and not re.match(r"[./]", text):
        raise UserError(
            f"{kind!r} is no kind of side.", "A side is here, a saved name, a JSON file, " + ", ".join(f"{k}:…" for k in _KINDS) + "."
        )
    if "/" in text or text.endswith(".json"):
        raise UserError(
            f"There is no file {text!r}.", "A side is here, a saved name, a JSON file, " + ", ".join(f"{k}:…" for k in _KINDS) + "."
        )
    return saved.load(text)


def _fingerprint(kind: str, label: str, stated: Iterable[Stated], closed: tuple[str, ...]) -> Fingerprint:
    seal = sealer()
    sealed = (s if s.value is None else Stated(s.key, seal.seal(s.key.rpartition(".")[2], s.value), s.origin) for s in stated)
    return Fingerprint(kind, label, gather(sealed), closed, datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"))


def _binary(path: str, directory: Path) -> Fingerprint:
    with opened_image(Path(path)) as opened:
        program = _program(opened)
    return _fingerprint("binary", f"binary:{path}", binary.capture(program, path), ("binary.", "godebug."))


def _program(opened: Image) -> binary.Program:
    info = opened.info
    main = f"{info.main.path} {info.main.version}" if info.main else ""
    dependencies = tuple((d.path, d.built.version) for d in info.deps)
    return binary.Program(
        info.go_version, info.path, main, info.settings, dependencies, opened.interpreter, opened.library_versions.get("GLIBC", "")
    )


def _program_in(content: bytes, name: str) -> binary.Program | None:
    try:
        loaded = executable.load(memoryview(content), name)
        return _program(Image(Path(name), loaded, buildinfo.read_from(loaded, name)))
    except (buildinfo.NotGo, executable.NotExecutable):
        return None


def _image(text: str, directory: Path) -> Fingerprint:
    path, _, tag = text.partition("#")
    if not Path(path).exists():
        raise UserError(f"There is no image at {path}.", "Give an OCI layout, a `docker save` archive or a root file system's directory.")
    with imagearchive.opened(Path(path), tag) as (configuration, tree):
        stated = list(image.capture(configuration, tree, _program_in))
    return _fingerprint("image", f"image:{text}", stated, ("env.", "binary.", "godebug.") if configuration else ())


def _unit(text: str, directory: Path) -> Fingerprint:
    path = Path(text)
    if not path.is_file():
        if path.is_symlink() and str(path.readlink()) == "/dev/null":
            raise UserError(f"{text} is masked: systemd never starts it.", "Name the unit that is meant.")
        raise UserError(f"There is no unit file {text}.", "Give the path of a .service file.")
    root, is_user, is_installed = _root_of(path)
    unit = _merged(path, root)
    if not is_installed:
        wanted = unit.find("Install", "WantedBy")
        service_manager = manager.unknown_manager(
            path.absolute().parent.name == "user" or bool(wanted and wanted.value == "default.target")
        )
    elif is_user:
        account = find_account(root, str(os.getuid())) if root == Path("/") else find_account(root, "1000")
        if account is None:
            raise UserError(f"{text} is a user unit, and no user is known at {root}.", "Run it as that user, or add the root's etc/passwd.")
        service_manager = manager.user_manager(root, account)
    else:
        service_manager = manager.system_manager(root, _manager_settings(root))
    result = unit_environment.handed(unit, service_manager)
    stated = unit_environment.capture(unit, service_manager, result)
    return _fingerprint("unit", f"unit:{text}", stated, () if result.more else ("env.",))


def _root_of(path: Path) -> tuple[Path, bool, bool]:
    """(the file system that the unit's paths are of, whether it is a user unit, whether it is installed there).

    A unit in a repository is installed nowhere: its paths are looked up on this machine, and what is missing is not known.
    """
    full = path.absolute()
    for places, is_user in ((_UNIT_DIRECTORIES, False), (_USER_DIRECTORIES, True)):
        for place in places:
            count = len(Path(place).parts)
            if full.parent.parts[-count:] == Path(place).parts:
                return Path(*full.parent.parts[:-count]), is_user, True
    return Path("/"), False, False


def _merged(path: Path, root: Path) -> Unit:
    """The unit with its drop-ins, from its own directory and from the places of units; a name in an earlier place covers later ones."""
    found = unit_reader.read(str(path), path.read_bytes())
    directories = [path.parent, *(root / d for d in _UNIT_DIRECTORIES)] if _root_of(path)[2] else [path.parent]
    stem, _, kind = path.name.rpartition(".")
    prefix, at, _ = stem.partition("@")
    names = [f"{path.name}.d", *([f"{prefix}@.{kind}.d"] if at else []), f"{kind}.d"]
    parts = stem.split("-")
    names[1:1] = [f"{'-'.join(parts[:n])}-.{kind}.d" for n in range(len(parts) - 1, 0, -1)]
    chosen: dict[str, Path] = {}
    for folder in (d / n for n in names for d in directories):
        for drop_in in sorted(folder.glob("*.conf")):
            chosen.setdefault(drop_in.name, drop_in)
    directives = list(found.directives)
    for name in sorted(chosen):
        read = unit_reader.read(str(chosen[name]), chosen[name].read_bytes())
        directives += [Directive(d.section, d.name, d.value, d.line, str(chosen[name])) for d in read.directives]
    return Unit(found.path, found.name, tuple(directives), "", found.gaps)


def _manager_settings(root: Path) -> list[Directive]:
    files = [root / "etc/systemd/system.conf"]
    files += sorted(
        (p for d in ("etc", "run", "usr/lib") for p in (root / d / "systemd/system.conf.d").glob("*.conf")), key=lambda p: p.name
    )
    return [d for f in files if f.is_file() for d in unit_reader.read(str(f), f.read_bytes()).directives]


def _ci(text: str, directory: Path) -> Fingerprint:
    path, _, job = text.partition("#")
    if not Path(path).is_file():
        raise UserError(f"There is no workflow {path}.", "Give a workflow of .github/workflows or a .gitlab-ci.yml.")
    full = Path(path).resolve()
    root = next((p for p in full.parents if (p / ".git").exists() or (p / "go.mod").exists()), full.parent)
    repository, read = pipeline_repository(full, root)
    return _fingerprint("ci", f"ci:{text}", pipeline.capture(repository, read, job), ())


def _dockerfile(text: str, directory: Path) -> Fingerprint:
    path, _, stage = text.partition("#")
    if not Path(path).is_file():
        raise UserError(f"There is no Dockerfile {path}.", "Give a Dockerfile, or dockerfile:FILE#STAGE.")
    read = dockerfile_reader.read(path, Path(path).read_bytes())
    return _fingerprint("image", f"dockerfile:{text}", dockerfile.capture(read, stage), ())


def _ssh(host: str, directory: Path) -> Fingerprint:
    before = time.time()
    text = ssh.output_of(host, remote.SCRIPT)
    said = remote.sections("\n" + text)
    if not said:
        raise UserError(f"{host} did not answer the whole script.", f"Check that `ssh {host} sh -c true` prints nothing and works.")
    stated = list(remote.capture(said, host))
    with contextlib.suppress(ValueError):
        # The host read its clock somewhere between our two readings: what lies outside of them is certain.
        clock, after = float(said.get("clock", "")), time.time()
        offset = clock - after if clock > after else clock - before if clock < before else 0.0
        stated.append(Stated("clock.offset_seconds", f"{offset:.1f}", f"clock of {host} against this one"))
    return _fingerprint("ssh", f"ssh:{host}", stated, ("env.",))


_KINDS: dict[str, Callable[[str, Path], Fingerprint]] = {
    "unit": _unit,
    "image": _image,
    "dockerfile": _dockerfile,
    "binary": _binary,
    "ci": _ci,
    "ssh": _ssh,
}
