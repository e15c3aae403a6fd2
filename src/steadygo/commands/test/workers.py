"""Tests on several workers: --workers N on this machine, --cluster tls://HOST:PORT on others."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from steadygo.testing.cluster import context, identity, shards, timing, transport
from steadygo.testing.engine import Happening, Setting
from steadygo.testing.plan import Planned
from steadygo.tools.background import Background

_VALID = timedelta(hours=1)
_NO_TREE = "0" * 64  # the digest of a tree that is where it is


def hired(
    plan: Sequence[Planned], setting: Setting, times: Mapping[str, shards.Timing], workers: int, faults: tuple[str, ...]
) -> Iterator[Happening]:
    """Run on so many workers of this machine, each `-p` test binaries at a time (1)."""
    transport.check_installed()
    transport.configure()
    from steadygo.testing.cluster import client
    from steadygo.testing.cluster.conversation import Terms
    from steadygo.testing.cluster.hired import meeting

    at_once = setting.flags.at_once or 1
    with tempfile.TemporaryDirectory(prefix="steadygo-keys-") as scratch:
        keys = Path(scratch) / "keys"
        identity.create(keys, (), datetime.now(UTC))
        mine, scheduler = (identity.load(keys, role, datetime.now(UTC)) for role in (identity.Role.CLIENT, identity.Role.SCHEDULER))
        key, heartbeat = mine.signing_key(), timing.heartbeat_seconds(os.environ)

        def sign(shard: shards.Shard, attempt: int, worker: str) -> bytes:
            now = datetime.now(UTC)
            package = shard.package
            return context.sign(
                context.Assignment(
                    run=setting.run,
                    shard=shard.id,
                    attempt=attempt,
                    package=package.path,
                    tests=package.tests,
                    flags=setting.flags.words,
                    variables=dict(setting.environment),
                    source=_NO_TREE,
                    data={},
                    fingerprint="",
                    issued=now,
                    expires=now + _VALID,
                    worker=worker,
                    directory=str(setting.directory.relative_to("/")),
                    place=str(package.directory.relative_to("/")),
                    divided=shard.divided,
                    faults=faults,
                ),
                key,
            )

        def start(address: str, number: int) -> Background:
            program = [sys.executable, "-m", "steadygo", "cluster", "worker", address, "--in-place"]
            own: list[str | Path] = [
                "--keys",
                keys / "worker",
                "--name",
                f"local-{number}",
                "--host",
                "127.0.0.1",
                "--at-once",
                str(at_once),
            ]
            return Background([*program, *own, "--go", setting.go], os.environ)

        terms = Terms(setting.run, transport.security(mine), sign, heartbeat)
        cut = shards.cut(plan, times, setting.flags, workers * at_once)
        yield from client.run(plan, cut, lambda: meeting(transport.security(scheduler), start, workers), terms, setting)
