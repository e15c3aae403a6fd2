"""`steadygo cluster keys`"""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from pathlib import Path

import click

from steadygo.testing.cluster import identity


@click.command()
@click.argument("directory", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--host",
    "hosts",
    multiple=True,
    metavar="NAME",
    help="Name or address of a machine of the cluster; may be repeated. Default: this one.",
)
def command(directory: Path, hosts: tuple[str, ...]) -> int:
    """Write one certificate authority, certificates for scheduler, worker and client, and the key that signs assignments, to DIR.

    Copy DIR/scheduler, DIR/worker and DIR/client to the machines that need them; keep DIR/ca-key.pem where nobody gets it.
    """
    now = datetime.now(UTC)
    for path in identity.create(directory, hosts or (socket.gethostname(),), now):
        click.echo(path)
    expires = identity.load(directory, identity.Role.WORKER, now).expires
    click.echo(f"\nThe certificates hold until {expires:%Y-%m-%d}. Copy {directory}/scheduler, /worker and /client to their machines.")
    return 0
