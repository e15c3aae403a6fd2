"""`steadygo build modules`"""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from steadygo.build import modules, settings, vendored
from steadygo.build.verify import Check
from steadygo.errors import UserError
from steadygo.facts.modules import GoMod, GoSum, VendorModules
from steadygo.findings import Verdict
from steadygo.read import gomod
from steadygo.tools import go, govulncheck


@click.command()
@click.argument("path", type=click.Path(path_type=Path, exists=True, file_okay=False), default=Path())
@click.option("--modcache", type=click.Path(path_type=Path), help="The module cache; default: what `go env GOMODCACHE` says.")
@click.option("--vulnerabilities", is_flag=True, help="Join govulncheck's answer; it asks the database that GOVULNDB names.")
@click.option("--quiet", is_flag=True, help="Print only what is not in order.")
@click.option("--json", "as_json", is_flag=True, help="Print the machine's form.")
def command(path: Path, modcache: Path | None, vulnerabilities: bool, quiet: bool, as_json: bool) -> int:
    """Check the modules of go.mod: versions, replacements, retractions, licences, and vendor/ against go.sum.

    Fetches nothing, unless --vulnerabilities is given.
    """
    module = _read_mod(_bytes(path / "go.mod") or b"")
    if module is None or not (path / "go.mod").is_file():
        raise UserError(f"{path} holds no go.mod.", "Give the folder of a Go module.")
    found = settings.load(path)
    cache = modcache or _cache(path)
    checks = list(modules.inspect(module, path, cache, _read_mod, found.allow_licences, found.deny_licences))
    proofs = vendor_proofs(path, cache)
    if vulnerabilities:
        checks += [_vulnerable(found) for found in govulncheck.find(path, os.environ)]
    failed = any(check.verdict is Verdict.FAIL for check in (*checks, *proofs))
    if as_json:
        document = {
            "verdict": "fail" if failed else "pass",
            "modules": [c._asdict() for c in checks],
            "vendor": [c._asdict() for c in proofs],
        }
        click.echo(json.dumps(document, indent=2))
        return 1 if failed else 0
    for title, rows in (("modules", checks), ("vendor/ against go.sum", proofs)):
        shown = [check for check in rows if not quiet or check.verdict in (Verdict.FAIL, Verdict.NOT_KNOWN)]
        if shown:
            click.echo(f"{title}:")
        for check in shown:
            click.echo(f"  {check.verdict:<14}  {check.name}: {check.message}")
    return 1 if failed else 0


def vendor_proofs(root: Path, cache: Path) -> list[Check]:
    """vendor/ of the module at `root` against go.sum; empty without a vendor/."""
    listing = _bytes(root / "vendor" / "modules.txt")
    stated = gomod.read("vendor/modules.txt", listing) if listing is not None else None
    if not isinstance(stated, VendorModules):
        return []
    sums = gomod.read("go.sum", _bytes(root / "go.sum") or b"")
    return list(vendored.prove(root, sums if isinstance(sums, GoSum) else None, stated, cache))


def _vulnerable(found: govulncheck.Vulnerability) -> Check:
    """Code that reaches the fault fails; a module that only holds it is said."""
    name = f"{found.module} {found.version}".strip()
    remedy = f"fixed in {found.fixed}" if found.fixed else "no fixed version"
    if found.called:
        return Check(name, Verdict.FAIL, f"{found.identifier}: {found.summary} The code calls it; {remedy}.")
    return Check(name, Verdict.PASS, f"{found.identifier}: {found.summary} Nothing here calls it; {remedy}.")


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _read_mod(data: bytes) -> GoMod | None:
    found = gomod.read("go.mod", data)
    return found if isinstance(found, GoMod) else None


def _cache(path: Path) -> Path:
    try:
        values, _ = go.find_env(go.find_go(None, os.environ), path)
    except UserError:
        values = {}
    default = Path((os.environ.get("GOPATH") or str(Path.home() / "go")).split(os.pathsep)[0]) / "pkg" / "mod"
    return Path(values.get("GOMODCACHE") or os.environ.get("GOMODCACHE") or default)
