"""A scheduler that is not there, and workers that are not ours: the run ends with a sentence, and never hangs."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Generator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec
import pytest

from steadygo.errors import UserError
from steadygo.testing.cluster import identity, transport
from steadygo.testing.cluster.looking import Listed, Meeting, listed
from steadygo.testing.cluster.merging import merged
from steadygo.testing.cluster.messages import Chunk, Over, encode
from steadygo.testing.cluster.shards import Shard
from steadygo.testing.cluster.terms import Terms
from steadygo.testing.plan import Planned
from steadygo.testing.results import Outcome, Package

distributed = pytest.importorskip("distributed", reason="needs the extra cluster; install it with pip install 'steadygo[cluster]'")
PLANNED = Planned("example.com/p", Path("/p"), "", ("TestA", "TestB"))


@dataclass
class Run:
    """What a conversation about one shard said and told."""

    keys: Path
    heartbeat_seconds: float = 10.0
    patience_seconds: float = 1.0
    said: list[str] = field(default_factory=list)
    finished: list[Package] = field(default_factory=list)

    async def hold(self, address: str, hired: Mapping[str, Callable[[], str]] = MappingProxyType({})) -> None:
        from steadygo.testing.cluster.conversation import Conversation

        mine = identity.load(self.keys, identity.Role.CLIENT, datetime.now(UTC))
        terms = Terms(
            "r", transport.security(mine), lambda *_: b"", heartbeat_seconds=self.heartbeat_seconds, patience_seconds=self.patience_seconds
        )

        def tell(told: Any) -> None:
            self.finished.append(told.package)

        conversation = Conversation({PLANNED.path: PLANNED}, [Shard("s", PLANNED)], terms, tell, self.said.append)
        await asyncio.wait_for(conversation.hold(Meeting(address, hired)), 120)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    identity.create(tmp_path / "keys", (), datetime.now(UTC))
    transport.configure()
    return Run(tmp_path / "keys")


@asynccontextmanager
async def _with_worker(run: Run, name: str, answers: dict[str, Callable[..., Any]]) -> AsyncIterator[str]:
    """A scheduler, and a worker that answers as nobody of ours would."""
    from steadygo.testing.cluster.scheduler import scheduling

    now = datetime.now(UTC)
    scheduler, worker = (transport.security(identity.load(run.keys, role, now)) for role in (identity.Role.SCHEDULER, identity.Role.WORKER))
    async with scheduling("127.0.0.1", 0, scheduler) as address:
        one = distributed.Worker(address, name=name, nthreads=1, host="127.0.0.1", security=worker, dashboard=False, memory_limit=0)
        one.handlers |= {f"steadygo-{question}": answer for question, answer in answers.items()}
        await one
        try:
            yield address
        finally:
            await one.close(timeout=2)


def test_a_listed_worker_that_answers_nothing_ends_the_run(run: Run) -> None:
    run.heartbeat_seconds = 0.2

    async def main() -> None:
        async with _with_worker(run, "x/1", {}) as address:
            await run.hold(address)

    with pytest.raises(UserError, match=r"No worker process of this run answered for 1 s\."):
        asyncio.run(main())
    assert [s for s in run.said if s.startswith("Worker x is lost")] == ["Worker x is lost: no sign of life for 1 s."]


def _news(*messages: bytes, **more: object) -> dict[str, object]:
    return {"known": True, "first": 0, "messages": messages, "running": [], "compiling": 0, "busy": True, **more}


FOREIGN = msgspec.msgpack.encode(Package("example.com/q", Outcome.PASSED))


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("begin", 7),
        ("take", [1]),
        ("take", {"first": 0}),
        ("take", _news(b"\xc1")),
        ("take", _news(running=[["example.com/p", "TestA"]])),
        ("take", _news(encode(Chunk("s", 1, b"\xc1", last=True)))),
        ("take", _news(encode(Chunk("s", 1, FOREIGN, last=True)))),
    ],
)
def test_a_worker_of_another_version_is_left_out(run: Run, question: str, answer: object) -> None:
    answers: dict[str, Callable[..., Any]] = {"begin": lambda **_: "t", "give": lambda **_: True, "take": lambda **_: _news()}
    answers[question] = lambda **_: answer

    async def main() -> None:
        async with _with_worker(run, "x/1", answers) as address:
            await run.hold(address)

    asyncio.run(main())
    assert run.said == ["Worker x takes no part: its answers cannot be read: it has another version of steadygo."]
    [package] = run.finished
    assert package.outcome is Outcome.FAILED and "another version of steadygo" in package.why


def test_a_bug_of_ours_is_not_said_to_be_the_workers(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from steadygo.testing.cluster.conversation import Conversation

    def broken(*_: object) -> None:
        raise KeyError("ours")

    monkeypatch.setattr(Conversation, "_take", broken)
    answers: dict[str, Callable[..., Any]] = {"begin": lambda **_: "t", "give": lambda **_: True, "take": lambda **_: _news(encode(Over()))}

    async def main() -> None:
        async with _with_worker(run, "x/1", answers) as address:
            await run.hold(address)

    with pytest.raises(KeyError, match="ours"):
        asyncio.run(main())
    assert run.said == []


def test_nothing_that_listens_is_said_so(run: Run) -> None:
    run.heartbeat_seconds = 0.2
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tls://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(UserError, match=f"No scheduler answers at {address}: nothing listens there"):
            asyncio.run(run.hold(address))


def test_a_scheduler_without_workers_ends_the_run(run: Run) -> None:
    from steadygo.testing.cluster.scheduler import scheduling

    async def main() -> None:
        mine = transport.security(identity.load(run.keys, identity.Role.SCHEDULER, datetime.now(UTC)))
        async with scheduling("127.0.0.1", 0, mine) as address:
            await run.hold(address)

    with pytest.raises(UserError, match=r"answered for 1 s\. .* What is left: example\.com/p$"):
        asyncio.run(main())


def test_hired_workers_that_have_all_ended_end_the_run_at_once(run: Run) -> None:
    from steadygo.testing.cluster.scheduler import scheduling

    run.patience_seconds = 3600.0

    async def main() -> None:
        mine = transport.security(identity.load(run.keys, identity.Role.SCHEDULER, datetime.now(UTC)))
        async with scheduling("127.0.0.1", 0, mine) as address:
            await run.hold(address, {"local-1": lambda: "exit status 3", "local-2": lambda: "killed by SIGKILL"})

    how = r"\(local-1: exit status 3, local-2: killed by SIGKILL\)"
    with pytest.raises(UserError, match=rf"All worker processes of this run have ended {how}\. .* What is left: example\.com/p$"):
        asyncio.run(main())
    assert run.said == []


def test_a_hired_worker_that_ends_before_it_took_part_is_named_once(run: Run) -> None:
    hired = {"y": lambda: "exit status 3", "z": lambda: ""}
    run.heartbeat_seconds = 0.2

    async def main() -> None:
        async with _with_worker(run, "x/1", {}) as address:
            await run.hold(address, {"x": lambda: "killed by SIGTERM", **hired})

    with pytest.raises(UserError, match="No worker process of this run answered"):
        asyncio.run(main())
    named = [s for s in run.said if "took part" in s]
    assert named == ["Worker y ended before it took part (exit status 3). The others run its share."]


@pytest.mark.slow
def test_a_scheduler_that_stays_away_ends_the_run_and_says_how_to_go_on(run: Run) -> None:
    run.heartbeat_seconds = 0.2

    async def main() -> None:
        met = asyncio.Event()
        async with _with_worker(run, "x/1", {"begin": lambda **_: met.set()}) as address:
            holding = asyncio.create_task(run.hold(address))
            await asyncio.wait_for(met.wait(), 60)
        await holding

    with pytest.raises(UserError, match=r"No scheduler answers .*What has run is kept\. Start it again and run the rest: example\.com/p$"):
        asyncio.run(main())
    assert [s for s in run.said if s.endswith("does not answer; waiting for it.")]


def test_whoever_is_not_called_as_ours_are_is_passed_over() -> None:
    def known(name: object) -> dict[str, object]:
        return {"name": name, "nthreads": 2}

    names: list[object] = ["tls://127.0.0.1:38443", 7, "a/b/2", "a/b/10", "x/", "/3", "y/²"]
    found = listed({f"tls://host:{n}": known(name) for n, name in enumerate(names)})
    assert found == {"a/b": Listed(10, "tls://host:3", 2)}


@pytest.mark.parametrize("host", ["203.0.113.9", "nosuch.invalid"])
def test_a_host_that_cannot_be_listened_on_is_one_sentence(run: Run, host: str) -> None:
    async def main() -> None:
        from steadygo.testing.cluster.scheduler import scheduling

        async with scheduling(host, 0, transport.security(identity.load(run.keys, identity.Role.SCHEDULER, datetime.now(UTC)))):
            pass

    with pytest.raises(UserError, match=f"{host}:0 cannot be listened on"):
        asyncio.run(main())


def test_why_nothing_of_a_package_ran_is_said_once() -> None:
    found = merged(PLANNED, [], "every worker refuses it: w: no")
    assert found.why == "Every worker refuses it: w: no."
    assert [(t.name, t.outcome, t.why) for t in found.tests] == [(n, Outcome.LOST, "it never ran") for n in PLANNED.tests]


def test_ctrl_c_while_something_is_shown_stops_the_run_and_tells_what_is_known() -> None:
    from steadygo.commands.test.run import _rest

    told = []

    def happenings() -> Generator[Any, None, None]:
        try:
            yield "shown"
        except KeyboardInterrupt:
            told.append("stopped")
        yield "known"
        raise KeyboardInterrupt

    some = happenings()
    assert next(some) == "shown"
    rest: list[Any] = list(_rest(some))
    assert rest == ["known"]
    assert told == ["stopped"]
    assert list(_rest(some)) == []


@pytest.mark.parametrize(
    ("role", "host", "words"),
    [
        (identity.Role.SCHEDULER, "127.0.0.2", "its certificate does not name this address"),
        (identity.Role.WORKER, "127.0.0.1", "its certificate is not a scheduler's"),
    ],
)
def test_only_a_scheduler_that_its_certificate_names_is_talked_to(run: Run, role: identity.Role, host: str, words: str) -> None:
    from distributed.security import Security

    from steadygo.testing.cluster.scheduler import scheduling

    place = run.keys / role
    files = {
        "tls_scheduler_cert": str(place / "cert.pem"),
        "tls_scheduler_key": str(place / "key.pem"),
        "tls_ca_file": str(place / "ca.pem"),
    }

    async def main() -> None:
        async with scheduling(host, 0, Security(require_encryption=True, **files)) as address:
            await run.hold(address)

    with pytest.raises(UserError, match=f"cannot be talked to: {words}"):
        asyncio.run(main())
