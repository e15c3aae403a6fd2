"""`steadygo build show SHA256`"""

from __future__ import annotations

import re

import click
import msgspec

from steadygo.errors import UserError
from steadygo.store import builds, database


@click.command()
@click.argument("sha256")
@click.option("--json", "as_json", is_flag=True, help="Print the machine's form.")
def command(sha256: str, as_json: bool) -> int:
    """Show what is kept of one program; the first characters of its SHA-256 are enough."""
    if not re.fullmatch(r"[0-9a-f]{4,64}", sha256):
        raise UserError(
            f"{sha256!r} is no start of a SHA-256.", "Give at least four of its characters, as `steadygo build list` shows them."
        )
    with database.opened() as db:
        found = builds.find(db, sha256)
    if len({build.sha256 for build in found}) != 1:
        problem = f"{len(found)} kept builds start with {sha256}" if found else f"No kept build starts with {sha256}"
        raise UserError(f"{problem}.", "See `steadygo build list`.")
    build = found[-1]
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(build), indent=2).decode())
        return 0
    for name in ("package", "target", "version", "sha256", "size", "go_version", "revision", "made"):
        click.echo(f"{name:<11} {getattr(build, name)}")
    click.echo(f"{len(build.parts)} modules:")
    for part in build.parts:
        click.echo(f"    {part.path} {part.version}  {part.licence or 'licence not known'}  {part.h1 or 'no source hash'}")
    return 0
