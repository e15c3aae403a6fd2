"""`steadygo cluster worker`"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import click

from steadygo.commands.cluster.preparing import Preparing
from steadygo.commands.cluster.service import say, serve
from steadygo.testing.cluster import context, identity, memory, timing, transport
from steadygo.testing.cluster.context import Assignment, Own
from steadygo.testing.cluster.depot import Depot
from steadygo.tools import guard
from steadygo.tools.go import find_go

_MOST_KEPT_BYTES = 10 << 30  # of sources and test data that no run uses


@click.command()
@click.argument("scheduler", metavar="tls://HOST:PORT")
@click.option("--keys", required=True, type=click.Path(path_type=Path), help="The folder `worker` of the cluster's keys.")
@click.option("--name", help="How the worker is called; default: the host's name and the process id.")
@click.option("--host", help="The address that the scheduler reaches it at; default: loopback, or the one towards the scheduler.")
@click.option("--at-once", type=click.IntRange(1), help="How many test binaries run at a time; default: one a processor.")
@click.option("--store", type=click.Path(file_okay=False, path_type=Path), help="Where sources are kept; default: the user's cache.")
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
    store: Path | None,
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

    find_go(program, os.environ)  # said now, not to the first client
    name = name or f"{socket.gethostname()}-{os.getpid()}"
    key, depot = mine.signed_by(), None if in_place else Depot(store or _default_store(os.environ), _MOST_KEPT_BYTES)
    preparing = Preparing(program, depot)
    seen = mine.directory if in_place else (store or _default_store(os.environ))
    own = Own(name, memory.Seen(seen / "seen"), preparing.differences)

    def check(signed: bytes) -> Assignment:
        return context.accept(signed, key, own, datetime.now(UTC))

    slots = at_once or len(os.sched_getaffinity(0))
    desk = Desk(check, preparing.prepare, preparing.forget, slots, 3 * timing.heartbeat_seconds(os.environ))
    place = worker.Place(address, name, worker.checked_host(host) if host else worker.own_address(address), transport.security(mine))
    told = (lambda sentence: None) if in_place else say
    serve(lambda stopped: worker.serve(place, desk, depot, told, stopped), until_alone=in_place)
    return 0


def _default_store(environment: Mapping[str, str]) -> Path:
    cache = environment.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "steadygo" / "cluster"
