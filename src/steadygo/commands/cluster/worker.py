"""`steadygo cluster worker`"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import click

from steadygo.commands.cluster.preparing import Preparing
from steadygo.commands.cluster.service import say, serve
from steadygo.testing.cluster import context, identity, memory, timing, transport
from steadygo.testing.cluster.context import Assignment, Own
from steadygo.testing.compare import Stated
from steadygo.tools import guard


@click.command()
@click.argument("scheduler", metavar="tls://HOST:PORT")
@click.option("--keys", required=True, type=click.Path(path_type=Path), help="The folder `worker` of the cluster's keys.")
@click.option("--name", help="How the worker is called; default: the host's name.")
@click.option("--host", help="The address that the scheduler reaches it at; default: loopback, or the one towards the scheduler.")
@click.option("--at-once", type=click.IntRange(1), help="How many test binaries run at a time; default: one a processor.")
@click.option("--go", "program", help="The go program; default: the one on PATH.")
@click.option("--in-place", is_flag=True, hidden=True, help="Trees are where they are; end with standard input.")
@click.pass_context
def command(
    ctx: click.Context,
    scheduler: str,
    keys: Path,
    name: str | None,
    host: str | None,
    at_once: int | None,
    program: str | None,
    in_place: bool,
) -> int:
    """Run tests for the clients of a cluster until it is stopped."""
    transport.check_installed()
    address = transport.checked_address(scheduler)
    mine = identity.load(keys, identity.Role.WORKER, datetime.now(UTC))
    ctx.with_resource(guard.watching())
    transport.configure()
    from steadygo.testing.cluster import worker
    from steadygo.testing.cluster.desk import Desk

    name = name or socket.gethostname()
    key, preparing = mine.signed_by(), Preparing(program, in_place=in_place)
    own = Own(name, memory.Seen(mine.directory / "seen"), _no_differences if in_place else preparing.differences)

    def check(signed: bytes) -> Assignment:
        return context.accept(signed, key, own, datetime.now(UTC)).assignment

    slots = at_once or len(os.sched_getaffinity(0))
    desk = Desk(check, preparing.prepare, slots, 3 * timing.heartbeat_seconds(os.environ))
    told = (lambda sentence: None) if in_place else say
    serve(lambda stopped: worker.serve(address, name, host, transport.security(mine), desk, told, stopped), until_alone=in_place)
    return 0


def _no_differences(_: Assignment) -> Iterable[Stated]:
    return ()
