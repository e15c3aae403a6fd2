"""What the processes of a cluster answer, and what they do not."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from go_tests import Bench

from steadygo.errors import UserError
from steadygo.testing.cluster import identity, transport

Give = Callable[..., Bench]


@pytest.mark.parametrize("address", ["tcp://host:8786", "host:8786", "tls://host", "tls://host:0", "tls://host:70000", "http://x:1", ""])
def test_only_tls_addresses_are_taken(address: str) -> None:
    with pytest.raises(UserError):
        transport.checked_address(address)
    assert transport.checked_address("tls://[::1]:8786") == "tls://[::1]:8786"


def test_speaks_no_tls_older_than_1_3(tmp_path: Path) -> None:
    identity.create(tmp_path / "keys", (), datetime.now(UTC))
    security = transport.security(identity.load(tmp_path / "keys", identity.Role.SCHEDULER, datetime.now(UTC)))
    context = security.get_listen_args("scheduler")["ssl_context"]
    assert context.minimum_version == ssl.TLSVersion.TLSv1_3
    assert context.verify_mode == ssl.CERT_REQUIRED


@pytest.fixture
def alive(bench: Give, tmp_path: Path) -> Iterator[tuple[str, Path, list[int]]]:
    """(address, keys, process ids) of a scheduler and a worker on loopback."""
    here = bench({})
    here.run("cluster", "keys", str(tmp_path / "keys"))
    log = tmp_path / "log"
    started = []
    try:
        for words in (["scheduler", "--port", "0"], ["worker", "ADDRESS", "--name", "w", "--store", str(tmp_path / "store")]):
            with log.open("ab") as out:
                at = next((w for line in log.read_text().splitlines() for w in line.split() if w.startswith("tls://")), "")
                arguments = [
                    sys.executable,
                    "-m",
                    "steadygo",
                    "cluster",
                    *(w.replace("ADDRESS", at) for w in words),
                    "--keys",
                    tmp_path / "keys",
                ]
                started.append(subprocess.Popen(arguments, env=dict(here.environment), stderr=out, stdin=subprocess.DEVNULL))
            _wait_for(log, "listens" if words[0] == "scheduler" else "joined")
        yield at or next(w for w in log.read_text().split() if w.startswith("tls://")), tmp_path / "keys", [p.pid for p in started]
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(60)


def _wait_for(log: Path, word: str) -> None:
    deadline = time.monotonic() + 120
    while word not in log.read_text():
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--go", "/nonexistent/go"), "/nonexistent/go is no program that can be run."),
        (("--host", "203.0.113.9"), "203.0.113.9 is no address of this machine: Cannot assign requested address."),
        (("--host", "nosuch.invalid"), "nosuch.invalid is no address of this machine: "),
    ],
)
def test_a_worker_that_could_not_work_does_not_join(words: tuple[str, ...], said: str, tmp_path: Path) -> None:
    identity.create(tmp_path / "keys", ("127.0.0.1",), datetime.now(UTC))
    program = [sys.executable, "-m", "steadygo", "cluster", "worker", "tls://127.0.0.1:9", "--keys", str(tmp_path / "keys" / "worker")]
    own = [*program, "--store", str(tmp_path / "store"), *(() if "--go" in words else ("--go", sys.executable)), *words]
    ran = subprocess.run(own, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 2
    assert ran.stderr.startswith(f"steadygo: {said}"), ran.stderr


@pytest.mark.slow
def test_code_that_somebody_sends_is_not_run(alive: tuple[str, Path, list[int]], tmp_path: Path) -> None:
    address, keys, _ = alive
    mark = tmp_path / "mark"

    async def attack() -> list[object]:
        import distributed
        from distributed.protocol.pickle import dumps

        security = transport.security(identity.load(keys, identity.Role.CLIENT, datetime.now(UTC)))
        scheduler = distributed.rpc(address, connection_args=security.get_connection_args("client"))
        workers = (await scheduler.identity())["workers"]
        careless = security.get_connection_args("client")
        careless["ssl_context"].check_hostname, careless["ssl_context"].sslsocket_class = False, ssl.SSLSocket
        worker = distributed.rpc(next(iter(workers)), connection_args=careless)
        function = dumps(mark.touch)
        answers = [await scheduler.run_function(function=function), await worker.run(function=function)]
        for one in (scheduler, worker):
            await one.close_rpc()
        return answers

    found = asyncio.run(attack())
    assert not mark.exists(), found
    assert found == [None, None]  # Dask's answer to a question that it does not know


@pytest.mark.slow
def test_listens_on_loopback_alone_and_with_tls_alone(alive: tuple[str, Path, list[int]]) -> None:
    _, _, processes = alive
    listed = subprocess.run(["ss", "-Hltnp"], capture_output=True, text=True).stdout.splitlines()
    own = [line.split()[3] for line in listed if any(f"pid={p}," in line for p in processes)]
    assert len(own) == 2  # one each
    assert all(address.startswith("127.0.0.1:") for address in own)
