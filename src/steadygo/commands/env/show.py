"""`steadygo env show`: the fingerprint of this environment."""

from __future__ import annotations

from pathlib import Path

import click

from steadygo.commands.env.around import here
from steadygo.environment.fingerprint import encode
from steadygo.report.fingerprint import text


@click.command()
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, which `env diff` and `env gate` read.")
def command(directory: Path, as_json: bool) -> int:
    """Take the fingerprint of this environment, for the module around DIRECTORY. Secrets are kept as a keyed hash only."""
    fingerprint = here(directory)
    click.echo(encode(fingerprint) if as_json else text(fingerprint))
    return 0
