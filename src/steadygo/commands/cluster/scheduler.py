"""`steadygo cluster scheduler`"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from steadygo.commands.cluster.service import say, serve
from steadygo.testing.cluster import identity, transport
from steadygo.tools import guard


@click.command()
@click.option("--keys", required=True, type=click.Path(path_type=Path), help="The folder `scheduler` of the cluster's keys.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8786, show_default=True, type=click.IntRange(0, 65535), help="0: any that is free.")
@click.pass_context
def command(ctx: click.Context, keys: Path, host: str, port: int) -> int:
    """Let clients and workers find each other, until it is stopped. It keeps nothing: it may be started again any time."""
    transport.check_installed()
    mine = identity.load(keys, identity.Role.SCHEDULER, datetime.now(UTC))
    ctx.with_resource(guard.watching())
    transport.configure()
    from steadygo.testing.cluster import scheduler

    serve(lambda stopped: scheduler.serve(host, port, transport.security(mine), lambda a: say(f"scheduler listens at {a}"), stopped))
    return 0
