"""`steadygo test show`"""

from __future__ import annotations

import os
import sys

import click

from steadygo.commands.test.document import document
from steadygo.commands.test.kept import find
from steadygo.commands.test.shown import failure, package_line, summary
from steadygo.report.terminal import look_for


@click.command()
@click.argument("run", default="last")
@click.option("--looked", is_flag=True, help="Show what each package looked at: variables, files, directories.")
@click.option("--interference", is_flag=True, help="Show what faults did to connections, and when (UTC).")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON (docs/schema/test.schema.json).")
def command(run: str, looked: bool, interference: bool, as_json: bool) -> int:
    """Show a kept run: RUN is the start of its id, `last` (the default) or `last~1`."""
    found = find(run)
    if as_json:
        click.echo(document(found))
        return 0
    look = look_for(sys.stdout, os.environ)
    for package in found.packages:
        for test in package.tests:
            said = failure(package.path, test, look) if test.outcome.bad else None
            if said is not None:
                click.echo(said)
        click.echo(package_line(package, look))
        if looked:
            for one in package.looked:
                click.echo(f"   {one.what} {one.name}")
        if interference:
            for seen in package.interference:
                number = f" connection {seen.connection}" if seen.connection else ""
                click.echo(f"   {seen.at}  {seen.dependency}{number} {seen.what} {seen.detail}".rstrip())
    click.echo(summary(found, sum(p.seconds for p in found.packages), look))
    return 0
