"""A real TLS cluster on hosts of its own: workers are killed, frozen and cut off, the scheduler dies; nothing is lost or counted twice."""

from __future__ import annotations

import contextlib
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

HEARTBEAT = 2.0
SILENT = f"no sign of life for {3 * HEARTBEAT:.0f} s"
PACKAGES, TESTS = 8, 5  # 40 tests; the last of each package fails
GATE = """import ("os"; "testing"; "time")
func waits(name string) {
	gate := os.Getenv("GATE")
	if gate == "" || name == "p0" || name == "p1" { return }
	os.WriteFile(gate + "/" + name + ".waits", nil, 0o600)
	for {
		for _, open := range []string{name, "all"} { if _, err := os.Stat(gate + "/" + open); err == nil { return } }
		time.Sleep(10 * time.Millisecond)
	}
}
"""
SUITE = {
    f"p{n}/p_test.go": f"package p{n}\n{GATE}"
    + "".join(f'func Test{t}(t *testing.T) {{ waits("p{n}"); if {t} == {TESTS - 1} {{ t.Fatal() }} }}\n' for t in range(TESTS))
    for n in range(PACKAGES)
}


def wait_for(question: Callable[[], object], otherwise: Callable[[], object] = lambda: "") -> None:
    deadline = time.monotonic() + 120
    while not question():
        assert time.monotonic() < deadline, otherwise()
        time.sleep(0.1)


@dataclass
class Cluster:
    """A scheduler, two workers and a client, each on a host of its own. All packages but two wait until the gate is open."""

    bench: Bench
    hosts: Network
    home: Path
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return f"tls://{self.hosts.addresses['scheduler']}:8786"

    @property
    def gate(self) -> Path:
        return self.home / "gate"

    def start(self, host: str, *words: str, before: str = "", **more: str) -> None:
        """steadygo on a host; `before` is code that makes it another than it is."""
        temporary = self.home / "tmp"
        for place in (temporary, self.gate):
            place.mkdir(exist_ok=True)
        own = {"STEADYGO_HEARTBEAT_SECONDS": str(HEARTBEAT), "TMPDIR": str(temporary), "GATE": str(self.gate)}
        environment = {**self.bench.environment, **own, **more}
        program = [sys.executable, "-c", f"{before}\nfrom steadygo.cli import main\nmain()", *words]
        self.processes[host] = self.hosts.start(host, program, environment, self.home / f"{host}.log", self.bench.root)

    def scheduler(self) -> None:
        self.start("scheduler", "cluster", "scheduler", "--keys", str(self.home / "keys"), "--host", self.hosts.addresses["scheduler"])
        self.until("scheduler", "scheduler listens")

    def worker(self, name: str, before: str = "", **more: str) -> None:
        own = ["--keys", str(self.home / "keys"), "--name", name, "--store", str(self.home / f"store-{name}"), "--at-once", "1"]
        self.start(name, "cluster", "worker", self.address, *own, before=before, **more)
        self.until(name, "joined")

    def client(self, before: str = "") -> None:
        """Start it, and wait until one package is through and both workers have another that waits."""
        self.start("client", "test", "./...", "--cluster", self.address, "--keys", str(self.home / "keys"), before=before)
        self.until("client", r"✗  example.com/svc/p\d")
        wait_for(lambda: len(list(self.gate.glob("*.waits"))) == 2)

    def has(self, name: str) -> str:
        """The package that waits on a worker."""
        store, found = str(self.home / f"store-{name}"), set[str]()
        for process in self._test_processes():
            with contextlib.suppress(OSError):
                place = Path(f"/proc/{process.split()[0]}/cwd").readlink()
                found |= {place.name} if place.is_relative_to(store) else set()
        [package] = found
        return package

    def open(self, *packages: str) -> None:
        for package in packages or ("all",):
            (self.gate / package).touch()

    def said(self, host: str) -> str:
        file = self.home / f"{host}.log"
        return file.read_text() if file.exists() else ""

    def until(self, host: str, pattern: str) -> None:
        wait_for(lambda: re.search(pattern, self.said(host)), lambda: (pattern, {h: self.said(h)[-3000:] for h in self.processes}))

    def until_no_test_runs(self) -> None:
        wait_for(lambda: not self._test_processes(), self._test_processes)

    def _test_processes(self) -> list[str]:
        listed = subprocess.run(["ps", "-ewwo", "pid,args"], capture_output=True, text=True).stdout.splitlines()
        return [line for line in listed if str(self.home / "tmp") in line and ".test -test" in line]

    def signal(self, host: str, number: int) -> None:
        """To the steadygo on a host alone: what it started lives on."""
        os.kill(self.processes[host].pid, number)

    def end(self) -> dict[str, Any]:
        """The kept run, after the gate was opened and the client has ended, with all tests counted once."""
        self.open()
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
def idle(bench: Give, tmp_path: Path) -> Iterator[Cluster]:
    """A scheduler alone."""
    here = bench(SUITE)
    with network() as hosts:
        for host in ("scheduler", "one", "two", "client"):
            hosts.add(host)
        found = Cluster(here, hosts, tmp_path)
        words = [word for address in hosts.addresses.values() for word in ("--host", address)]
        here.run("cluster", "keys", str(tmp_path / "keys"), *words)
        found.scheduler()
        yield found


