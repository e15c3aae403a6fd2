"""Each certificate opens what its role needs, and nothing else."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from steadygo.errors import UserError
from steadygo.testing.cluster import identity, transport
from steadygo.testing.cluster.desk import Desk
from steadygo.testing.cluster.identity import Role

if TYPE_CHECKING:
    from distributed.security import Security

distributed = pytest.importorskip("distributed", reason="needs the extra cluster; install it with pip install 'steadygo[cluster]'")


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    identity.create(tmp_path / "keys", (), datetime.now(UTC))
    transport.configure()
    return tmp_path / "keys"


def _security(keys: Path, of: Role, as_role: Role | None = None) -> Security:
    """The certificate of one role, maybe in the place of another's."""
    return transport.security(replace(identity.load(keys, of, datetime.now(UTC)), role=as_role or of))


@asynccontextmanager
async def _scheduler(keys: Path) -> AsyncIterator[str]:
    from steadygo.testing.cluster.scheduler import scheduling

    async with scheduling("127.0.0.1", 0, _security(keys, Role.SCHEDULER)) as address:
        yield address


def _desk() -> Desk:
    def never(_: object) -> Any:
        raise AssertionError("nothing was assigned")

    return Desk(never, never, lambda run: None, 1, 3600.0)


async def _serve(address: str, security: Security, desk: Desk, said: list[str], enough: Callable[[list[str]], bool]) -> None:
    """A worker, until it has said enough."""
    from steadygo.testing.cluster import worker

    stopped = asyncio.Event()

    def say(sentence: str) -> None:
        said.append(sentence)
        if enough(said):
            stopped.set()

    await asyncio.wait_for(worker.serve(worker.Place(address, "x", "127.0.0.1", security), desk, None, say, stopped), 120)


def test_who_is_no_worker_cannot_join_as_one_and_is_told(keys: Path) -> None:
    said: list[str] = []

    async def main() -> str:
        async with _scheduler(keys) as address:
            await _serve(address, _security(keys, Role.CLIENT, Role.WORKER), _desk(), said, lambda said: bool(said))
            return address

    address = asyncio.run(main())
    why = "it refuses this machine's certificate: that is not for a worker"
    assert said == [f"the scheduler at {address} cannot be reached: {why}; trying again until it can"]


@pytest.mark.parametrize(("of", "straight", "heard"), [(Role.CLIENT, False, True), (Role.WORKER, False, False), (Role.CLIENT, True, False)])
def test_only_a_client_through_the_scheduler_is_heard_by_a_worker(keys: Path, of: Role, straight: bool, heard: bool) -> None:
    desk, said = _desk(), list[str]()
    token = desk.begin("r", lambda: None)

    async def main() -> Any:
        async with _scheduler(keys) as address:
            stay = asyncio.create_task(_serve(address, _security(keys, Role.WORKER), desk, said, lambda _: False))
            asking = _security(keys, of, Role.CLIENT).get_connection_args("client")
            scheduler = distributed.rpc(address, connection_args=asking)
            while not (workers := (await scheduler.identity())["workers"]):
                await asyncio.sleep(0.05)
            if straight:
                careless = _security(keys, of, Role.CLIENT).get_connection_args("client")
                careless["ssl_context"].check_hostname, careless["ssl_context"].sslsocket_class = False, ssl.SSLSocket
                worker = distributed.rpc(next(iter(workers)), connection_args=careless)
                answer = await getattr(worker, "steadygo-begin")(run="r")
                await worker.close_rpc()
            else:
                answer = await scheduler.broadcast(msg={"op": "steadygo-begin", "run": "r"})
            await scheduler.close_rpc()
            stay.cancel()
            await asyncio.gather(stay, return_exceptions=True)
            return answer

    answer = asyncio.run(main())
    assert (token in answer.values()) == heard, answer
    if not heard:
        assert answer["message"].startswith("it refuses this machine's certificate: that is not for a ")


def test_a_folder_of_another_role_is_refused_before_anything_is_asked(keys: Path) -> None:
    (keys / "worker" / "cert.pem").write_bytes((keys / "client" / "cert.pem").read_bytes())
    (keys / "worker" / "key.pem").write_bytes((keys / "client" / "key.pem").read_bytes())
    with pytest.raises(
        UserError, match=r"worker/cert\.pem is not for a worker\. Name the folder `worker` that `steadygo cluster keys` wrote\."
    ):
        identity.load(keys, Role.WORKER, datetime.now(UTC))


@pytest.mark.parametrize(
    ("answer", "said"),
    [({"status": "error", "message": "name taken"}, "name taken"), ({"status": "error"}, ""), (None, ""), ([1], ""), ("no", "")],
)
def test_a_worker_bears_any_answer_to_its_wish_to_join(answer: object, said: str) -> None:
    from steadygo.testing.cluster import worker

    assert worker._answered(ValueError(f"Unexpected response from register: {answer!r}")) == said
    assert worker._answered(OSError(111, "Connection refused")) == ""
