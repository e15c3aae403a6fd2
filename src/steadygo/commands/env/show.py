"""`steadygo env show`: the fingerprint of this environment."""

from __future__ import annotations

from pathlib import Path

import click

from steadygo.commands.env.around import here
from steadygo.commands.env.saved import check_name, save
from steadygo.environment.fingerprint import encode
from steadygo.report.fingerprint import text


@click.command()
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".")
@click.option("--save", "name", metavar="NAME", help="Keep it under NAME, for `env diff` and `env gate`.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, which `env diff` and `env gate` read.")
def command(directory: Path, name: str | None, as_json: bool) -> int:
    """Take the fingerprint of this environment, for the module around DIRECTORY. Secrets are kept as a keyed hash only."""
    if name is not None:
        check_name(name)
    fingerprint = here(directory)
    if name is not None:
        save(name, fingerprint)
    click.echo(encode(fingerprint) if as_json else text(fingerprint))
    return 0
