"""`steadygo test data`"""

from __future__ import annotations

import json
import os
from pathlib import Path

import click
import msgspec

from steadygo.errors import UserError
from steadygo.testing.data.found import Found
from steadygo.testing.data.origins import origin
from steadygo.testing.settings import load


@click.command()
@click.option("--clean", is_flag=True, help="Drop what killed runs left, and templates that were loaded from snapshots.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON (docs/schema/test-data.schema.json).")
def command(clean: bool, as_json: bool) -> int:
    """Show the test data of steadygo.toml ([test.data.NAME]), and what steadygo has made of it and is still there.

    What a live run uses is never dropped, nor what steadygo has not made.
    """
    settings = load(Path.cwd())
    if not settings.data:
        raise UserError("steadygo.toml has no [test.data.NAME].", "docs/testing.md shows one.")
    found, cleaned, wrong = dict[tuple[str, str], Found](), dict[tuple[str, str], Found](), list[UserError]()
    for name, data in settings.data.items():
        try:
            asked = origin(name, data, settings.at, os.environ)
            if clean:
                cleaned |= {(one.where, one.name): one for one in asked.clean()}
            found |= {(one.where, one.name): one for one in asked.find()}
        except UserError as error:
            wrong.append(error)
    if as_json:
        tables = [{"name": n, "kind": d.kind, "from": d.origin, "variables": sorted(d.asked)} for n, d in settings.data.items()]
        shown = {"data": tables, "found": [*found.values()], "cleaned": [*cleaned.values()]}
        click.echo(json.dumps(msgspec.to_builtins(shown)))
    else:
        for name, data in settings.data.items():
            click.echo(f"{name}: {data.kind}, copies of {data.origin} in {', '.join(data.asked)}")
        for one in cleaned.values():
            click.echo(f"  dropped   {one.name}  at {one.where}")
        for one in found.values():
            click.echo(f"  {one.state:9} {one.name}  at {one.where}")
        if not clean and any(one.state == "left" for one in found.values()):
            click.echo("The next run drops what is left; --clean does now.")
    if wrong:
        raise wrong[0]
    return 0
