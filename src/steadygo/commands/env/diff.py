"""`steadygo env diff`: two environments, what differs, ranked by what it does."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from steadygo.commands.env.around import read_names
from steadygo.commands.env.sides import resolve
from steadygo.environment.compare import compare
from steadygo.findings import Verdict
from steadygo.report.differences import text


@click.command()
@click.argument("a")
@click.argument("b")
@click.option(
    "--module", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".", help="Where the module is (default: here)."
)
@click.option("--all", "everything", is_flag=True, help="Show cosmetic differences too.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON (docs/schema/env-diff.schema.json).")
def command(a: str, b: str, module: Path, everything: bool, as_json: bool) -> int:
    """Compare A with B. Exit code 1 when a difference is fatal, or when the two state nothing in common.

    A side is `here`, a name given to `env show --save`, a JSON file of `env show --json`, `unit:FILE` (what systemd would hand to the
    process), `image:PATH` (OCI layout, `docker save` archive or root file system), `dockerfile:FILE`, `binary:PATH`, `ci:FILE`
    (`ci:FILE#JOB` for one job) or `ssh:HOST` (asked by a small shell script; nothing is installed there).
    """
    one, two = resolve(a, module), resolve(b, module)
    compared = compare(one, two, read_names(module, one, two))
    click.echo(msgspec.json.format(msgspec.json.encode(compared), indent=2).decode() if as_json else text(compared, a, b, everything))
    return 0 if compared.verdict is Verdict.PASS else 1
