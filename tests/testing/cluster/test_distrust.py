"""A real cluster in network namespaces with a worker that should not be trusted: nothing is lost, nothing counted twice, and it is said."""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from go_tests import INSTALL_GO, Bench
from namespaces import Network, network

from steadygo.testing.cluster import identity

pytestmark = pytest.mark.slow
Give = Callable[..., Bench]
PACKAGES = [f"p{n}" for n in range(4)]
TESTS = {f"{p}/x_test.go": 'import ("os"; "testing"; "time")\n' for p in PACKAGES}
TEST = """
func TestData(t *testing.T) {
	for gate := os.Getenv("GATE"); gate != ""; time.Sleep(10 * time.Millisecond) { if _, err := os.Stat(gate); err == nil { break } }
	data, err := os.ReadFile("testdata/said")
	if err != nil || string(data) != "hello" { t.Fatal(err, string(data)) }
}
func TestZone(t *testing.T) { if os.Getenv("FLAVOUR") != "plain" { t.Fatal(os.Environ()) } }
"""
ALL = len(PACKAGES) * 2


@dataclass
class Cluster:
    """A scheduler and a client; workers are added. `bench` holds the module."""

    network: Network
    bench: Bench
    keys: Path
    place: Path

    @property
    def address(self) -> str:
        return f"tls://{self.network.addresses['scheduler']}:8786"

    def environment(self, **more: str) -> dict[str, str]:
        return {**self.bench.environment, **more}

    def log(self, host: str) -> Path:
        return self.place / f"{host}.log"

    def said(self, host: str, sentence: str) -> str:
        """The host's log, once `sentence` is in it."""
        log = self.log(host)
        _wait_for(lambda: log.exists() and sentence in log.read_text(), lambda: f"{host} never said {sentence!r}, but: {log.read_text()}")
        return log.read_text()

    def worker(self, name: str, *words: str, keys: Path | None = None, program: list[str] | None = None, joins: bool = True) -> None:
        """Start a worker with a home, and a store, of its own."""
        home = self.place / name
        mine = home / "keys"
        shutil.copytree(keys or self.keys / "worker", mine)
        environment = self.environment(HOME=str(home), XDG_CACHE_HOME=str(home / "cache"), XDG_STATE_HOME=str(home / "state"))
        own = ["--keys", str(mine), "--name", name, "--host", self.network.addresses[name]]
        start = program or [sys.executable, "-m", "steadygo"]
        self.network.start(name, [*start, "cluster", "worker", self.address, *own, *words], environment, self.log(name))
        if joins:
            self.said(name, "joined")

    def test(
        self,
        *words: str,
        code: int = 0,
        keys: Path | None = None,
        program: list[str] | None = None,
        until: Callable[[str], object] = lambda said: True,
    ) -> tuple[dict[str, Any], str]:
        """The document of a run, and what was said beside it. Its tests do not end before that is enough for `until`."""
        with tempfile.TemporaryDirectory(dir=self.place) as place:
            said, printed, gate = (Path(place) / name for name in ("said", "printed", "gate"))
            own = ["--cluster", self.address, "--keys", str(keys or self.keys / "client"), "--json"]
            start = [*(program or [sys.executable, "-m", "steadygo"]), "test", "./...", *own, *words]
            environment = self.environment(FLAVOUR="plain", GATE=str(gate))
            process = self.network.start("client", start, environment, said, self.bench.root, printed)
            _wait_for(lambda: until(said.read_text()) or process.poll() is not None, said.read_text)
            gate.touch()
            assert process.wait(240) == code, (process.returncode, printed.read_text()[-2000:], said.read_text()[-4000:])
            return json.loads(printed.read_text()) if code < 2 else {}, said.read_text()


def _wait_for(question: Callable[[], object], otherwise: Callable[[], str]) -> None:
    deadline = time.monotonic() + 120
    while not question():
        assert time.monotonic() < deadline, otherwise()
        time.sleep(0.1)


def _refuses(worker: str) -> Callable[[str], bool]:
    return lambda said: f"Worker {worker} refuses" in said


