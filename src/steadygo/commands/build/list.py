"""`steadygo build list`"""

from __future__ import annotations

import json

import click
import msgspec

from steadygo.build.history import remarks
from steadygo.store import builds, database


@click.command()
@click.argument("package", required=False)
@click.option("--most", type=click.IntRange(1), default=30, show_default=True, help="How many, the newest.")
@click.option("--json", "as_json", is_flag=True, help="Print the machine's form.")
def command(package: str | None, most: int, as_json: bool) -> int:
    """List the programs that were built, and say which release surprises. PACKAGE is an import path."""
    with database.opened() as db:
        rows = builds.of_package(db, package)[-most:] if package else builds.latest(db, most)
    said = [remarks(rows[:index], row) for index, row in enumerate(rows)]
    if as_json:
        entries = [msgspec.to_builtins(row) | {"remarks": found} for row, found in zip(rows, said, strict=True)]
        click.echo(json.dumps({"builds": entries}, indent=2))
        return 0
    for row, found in zip(rows, said, strict=True):
        state = " modified" if row.modified else ""
        click.echo(f"{row.made}  {row.sha256[:12]}  {row.version or 'no version':<12}  {row.target:<14}  {row.package}{state}")
        for remark in found:
            click.echo(f"    {remark}")
    if not rows:
        click.echo(f"No build of {package} was kept." if package else "No build was kept yet.", err=True)
    return 0
