"""`steadygo build verify FILE --manifest M`"""

from __future__ import annotations

import json
from pathlib import Path

import click

from steadygo.build.host import here
from steadygo.build.verify import verify
from steadygo.environment.machine import level
from steadygo.errors import UserError
from steadygo.findings import Verdict


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--manifest", type=click.Path(path_type=Path), help="The manifest; default: FILE.manifest.json beside the file.")
@click.option("--key", type=click.Path(path_type=Path), help="PEM file of the Ed25519 public key that must have signed it.")
@click.option("--quiet", is_flag=True, help="Print only what is not in order.")
@click.option("--json", "as_json", is_flag=True, help="Print the machine's form.")
def command(file: Path, manifest: Path | None, key: Path | None, quiet: bool, as_json: bool) -> int:
    """Check before a start (ExecStartPre) that FILE is what was built and can run here, in this environment. Needs no Go."""
    if not file.exists():
        raise UserError(f"There is no file {file}.", "Give the program that is to be started.")
    checks = verify(file, manifest or file.with_name(file.name + ".manifest.json"), key, here(), level)
    failed = any(check.verdict is Verdict.FAIL for check in checks)
    if as_json:
        click.echo(json.dumps({"verdict": "fail" if failed else "pass", "checks": [check._asdict() for check in checks]}, indent=2))
    else:
        shown = [c for c in checks if not quiet or c.verdict in (Verdict.FAIL, Verdict.NOT_KNOWN)]
        for check in shown:
            click.echo(f"{check.verdict:<14}  {check.name}: {check.message}")
    return 1 if failed else 0