@pytest.fixture
def cluster(idle: Cluster) -> Cluster:
    """In the middle of a run."""
    idle.worker("one")
    idle.worker("two")
    idle.client()
    return idle


def test_a_killed_worker(cluster: Cluster) -> None:
    cluster.signal("one", signal.SIGKILL)
    cluster.until("client", r"Worker one is lost: its connection to the scheduler ended\. The .* to others\.")
    cluster.end()


def test_a_frozen_worker_whose_late_answer_is_not_counted(idle: Cluster) -> None:
    deaf = "from steadygo.testing.cluster.desk import Desk\nDesk.drop = lambda *_: None"  # else it may hear in time that nobody waits
    idle.worker("one", deaf, STEADYGO_HEARTBEAT_SECONDS="600")
    idle.worker("two")
    idle.client()
    package = idle.has("one")
    idle.signal("one", signal.SIGSTOP)
    idle.until("client", f"Worker one is lost: {SILENT}\\. The .* to others")
    idle.signal("one", signal.SIGCONT)
    idle.open(package)
    idle.until("client", rf"A late answer of worker one for example\.com/svc/{package} \(attempt 1\) was ignored")
    idle.end()


def test_a_worker_that_is_cut_off_and_comes_back(cluster: Cluster) -> None:
    cluster.hosts.cut("one")
    cluster.until("client", f"Worker one is lost: {SILENT}")
    cluster.until("one", "its client went silent; what it had running was stopped")
    cluster.hosts.join("one")
    cluster.end()


def test_a_scheduler_that_dies_and_comes_back(cluster: Cluster) -> None:
    cluster.signal("scheduler", signal.SIGKILL)
    cluster.until("client", "The scheduler at .* does not answer; waiting for it")
    cluster.scheduler()
    cluster.until("client", "The scheduler at .* answers again")
    cluster.end()


def test_a_scheduler_that_dies_for_good_leaves_what_has_run(idle: Cluster) -> None:
    idle.worker("one")
    idle.worker("two")
    idle.client(
        "import functools\nfrom steadygo.testing.cluster import terms\nterms.Terms = functools.partial(terms.Terms, patience_seconds=1.0)"
    )
    idle.signal("scheduler", signal.SIGKILL)
    assert idle.processes["client"].wait(120) == 2, idle.said("client")
    said = idle.said("client")
    assert re.search(r"No scheduler answers at .*\. What has run is kept\. Start it again and run the rest: example\.com/svc/p", said), said
    through = set(re.findall(r"✗  example\.com/svc/(p\d)", said.partition("No scheduler answers")[0]))
    assert through and f"{len(through) * (TESTS - 1)} passed" in said, said
    document = json.loads(idle.bench.run("test", "show", "--json"))
    ran = {t["package"].rpartition("/")[2] for t in document["tests"] if t["outcome"] == "passed"}
    assert ran == through


def test_interrupt_stops_the_tests_on_all_workers(cluster: Cluster) -> None:
    cluster.signal("client", signal.SIGINT)
    assert cluster.processes["client"].wait(120) == 130, cluster.said("client")
    cluster.until_no_test_runs()
    assert "It never ran: the run was stopped" in cluster.said("client")


def test_workers_stop_when_their_client_is_killed(cluster: Cluster) -> None:
    cluster.signal("client", signal.SIGKILL)
    cluster.until("one", "its client went silent")
    cluster.until("two", "its client went silent")
    cluster.until_no_test_runs()


def test_two_clients_at_the_same_time_where_one_has_a_test_that_does_not_end(cluster: Cluster) -> None:
    log = cluster.home / "second.log"
    words = ["test", "./p0", "./p1", "--cluster", cluster.address, "--keys", str(cluster.home / "keys"), "--json"]
    own = {"XDG_STATE_HOME": str(cluster.home / "second"), "STEADYGO_HEARTBEAT_SECONDS": str(HEARTBEAT)}
    program = [sys.executable, "-m", "steadygo", *words]
    cluster.open(*(f"p{n}" for n in range(2, PACKAGES - 1)))  # the last one stays on its worker
    second = cluster.hosts.start("client", program, {**cluster.bench.environment, **own}, log, cluster.bench.root)
    assert second.wait(120) == 1, log.read_text()
    found = json.loads(log.read_text().splitlines()[-1])
    assert (found["passed"], found["failed"]) == (8, 2)
    assert cluster.processes["client"].poll() is None
    cluster.end()