@pytest.fixture
def cluster(bench: Give, tmp_path: Path) -> Iterator[Cluster]:
    pytest.importorskip("distributed", reason="install it with: pip install 'steadygo[cluster]'")
    with network() as hosts:
        for host in ("client", "scheduler", "a", "b"):
            hosts.add(host)
        here = bench({**{name: text + TEST for name, text in TESTS.items()}, **{f"{p}/testdata/said": "hello" for p in PACKAGES}})
        found = Cluster(hosts, here, tmp_path / "keys", tmp_path)
        yesterday = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
        identity.create(found.keys, [*hosts.addresses.values()], yesterday)
        own = ["--keys", str(found.keys / "scheduler"), "--host", hosts.addresses["scheduler"]]
        hosts.start(
            "scheduler", [sys.executable, "-m", "steadygo", "cluster", "scheduler", *own], found.environment(), found.log("scheduler")
        )
        found.said("scheduler", "8786")
        yield found


def _all_on(document: dict[str, Any], *workers: str) -> None:
    """Every test passed, was counted once, and ran on one of these workers."""
    assert (document["passed"], document["failed"], document["skipped"]) == (ALL, 0, 0), document
    names = [(t["package"], t["test"]) for t in document["tests"]]
    assert len(names) == len(set(names)) == ALL
    ran = {w["worker"] for p in document["packages"] for w in p["workers"]}
    assert ran <= set(workers), ran


def _faketime(shift: str) -> list[str]:
    program = shutil.which("faketime")
    if program is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("faketime is missing (apt-get install faketime)")
    return ["env", "FAKETIME_DONT_FAKE_MONOTONIC=1", "DONT_FAKE_MONOTONIC=1", program, "-f", shift, sys.executable, "-m", "steadygo"]


def _patched(place: Path, code: str) -> list[str]:
    """steadygo with something wrong in it."""
    script = place / f"{hashlib.sha256(code.encode()).hexdigest()[:8]}.py"
    script.write_text(f"{code}\nfrom steadygo.cli import main\nmain()\n")
    return [sys.executable, str(script)]


@pytest.mark.parametrize(
    ("shift", "sentence"),
    [
        ("-3h", "this worker's clock is behind the client's by at least that"),
        ("+3h", "this worker's clock is ahead of the client's by up to"),
    ],
)
def test_a_worker_with_a_wrong_clock_refuses_and_says_how_wrong(cluster: Cluster, shift: str, sentence: str) -> None:
    cluster.worker("a")
    cluster.worker("b", program=_faketime(shift))
    document, said = cluster.test(until=_refuses("b"))
    _all_on(document, "a")
    assert "Worker b refuses" in said and sentence in said and "3.0 h" in said


def test_a_worker_with_another_go_refuses(cluster: Cluster) -> None:
    other = INSTALL_GO.program("1.25.5")
    cluster.worker("a")
    cluster.worker("b", "--go", str(other))
    document, said = cluster.test(until=_refuses("b"))
    _all_on(document, "a")
    assert "Worker b refuses: b does not run it: go.selected is go1.27.3 at the client and go1.25.5 here" in said


def test_a_content_altered_in_a_workers_store_is_refused_there(cluster: Cluster) -> None:
    cluster.worker("a")
    cluster.worker("b")
    sha256 = hashlib.sha256(b"hello").hexdigest()
    _all_on(cluster.test(until=lambda _: any((cluster.place / "b").rglob("testdata/said")))[0], "a", "b")
    [blob] = (cluster.place / "b").rglob(sha256)
    blob.chmod(0o600)
    blob.write_bytes(b"HELLO")
    for tree in (cluster.place / "b").rglob("testdata/said"):
        tree.unlink()
    document, said = cluster.test(until=_refuses("b"))
    _all_on(document, "a")
    assert "testdata/said was altered in this worker's store" in said
    assert sha256 in said and hashlib.sha256(b"HELLO").hexdigest() in said
    came_again = cluster.test(until=lambda _: blob.exists() and blob.read_bytes() == b"hello")
    _all_on(came_again[0], "a", "b")
    assert blob.read_bytes() == b"hello"


def test_a_content_altered_on_its_way_is_refused_on_arrival(cluster: Cluster) -> None:
    tampering = """
from steadygo.testing.cluster import depot
real = depot.Depot.take
def take(self, run, digest, message):
    return real(self, run, digest, bytes(message)[:-1] + bytes([message[-1] ^ 1]))
depot.Depot.take = take
"""
    cluster.worker("a")
    cluster.worker("b", program=_patched(cluster.place, tampering))
    document, said = cluster.test(until=_refuses("b"))
    _all_on(document, "a")
    assert "Worker b refuses" in said and "was altered on its way" in said


