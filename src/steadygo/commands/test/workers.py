"""Tests on several workers: --workers N on this machine, --cluster tls://HOST:PORT on others."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import AsyncIterator, Callable, Generator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from steadygo.commands.cluster import surroundings
from steadygo.commands.cluster.source import source
from steadygo.commands.test.asked import Asked
from steadygo.errors import UserError
from steadygo.testing.cluster import context, identity, shards, timing, transport, variables
from steadygo.testing.cluster.delivering import Consignment
from steadygo.testing.engine import Happening
from steadygo.tools import go_test, guard
from steadygo.tools.background import Background

_VALID = timedelta(hours=1)
_NO_TREE = "0" * 64  # the digest of a tree that is where it is
_ASSUMED_SLOTS = 4  # what packages are divided for, before it is known how many workers there are


def hired(asked: Asked, workers: int) -> Generator[Happening, None, None]:
    """Run on so many workers of this machine, each `-p` test binaries at a time (1)."""
    transport.check_installed()
    transport.configure()
    from steadygo.testing.cluster import client
    from steadygo.testing.cluster.hired import meeting
    from steadygo.testing.cluster.terms import Terms

    setting = asked.setting
    at_once = setting.flags.at_once or 1
    with guard.scratch("steadygo-keys-") as scratch:
        keys = scratch / "keys"
        identity.create(keys, (), datetime.now(UTC))
        mine, scheduler = (identity.load(keys, role, datetime.now(UTC)) for role in (identity.Role.CLIENT, identity.Role.SCHEDULER))

        def start(address: str, name: str) -> Background:
            program = [sys.executable, "-P", "-m", "steadygo", "cluster", "worker", address, "--in-place"]
            own: list[str | Path] = ["--keys", keys / "worker", "--name", name, "--host", "127.0.0.1", "--at-once", str(at_once)]
            return Background([*program, *own, "--go", setting.go], os.environ)

        sign = _signing(asked, mine.signing_key(), Path("/"), _NO_TREE, setting.environment, "")
        terms = Terms(setting.run, transport.security(mine), sign, heartbeat_seconds=timing.heartbeat_seconds(os.environ))
        cut = shards.cut(asked.plan, asked.times, setting.flags, workers * at_once)
        yield from client.run(asked.plan, cut, lambda: meeting(transport.security(scheduler), start, workers), terms, setting)


def elsewhere(asked: Asked, scheduler: str, keys: Path) -> Generator[Happening, None, None]:
    """Run on the workers of the cluster whose scheduler is at this address."""
    transport.check_installed()
    address, setting = transport.checked_address(scheduler), asked.setting
    mine = identity.load(keys, identity.Role.CLIENT, datetime.now(UTC))
    listed = go_test.find_packages(setting.go, setting.directory, asked.context.patterns, setting.flags.listing, setting.environment)
    named = [Path(p.directory) / file for p in listed if not p.fixed for file in p.files]
    gathered = source(setting.directory, setting.environment, [f for f in named if f.is_absolute() and ".test" not in f.parent.name])
    for package in asked.plan:
        if not package.error and not package.directory.is_relative_to(gathered.root):
            raise UserError(
                f"{package.path} is not of this module, so its tests cannot be sent to other machines.", "Run it without --cluster."
            )
    transport.configure()
    from steadygo.testing.cluster import client
    from steadygo.testing.cluster.looking import Meeting
    from steadygo.testing.cluster.terms import Terms

    consignment = Consignment(gathered)
    like = surroundings.stated(setting.directory, setting.environment, setting.go)
    sign = _signing(asked, mine.signing_key(), gathered.root, consignment.digest, variables.travelling(setting.environment), like)
    terms = Terms(setting.run, transport.security(mine), sign, consignment.deliver, heartbeat_seconds=timing.heartbeat_seconds(os.environ))
    cut = shards.cut(asked.plan, asked.times, setting.flags, _ASSUMED_SLOTS)

    @contextlib.asynccontextmanager
    async def meeting() -> AsyncIterator[Meeting]:
        yield Meeting(address)

    yield from client.run(asked.plan, cut, meeting, terms, setting)


def _signing(
    asked: Asked, key: Ed25519PrivateKey, root: Path, tree: str, environment: Mapping[str, str], like: str
) -> Callable[[shards.Shard, int, str], bytes]:
    setting = asked.setting

    def sign(shard: shards.Shard, attempt: int, worker: str) -> bytes:
        now, package = datetime.now(UTC), shard.package
        return context.sign(
            context.Assignment(
                run=setting.run,
                shard=shard.id,
                attempt=attempt,
                package=package.path,
                tests=package.tests,
                flags=setting.flags.words,
                variables=dict(environment),
                source=tree,
                fingerprint=like,
                issued=now,
                expires=now + _VALID,
                worker=worker,
                directory=str(setting.directory.relative_to(root)),
                place=str(package.directory.relative_to(root)),
                divided=shard.divided,
                faults=asked.faults,
            ),
            key,
        )

    return sign
