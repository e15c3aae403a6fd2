"""A real TLS cluster on hosts of its own: workers are killed, frozen and cut off, the scheduler dies; nothing is lost or counted twice."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from go_tests import Bench
from namespaces import Network, network

Give = Callable[..., Bench]
pytestmark = pytest.mark.slow

HEARTBEAT = 1.0
PACKAGES, TESTS = 8, 5  # 40 tests; the last of each package fails
SUITE = {
    f"p{n}/p_test.go": f'package p{n}\nimport ("testing"; "time")\n'
    + "".join(
        f"func Test{t}(t *testing.T) {{ time.Sleep(450 * time.Millisecond); if {t} == {TESTS - 1} {{ t.Fatal() }} }}\n"
        for t in range(TESTS)
    )
    for n in range(PACKAGES)
}


@dataclass
class Cluster:
    """A scheduler, two workers and a client, each on a host of its own."""

    bench: Bench
    hosts: Network
    home: Path
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return f"tls://{self.hosts.addresses['scheduler']}:8786"

    def start(self, host: str, *words: str) -> None:
        temporary = self.home / "tmp"
        temporary.mkdir(exist_ok=True)
        environment = {**self.bench.environment, "STEADYGO_HEARTBEAT_SECONDS": str(HEARTBEAT), "TMPDIR": str(temporary)}
        program = [sys.executable, "-m", "steadygo", *words]
        self.processes[host] = self.hosts.start(host, program, environment, self.home / f"{host}.log", self.bench.root)

    def scheduler(self) -> None:
        self.start("scheduler", "cluster", "scheduler", "--keys", str(self.home / "keys"), "--host", self.hosts.addresses["scheduler"])
        self.until("scheduler", "scheduler listens")

    def worker(self, name: str) -> None:
        store = self.home / f"store-{name}"
        self.start(
            name,
            "cluster",
            "worker",
            self.address,
            "--keys",
            str(self.home / "keys"),
            "--name",
            name,
            "--store",
            str(store),
            "--at-once",
            "1",
        )

    def client(self) -> None:
        self.start("client", "test", "./...", "--cluster", self.address, "--keys", str(self.home / "keys"))

    def said(self, host: str) -> str:
        file = self.home / f"{host}.log"
        return file.read_text() if file.exists() else ""

    def until(self, host: str, pattern: str, seconds: float = 90.0) -> None:
        deadline = time.monotonic() + seconds
        while not re.search(pattern, self.said(host)):
            assert time.monotonic() < deadline, (pattern, {h: self.said(h)[-3000:] for h in self.processes})
            time.sleep(0.1)

    def until_no_test_runs(self, seconds: float = 10.0) -> None:
        deadline = time.monotonic() + seconds
        while found := self._test_processes():
            assert time.monotonic() < deadline, found
            time.sleep(0.1)

    def _test_processes(self) -> list[str]:
        listed = subprocess.run(["ps", "-ewwo", "pid,args"], capture_output=True, text=True).stdout.splitlines()
        return [line for line in listed if str(self.home / "tmp") in line and ".test -test" in line]

    def signal(self, host: str, number: int) -> None:
        """To the steadygo on a host alone: what it started lives on."""
        os.kill(self.processes[host].pid, number)

    def end(self) -> dict[str, Any]:
        """The kept run, after the client has ended, with all tests counted once."""
        assert self.processes["client"].wait(180) == 1, self.said("client")
        document: dict[str, Any] = json.loads(self.bench.run("test", "show", "--json"))
        got = sorted((t["package"], t["test"], t["outcome"]) for t in document["tests"])
        assert got == sorted(
            (f"example.com/svc/p{n}", f"Test{t}", "failed" if t == TESTS - 1 else "passed") for n in range(PACKAGES) for t in range(TESTS)
        ), self.said("client")
        assert (document["passed"], document["failed"]) == (PACKAGES * (TESTS - 1), PACKAGES), self.said("client")
        assert self.said("client").count("--- FAIL") == PACKAGES
        return document


@pytest.fixture
def cluster(bench: Give, tmp_path: Path) -> Iterator[Cluster]:
    here = bench(SUITE)
    with network() as hosts:
        for host in ("scheduler", "one", "two", "client"):
            hosts.add(host)
        found = Cluster(here, hosts, tmp_path)
        words = [word for address in hosts.addresses.values() for word in ("--host", address)]
        here.run("cluster", "keys", str(tmp_path / "keys"), *words)
        found.scheduler()
        found.worker("one")
        found.worker("two")
        found.until("one", "joined")
        found.until("two", "joined")
        found.client()
        found.until("client", r"✗  example.com/svc/p\d")
        yield found


def test_a_killed_worker(cluster: Cluster) -> None:
    cluster.signal("one", signal.SIGKILL)
    cluster.end()
    assert re.search(r"Worker one is lost: its connection to the scheduler ended\. The .* to others\.", cluster.said("client"))


def test_a_frozen_worker_whose_late_answer_is_not_counted(cluster: Cluster) -> None:
    cluster.signal("one", signal.SIGSTOP)
    cluster.until("client", "Worker one is lost: no sign of life for 3 s")
    cluster.signal("one", signal.SIGCONT)
    cluster.end()


def test_a_worker_that_is_cut_off_and_comes_back(cluster: Cluster) -> None:
    cluster.hosts.cut("one")
    cluster.until("client", "Worker one is lost: no sign of life for 3 s")
    cluster.until("one", "its client went silent; what it had running was stopped")
    cluster.hosts.join("one")
    cluster.end()


def test_a_scheduler_that_dies_and_comes_back(cluster: Cluster) -> None:
    cluster.signal("scheduler", signal.SIGKILL)
    cluster.until("client", "The scheduler at .* does not answer; waiting for it")
    time.sleep(2 * HEARTBEAT)
    cluster.scheduler()
    cluster.until("client", "The scheduler at .* answers again")
    cluster.end()


def test_interrupt_stops_the_tests_on_all_workers(cluster: Cluster) -> None:
    cluster.signal("client", signal.SIGINT)
    assert cluster.processes["client"].wait(30) == 130, cluster.said("client")
    cluster.until_no_test_runs()
    assert "It never ran: the run was stopped" in cluster.said("client")


def test_workers_stop_when_their_client_is_killed(cluster: Cluster) -> None:
    cluster.signal("client", signal.SIGKILL)
    cluster.until("one", "its client went silent", 20)
    cluster.until("two", "its client went silent", 20)
    cluster.until_no_test_runs()


def test_two_clients_at_the_same_time(cluster: Cluster) -> None:
    second = cluster.bench.root.parent / "second"
    ran = cluster.hosts.run(
        "client",
        [
            sys.executable,
            "-m",
            "steadygo",
            "test",
            "./p0",
            "./p1",
            "--cluster",
            cluster.address,
            "--keys",
            str(cluster.home / "keys"),
            "--json",
        ],
        {**cluster.bench.environment, "XDG_STATE_HOME": str(second), "STEADYGO_HEARTBEAT_SECONDS": str(HEARTBEAT)},
        cluster.bench.root,
    )
    assert ran.returncode == 1, ran.stderr
    found = json.loads(ran.stdout)
    assert (found["passed"], found["failed"]) == (8, 2)
    cluster.end()
