"""`steadygo build PACKAGE`"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import click

from steadygo.build import history, make, plan, settings
from steadygo.commands.build.modules import vendor_proofs
from steadygo.errors import UserError
from steadygo.facts.modules import GoMod
from steadygo.findings import Verdict
from steadygo.read import gomod
from steadygo.store import builds, database
from steadygo.tools import git, go, go_build


@click.command()
@click.argument("package")
@click.option("--out", type=click.Path(path_type=Path), default=Path("dist"), show_default=True, help="Folder for the release.")
@click.option("--target", "targets", multiple=True, metavar="GOOS/GOARCH[/LEVEL]", help="Build for this system; may be repeated.")
@click.option("--tags", default="", help="Build tags, with commas between.")
@click.option("--set", "variables", multiple=True, metavar="PKG.VAR=VALUE", help="Set a string at link time (-X).")
@click.option("--cgo", is_flag=True, help="Build with cgo; compiler and C library are recorded.")
@click.option("--sign", type=click.Path(path_type=Path), help="PEM file of an Ed25519 private key: sign the manifest.")
@click.option("--allow", multiple=True, metavar="WHAT", help="Build in spite of: dirty, untagged, no-vcs. It is recorded.")
@click.option("--twice", is_flag=True, help="Build again in another directory, cache, temp, umask, time zone and clock; compare.")
@click.option("--go", "program", help="The go program; default: the one on PATH.")
def command(
    package: str,
    out: Path,
    targets: tuple[str, ...],
    tags: str,
    variables: tuple[str, ...],
    cgo: bool,
    sign: Path | None,
    allow: tuple[str, ...],
    twice: bool,
    program: str | None,
) -> int:
    """Build PACKAGE reproducibly: the program, SHA256SUMS, a provenance manifest, CycloneDX and SPDX.

    Compiles the code of this checkout. Refuses files, several packages, dirty or untagged checkouts and removed GODEBUGs.
    """
    plan.refuse_argument(package)
    plan.refuse_variables(variables)
    here = Path.cwd()
    directory = here / package if (here / package).is_dir() else here
    found, setting = prepared(package, directory, program, tuple(filter(None, tags.split(","))), allow)
    wanted = plan.Wanted(
        argument=package,
        targets=tuple(plan.target(text) for text in (targets or found.targets)),
        tags=tuple(filter(None, tags.split(","))) or found.tags,
        variables=variables,
        cgo=cgo,
        allowed=make.allowed(allow),
    )
    releases = make.make(wanted, setting, out, _signer(sign))
    for release in releases:
        click.echo(f"{out / release.name}  {release.target}  {release.version or 'no version'}  {release.size:,} bytes")
        click.echo(f"    sha256:{release.sha256}")
        unknown = [path for path, licence in release.licences.items() if not licence]
        click.echo(f"    {len(release.info.deps)} modules" + (f", licence not known of {', '.join(unknown)}" if unknown else ""))
    _keep(releases)
    click.echo(f"manifest, SBOMs and SHA256SUMS are in {out}", err=True)
    return _compare(wanted, setting, releases, out) if twice else 0


def _keep(releases: list[make.Release]) -> None:
    """Add to the history. A release that was made stays made when the history cannot be written."""
    made = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    try:
        with database.opened() as db:
            for release in releases:
                new = history.kept(release, made)
                for remark in history.remarks(builds.of_package(db, new.package), new):
                    click.echo(f"    {release.name}: {remark}")
                builds.save(db, new)
    except UserError as error:
        click.echo(f"steadygo: not kept in the history: {error}", err=True)


def _compare(wanted: plan.Wanted, setting: make.Setting, releases: list[make.Release], out: Path) -> int:
    from steadygo.build.twice import again
    from steadygo.commands.build.explain import as_text

    different = False
    for second in again(wanted, setting, releases, out):
        click.echo(f"{second.name} built twice: {'identical' if second.explanation.identical else 'DIFFERENT'}")
        click.echo(f"    varied: {', '.join(second.varied)}; not varied: {', '.join(second.kept)}")
        if not second.explanation.identical:
            different = True
            click.echo(as_text(second.explanation, out / second.name, Path("the second build")))
    return 1 if different else 0


def prepared(
    package: str, directory: Path, program: str | None, tags: tuple[str, ...], allow: tuple[str, ...]
) -> tuple[settings.BuildSettings, make.Setting]:
    """Ask go and git about the package, and refuse what must not be built. Raises UserError."""
    process = dict(os.environ)
    path = go.find_go(program, process)
    version = go.find_version(path) or ""
    minor = int(version.split(".")[1].split("rc")[0]) if version.startswith("go1.") else 0
    plan.refuse_godebug(None, process.get("GODEBUG", ""), minor)
    values, problem = go.find_env(path, directory, process, timeout_seconds=20.0)
    if problem:
        raise UserError(problem, "Give a working toolchain with --go.")
    stated = _module(Path(values.get("GOMOD", "")))
    plan.refuse_godebug(stated, "", minor)
    environment = plan.environment(process, values, plan.Wanted(package, tags=tags), None)
    where, pattern = (directory, ".") if directory.is_dir() and directory != Path.cwd() else (Path.cwd(), package)
    packages = go_build.find_package(path, where, pattern, tags, environment)
    root = Path(packages[0].module_directory) if packages and packages[0].module_directory else directory
    found = settings.load(root)
    main = plan.refuse_package(packages, package, found)
    for proof in vendor_proofs(root, Path(values.get("GOMODCACHE", ""))):
        if proof.verdict is Verdict.FAIL:
            raise UserError(f"{proof.name}: {proof.message}", "Run `go mod vendor` from a clean module cache.")
    checkout, prefix = git.checkout(root), git.below_top(root)
    prefix = prefix.rstrip("/") + "/" if prefix.strip("./") else ""
    plan.refuse_checkout(checkout, prefix, make.allowed(allow))
    return found, make.Setting(path, main, stated, checkout, prefix, values, process)


def _module(path: Path) -> GoMod | None:
    if path.name != "go.mod" or not path.is_file():
        return None
    module = gomod.read("go.mod", path.read_bytes())
    return module if isinstance(module, GoMod) else None


def _signer(key: Path | None) -> make.Sign | None:
    if key is None:
        return None
    from steadygo.build import signature, statement

    private = signature.load_private(key)
    identity = signature.key_id(private.public_key())
    return lambda payload: statement.envelope(payload, identity, private.sign(statement.signing_input(payload)))