def test_a_forged_assignment_is_refused_by_all_and_its_tests_are_not_passed(cluster: Cluster) -> None:
    forging = """
from steadygo.testing.cluster import context
real = context.sign
context.sign = lambda assignment, key: real(assignment, key)[:-1] + b"!"
"""
    cluster.worker("a")
    cluster.worker("b")
    document, said = cluster.test(code=1, program=_patched(cluster.place, forging))
    assert (document["passed"], document["failed"]) == (0, ALL)
    for worker in "ab":
        assert f"Worker {worker} refuses: The assignment's signature does not hold: it was forged, or altered on its way." in said
    _all_on(cluster.test()[0], "a", "b")


def test_another_signing_key_starts_nothing(cluster: Cluster) -> None:
    identity.create(cluster.place / "other", [], datetime.datetime.now(datetime.UTC))
    client = cluster.place / "thief"
    shutil.copytree(cluster.keys / "client", client)
    shutil.copy(cluster.place / "other/client/signing-key.pem", client / "signing-key.pem")
    cluster.worker("a")
    document, said = cluster.test(code=1, keys=client)
    assert document["passed"] == 0 and "it is of another cluster" in said


def test_a_worker_of_another_authority_never_joins(cluster: Cluster) -> None:
    identity.create(cluster.place / "other", list(cluster.network.addresses.values()), datetime.datetime.now(datetime.UTC))
    cluster.worker("a")
    cluster.worker("b", keys=cluster.place / "other/worker", joins=False)
    assert "its certificate is of another authority" in cluster.said("b", "cannot be reached")
    _all_on(cluster.test()[0], "a")
    assert "joined" not in cluster.log("b").read_text()
    _, said = cluster.test(code=2, keys=cluster.place / "other/client")
    assert "its certificate is of another authority. Use the keys of its cluster" in said


def _expired(keys: Path, folder: Path) -> Path:
    """A worker's folder of this cluster whose certificate ended yesterday."""
    shutil.copytree(keys / "worker", folder)
    key = load_pem_private_key((folder / "key.pem").read_bytes(), None)
    ca_key = load_pem_private_key((keys / "ca-key.pem").read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(ca_key, ec.EllipticCurvePrivateKey)
    issuer = x509.load_pem_x509_certificate((keys / "ca.pem").read_bytes()).subject
    made = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=366)
    certificate = identity._certificate(identity.Role.WORKER, issuer, key.public_key(), ca_key, [x509.DNSName("x")], made)
    (folder / "cert.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    return folder


def test_an_expired_certificate_is_said_at_the_worker_and_refused_at_the_scheduler(cluster: Cluster) -> None:
    keys = _expired(cluster.keys, cluster.place / "expired")
    cluster.worker("a")
    cluster.worker("b", keys=keys, joins=False)
    assert "cert.pem expired on " in cluster.said("b", "expired on")
    # A worker that does not look at its own certificate.
    careless = "from steadygo.testing.cluster import identity\nidentity._valid = lambda *_: None\n"
    shutil.rmtree(cluster.place / "b/keys")
    cluster.worker("b", keys=keys, program=_patched(cluster.place, careless), joins=False)
    assert "that has expired, or its clock is ahead" in cluster.said("b", "cannot be reached")
    _all_on(cluster.test()[0], "a")
    assert "joined" not in cluster.log("b").read_text()


def test_plain_tcp_gets_nothing(cluster: Cluster) -> None:
    cluster.worker("a")
    said = cluster.network.run(
        "client",
        [
            sys.executable,
            "-m",
            "steadygo",
            "test",
            "--cluster",
            cluster.address.replace("tls", "tcp"),
            "--keys",
            str(cluster.keys / "client"),
        ],
        cluster.environment(),
        cluster.bench.root,
    )
    assert said.returncode == 2 and "is not encrypted" in said.stderr
    talk = """
import socket, sys
with socket.create_connection((sys.argv[1], 8786), 5) as one:
    one.settimeout(60)
    one.sendall(b"\\x01" + b"\\0" * 63)
    got = b""
    try:
        while (data := one.recv(4096)):
            got += data
    except ConnectionError:
        pass
    print(got[:1] in (b"", b"\\x15"), len(got) < 20)
"""
    told = cluster.network.run("b", [sys.executable, "-c", talk, cluster.network.addresses["scheduler"]], os.environ, cluster.place)
    assert told.stdout.split() == ["True", "True"], "at most a TLS alert, never a word of the protocol: " + told.stdout + told.stderr
    _all_on(cluster.test()[0], "a")
